// Follows the guide (docs/guide) with the binary in CAMPANILE_BIN (default: target/release/campanile) and in Chromium (CHROMIUM, default
// /usr/bin/chromium): every command is typed, every script runs, every link of the book in BOOK (default: target/guide) leads somewhere.
//
//     node e2e/guide/run.js                    everything
//     node e2e/guide/run.js --only concepts    the tests with this word in their name
//
// Prints one line for each test, and `N passed, M failed` as the last line.

import { parseArgs } from "node:util";

import { launch } from "../browser/lib/browser.js";
import { Result } from "../lib/result.js";
import { chapters } from "./lib/book.js";
import { checkers } from "./tests/checkers.js";
import { dashboard } from "./tests/dashboard.js";
import { following } from "./tests/following.js";
import { links } from "./tests/links.js";
import { takers } from "./tests/takers.js";

/** The longest is a stranger's first build. */
const TEST_MS = 20 * 60_000;
const { values: options } = parseArgs({ options: { only: { type: "string", default: "" } } });
const result = new Result(TEST_MS);

await runAll().catch((error) => result.fail("the tests can run", error));
result.exit();

async function runAll() {
  const browser = await launch();
  const world = { browser, chapters: await chapters() };
  try {
    for (const group of [checkers, takers, links, dashboard, following]) {
      for (const [name, body] of Object.entries(await group(world)).filter(([name]) => name.includes(options.only))) {
        await result.test(name, body);
      }
    }
  } finally {
    await browser.close();
  }
}
