// Every link of the built book, and of every page of the repository, leads somewhere.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { ROOT } from "../lib/book.js";
import { deadInBook, deadInMarkdown, deadOfRepository } from "../lib/links.js";

const BOOK = process.env.BOOK ? pathToFileURL(`${process.env.BOOK}/`) : new URL("target/guide/", ROOT);
/** All chapters once more, with the links of each. */
const PRINT = "print.html";
/** What mdBook shows for an address that it does not have; its links are absolute. */
const MISSING = "404.html";

export function links({ chapters }) {
  return {
    "the links of the built book": () => book(chapters),
    "the links of all pages of the repository": async () => {
      const pages = await tracked("*.md");
      assert.ok(pages.length > 10);
      assert.deepEqual(await deadInMarkdown(pages, ROOT), []);
    },
    "the links to the repository in the code and in what is made from it": async () => {
      const pages = await Promise.all(["*.rs", "*.json", "*.toml"].map(tracked));
      assert.deepEqual(await deadOfRepository(pages.flat(), ROOT), []);
    },
  };
}

async function book(chapters) {
  const pages = (await readdir(BOOK)).filter((file) => file.endsWith(".html") && file !== PRINT && file !== MISSING);
  for (const { file } of chapters) assert.ok(pages.includes(file.replace(/md$/, "html")), `${file} is not in the book`);
  assert.deepEqual(await deadInBook(pages.map((page) => new URL(page, BOOK)), ROOT), []);
}

async function tracked(pattern) {
  const list = ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", pattern];
  const { stdout } = await promisify(execFile)("git", list, { cwd: ROOT });
  return stdout.split("\0").filter(Boolean).map((path) => new URL(path, ROOT));
}
