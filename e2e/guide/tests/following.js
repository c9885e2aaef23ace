// Every chapter with something to do is done, to the letter.

import { followed } from "../lib/takers.js";
import { Reader } from "../lib/reader.js";

export function following({ browser, chapters }) {
  const busy = chapters.map(({ file, snippets }) => [file, snippets.filter(followed)]).filter(([, snippets]) => snippets.length > 0);
  return Object.fromEntries(busy.map(([file, snippets]) => [`${file} can be followed`, () => follow(browser, file, snippets)]));
}

async function follow(browser, file, snippets) {
  const reader = await Reader.open(browser, { installed: file !== "quick-start-server.md" });
  try {
    await reader.follow(snippets);
  } finally {
    await reader.close();
  }
}
