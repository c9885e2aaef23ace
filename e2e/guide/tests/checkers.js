// Each checker refuses what is broken: a check that cannot fail checks nothing.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { chapter } from "../lib/book.js";
import { deadInBook, deadInMarkdown, deadOfRepository } from "../lib/links.js";
import { Reader } from "../lib/reader.js";
import { matches } from "../lib/shown.js";
import { followed, take } from "../lib/takers.js";

const BROKEN = {
  "a block without a language": "```\n1\n```",
  "a language that no test takes": "```cobol\nSTOP RUN.\n```",
  "Rust that nobody compiles": "```rust,ignore\nfn\n```",
  "Rust in a chapter that rustdoc does not read": "```rust\nfn main() {}\n```",
  "JavaScript that nothing runs": "```js\nconst one = 1;\n```",
  "JSON that does not parse": '```json\n{"a":}\n```',
  "a key that is none in a configuration file": "```toml\n[sse]\nheartbeats = 1\n```",
  "a variable that is none in a unit": "```ini\n[Service]\nEnvironment=CAMPANILE_SSE__NOTHING=1\n```",
  "a unit that is none": "```ini\n[Service]\nsomething else\n```",
  "a program that is not the one that the clients run": "```python\nprint(1)\n```",
  "a file that nothing uses": "Into `a.txt`:\n\n```text\n1\n```",
};

const FAILS = {
  "a command that fails": "```console\n$ false\n```",
  "an output that is another": "```console\n$ echo one\ntwo\n```",
  "an output that ends too early": "```console\n$ printf 'one\\ntwo'\none\n```",
  "a word in the page's console that never comes": "```text,page\nnever\n```",
};

export function checkers({ browser }) {
  const takes = Object.entries(BROKEN).map(([what, text]) => [`refused: ${what}`, () => refuses(text)]);
  const follows = Object.entries(FAILS).map(([what, text]) => [`refused: ${what}`, () => fails(browser, text)]);
  return {
    ...Object.fromEntries([...takes, ...follows]),
    "what is shown stands for itself, and forms for their like": shown,
    "dead links are found": deadLinks,
  };
}

async function refuses(text) {
  const page = chapter("planted.md", `${text}\n`);
  assert.equal(page.snippets.length, 1);
  await assert.rejects(take(page.snippets[0], page));
}

async function fails(browser, text) {
  const { snippets } = chapter("planted.md", `${text}\n`);
  const reader = await Reader.open(browser);
  try {
    assert.ok(snippets.every(followed));
    await assert.rejects(reader.follow(snippets), /planted\.md:1/);
  } finally {
    await reader.close();
  }
}

function shown() {
  const id = "01a20806-3eb8-77d1-adb2-c674bcebbbf5";
  assert.ok(matches(`{"id":"${id}"}`, '{"id":"11111111-1111-1111-1111-111111111111"}'));
  assert.ok(!matches('{"id":"7"}', `{"id":"${id}"}`));
  assert.ok(matches("a\nb\nc\n", "…\nc\n") && matches("c", "…\nc\n") && matches("a x b", "a … b") && !matches("a b", "a.b"));
  assert.ok(matches("a\nb", "a\n", true) && !matches("a\nb", "a\n") && !matches("x\na", "a", true));
}

async function deadLinks() {
  const folder = await mkdtemp(join(tmpdir(), "campanile-links-"));
  const [html, md, root] = [join(folder, "a.html"), join(folder, "a.md"), pathToFileURL(`${folder}/`)];
  await writeFile(html, '<a href="#here" id="here"></a><a class="x" href="gone.html"></a><a href="a.html#gone"></a>');
  await writeFile(md, "# A heading\n[1](#a-heading) [2](a.html) [3](gone.md) [4](#gone) [5](https://github.com/campanile-rs/campanile/blob/main/gone) " +
    "[6](https://github.com/campanile-rs/campanile/blob/main/a.md#a-heading) [7](https://github.com/campanile-rs/campanile/blob/main/a.md#gone)\n");
  try {
    assert.deepEqual((await deadInBook([pathToFileURL(html)], root)).map((line) => line.split(": ")[1]), ["gone.html", "a.html#gone"]);
    assert.equal((await deadInMarkdown([pathToFileURL(md)], root)).length, 4);
    assert.deepEqual((await deadOfRepository([pathToFileURL(md)], root)).map((line) => line.split("/main/")[1]), ["gone", "a.md#gone"]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
