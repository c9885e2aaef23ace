// Who holds a snippet to the truth. Each has exactly one taker; one without is a fault of the guide.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";

import { ROOT } from "./book.js";
import { Shell } from "./shell.js";

const PROGRAMS = new URL("e2e/clients/programs/", ROOT);
const DOCTESTS = new URL("docs/guide/snippets.rs", ROOT);
/** What rustdoc still compiles. */
const COMPILED = ["no_run", "should_panic", "compile_fail"];
const ELSEWHERE = { js: ["page"], text: ["page", "terminal"] };

/** Whether the reader of the chapter does something with it. */
export function followed({ language, words, path }) {
  return Boolean(path) || language === "console" || words.some((word) => ELSEWHERE[language]?.includes(word));
}

/** Does what can be done with one snippet alone; throws if it is wrong, or if nobody would ever look at it. */
export async function take(snippet, chapter) {
  const { language, words, where } = snippet;
  assert.ok(language, `${where}: name the block's language`);
  if (snippet.path) return assert.ok(chapter.snippets.some((other) => other.language === "console"), `${where}: nothing uses this file`);
  if (followed(snippet)) return assert.deepEqual(words.filter((word) => !["background", "page", "terminal"].includes(word)), [], where);
  if (["js", "python", "sh"].includes(language) && (await programs()).has(snippet.text)) return;
  const check = CHECKS[language];
  assert.ok(check, `${where}: no test takes this block of ${language}`);
  await check(snippet, chapter);
}

const CHECKS = { rust, json, toml, ini };

/** Compiled and run with the documentation tests of docs/guide. */
async function rust({ words, where }, { file }) {
  assert.deepEqual(words.filter((word) => !COMPILED.includes(word)), [], `${where}: nothing would compile this`);
  assert.ok((await readFile(DOCTESTS, "utf8")).includes(`include_str!("src/${file}")`), `${file} is not in docs/guide/snippets.rs`);
}

function json({ text, where }) {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new Error(`${where}: ${error.message}`, { cause: error });
  }
}

/** A configuration file, as the server reads it. */
function toml({ text, where }) {
  return judged(where, {}, text);
}

/** Units of systemd: their form, and the variables that they set, as the server reads them. */
async function ini({ text, where }) {
  const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
  for (const line of lines) assert.match(line, /^(?:\[[A-Z][a-z]+\]|[A-Z]\w+=.+)$/, where);
  const variables = lines.filter((line) => line.startsWith("Environment=")).map((line) => line.slice("Environment=".length).split("="));
  await judged(where, Object.fromEntries(variables), "");
}

async function judged(where, env, file) {
  const shell = await Shell.open({ CAMPANILE_AUTH__JWT_SECRET: randomBytes(32).toString("hex"), ...env });
  try {
    await shell.write("campanile.toml", file);
    const { code, output } = await shell.run("campanile serve --check --config campanile.toml");
    assert.equal(code, 0, `${where}: ${output}`);
  } finally {
    await shell.close();
  }
}

/** What the suite `clients` runs, as text. */
async function programs() {
  const files = await readdir(PROGRAMS);
  return new Set(await Promise.all(files.map((file) => readFile(new URL(file, PROGRAMS), "utf8"))));
}
