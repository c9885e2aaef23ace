// Every snippet is held to the truth by somebody: here, by the reader who follows the chapter, by rustdoc, or by the suite `clients`.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { ROOT } from "../lib/book.js";
import { take } from "../lib/takers.js";

export function takers({ chapters }) {
  const all = chapters.map((chapter) => [`every snippet of ${chapter.file} is taken`, () => takeAll(chapter)]);
  return {
    "there is a guide": () => assert.ok(chapters.length > 5),
    "quick-start-crate.md shows the example minimal, letter by letter": () => letterByLetter(chapters),
    ...Object.fromEntries(all),
  };
}

async function letterByLetter(chapters) {
  const { snippets } = chapters.find(({ file }) => file === "quick-start-crate.md");
  for (const [path, example] of [["src/main.rs", "main.rs"], ["src/bell.html", "bell.html"]]) {
    const text = await readFile(new URL(`examples/minimal/${example}`, ROOT), "utf8");
    assert.equal(snippets.find((snippet) => snippet.path === path)?.text, text, `copy examples/minimal/${example} into the chapter`);
  }
}

async function takeAll(chapter) {
  for (const snippet of chapter.snippets) await take(snippet, chapter);
}
