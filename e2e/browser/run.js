// Runs every test against the binary in CAMPANILE_BIN (default: target/release/campanile), in Chromium (CHROMIUM, default /usr/bin/chromium).
//
//     npm test                              all of them
//     npm test -- --only offline            those with this word in their name
//     npm test -- --screenshots DIR         writes pictures of the page as well
//
// Prints one line for each test, and `N passed, M failed` as the last line. Pictures of failures are in target/e2e.

import { parseArgs } from "node:util";

import { Result } from "../lib/result.js";
import { Server } from "../lib/server.js";
import { launch } from "./lib/browser.js";
import { takeScreenshots } from "./lib/screenshots.js";
import { Test } from "./lib/test.js";
import cookie from "./tests/cookie.js";
import journey from "./tests/journey.js";
import page from "./tests/page.js";
import reader from "./tests/reader.js";
import restart from "./tests/restart.js";

const FAILURES = new URL("../../target/e2e/", import.meta.url).pathname;
const TEST_MS = 90_000;
const { values: options } = parseArgs({ options: { only: { type: "string", default: "" }, screenshots: { type: "string" } } });
const result = new Result(TEST_MS);

await runAll().catch((error) => result.fail("the tests can run", error));
result.exit();

async function runAll() {
  const browser = await launch();
  const server = await Server.start();
  try {
    const tests = Object.entries({ ...page, ...cookie, ...journey, ...reader, ...restart }).filter(([name]) => name.includes(options.only));
    for (const [name, body] of tests) await runOne(name, body, { browser, server });
    if (options.screenshots) await takeScreenshots(browser, server, options.screenshots);
  } finally {
    await server.stop();
    await browser.close();
  }
}

async function runOne(name, body, world) {
  const test = new Test(world);
  const passed = await result.test(name, async () => {
    await body(test);
    for (const tab of test.profile?.tabs ?? []) await tab.assertClean();
  });
  if (!passed) await test.photograph(FAILURES, name);
  await test.close();
}
