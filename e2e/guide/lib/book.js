// The guide as its readers get it: chapters in the order of SUMMARY.md, with what they include, and the code blocks in them.

import { readFile } from "node:fs/promises";

export const ROOT = new URL("../../../", import.meta.url);
const SOURCE = new URL("docs/guide/src/", ROOT);

/** All chapters: `{ file, text, snippets }`. */
export async function chapters() {
  const files = [...(await read("SUMMARY.md")).matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, file]) => file);
  return Promise.all(files.map(async (file) => chapter(file, await included(await read(file)))));
}

/** A chapter from its text. */
export function chapter(file, text) {
  return { file, text, snippets: snippets(file, text) };
}

function read(file) {
  return readFile(new URL(file, SOURCE), "utf8");
}

async function included(text) {
  const parts = text.split(/^\{\{#include (\S+)\}\}$/m);
  return (await Promise.all(parts.map((part, index) => (index % 2 === 1 ? read(part) : part)))).join("");
}

/**
 * The fenced blocks of a page. `language` is the first word of the info string, `words` are the others. A paragraph before a block that ends
 * with a path and a colon, such as "Into `src/main.rs`:", makes the block the content of that `path`.
 */
function snippets(file, text) {
  const found = [];
  let open = null;
  let before = "";
  for (const [index, line] of text.split("\n").entries()) {
    const [, indent, info] = /^( *)```(.*)$/.exec(line) ?? [];
    if (open && info === "") {
      found.push(finished(open));
      open = null;
    } else if (open) {
      open.lines.push(line.slice(open.indent));
    } else if (info !== undefined) {
      open = { where: `${file}:${index + 1}`, indent: indent.length, info, path: pathBefore(before), lines: [] };
    }
    if (line.trim()) before = line;
  }
  if (open) throw new Error(`${open.where}: the block has no end`);
  return found;
}

function finished({ where, info, path, lines }) {
  const [language, ...words] = info.split(",").map((word) => word.trim());
  return { where, language, words, path, text: `${lines.join("\n")}\n` };
}

function pathBefore(line) {
  return /`([\w./-]+)`:$/.exec(line.trim())?.[1];
}
