// Runs every test against the binary in CAMPANILE_BIN (default: target/release/campanile), in Chromium (CHROMIUM, default /usr/bin/chromium).
//
//     npm test                              all of them
//     npm test -- --only offline            those with this word in their name
//     npm test -- --screenshots DIR         writes pictures of the page as well
//
// Prints one line for each test, and `N passed, M failed` as the last line. Pictures of failures are in target/e2e.

import { parseArgs } from "node:util";

import { launch } from "./lib/browser.js";
import { Server } from "./lib/server.js";
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
const result = { passed: 0, failed: 0 };

await runAll().catch((error) => fail("the tests can run", error));
console.log(`${result.passed} passed, ${result.failed} failed`);
process.exit(result.failed === 0 && result.passed > 0 ? 0 : 1);

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
  const started = performance.now();
  try {
    await withDeadline(body(test));
    for (const tab of test.profile?.tabs ?? []) await tab.assertClean();
    result.passed += 1;
    console.log(`ok    ${name} (${Math.round(performance.now() - started)} ms)`);
  } catch (error) {
    fail(name, error);
    await test.photograph(FAILURES, name);
  } finally {
    await test.close();
  }
}

function fail(name, error) {
  result.failed += 1;
  console.log(`FAIL  ${name}\n${String(error.stack ?? error).replace(/^/gm, "      ")}`);
}

function withDeadline(work) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`longer than ${TEST_MS} ms`)), TEST_MS); });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
