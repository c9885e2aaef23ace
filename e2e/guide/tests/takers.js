// Every snippet is held to the truth by somebody: here, by the reader who follows the chapter, by rustdoc, or by the suite `clients`.

import assert from "node:assert/strict";

import { take } from "../lib/takers.js";

export function takers({ chapters }) {
  const all = chapters.map((chapter) => [`every snippet of ${chapter.file} is taken`, () => takeAll(chapter)]);
  return { "there is a guide": () => assert.ok(chapters.length > 5), ...Object.fromEntries(all) };
}

async function takeAll(chapter) {
  for (const snippet of chapter.snippets) await take(snippet, chapter);
}
