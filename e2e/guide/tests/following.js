// Every chapter with something to do is done, to the letter.

import { Reader } from "../lib/reader.js";
import { followed } from "../lib/takers.js";
import { bell } from "./bell.js";

/** What is left to see when a chapter was followed, and its programs still run. */
const THEN = { "quick-start-crate.md": bell };

export function following({ browser, chapters }) {
  const busy = chapters.map(({ file, snippets }) => [file, snippets.filter(followed)]).filter(([, snippets]) => snippets.length > 0);
  return Object.fromEntries(busy.map(([file, snippets]) => [`${file} can be followed`, () => follow(browser, file, snippets)]));
}

async function follow(browser, file, snippets) {
  const reader = await Reader.open(browser, { installed: file !== "quick-start-server.md", name: file.replace(".md", "") });
  try {
    await reader.follow(snippets);
    await THEN[file]?.(browser, reader.application);
  } finally {
    await reader.close();
  }
}
