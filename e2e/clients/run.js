// Runs other people's clients against the binary in CAMPANILE_BIN (default: target/release/campanile), with the browsers in CHROMIUM and
// FIREFOX (default: /usr/bin/chromium, /usr/bin/firefox-esr) and the Python in PYTHON, which has the packages of e2e/requirements.txt.
//
//     npm test                          all groups of tests
//     npm test -- --only burst          one of them
//
// Prints one line for each test, and `N passed, M failed` as the last line.

import { parseArgs } from "node:util";

import { Result } from "../lib/result.js";
import { World } from "./lib/world.js";
import { burst } from "./tests/burst.js";
import { cuts } from "./tests/cuts.js";
import { docs } from "./tests/docs.js";
import { faults } from "./tests/faults.js";
import { places } from "./tests/places.js";
import { refusals } from "./tests/refusals.js";
import { restarts } from "./tests/restarts.js";

const TEST_MS = 150_000;
const GROUPS = { docs, burst, cuts, faults, places, refusals, restarts };
const { values: options } = parseArgs({ options: { only: { type: "string", default: "" } } });
const result = new Result(TEST_MS);

await runAll().catch((error) => result.fail("the tests can run", error));
result.exit();

async function runAll() {
  const world = await World.open();
  console.log(`# ${world.versions.join(", ")}`);
  try {
    const groups = Object.entries(GROUPS).filter(([name]) => name.includes(options.only));
    await Promise.all(groups.map(([name, group]) => group(world, result).catch((error) => result.fail(name, error))));
  } finally {
    await world.close();
  }
}
