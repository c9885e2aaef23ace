// The golden streams of spec/fixtures, and the verdict on what a client made of them.
// The form of the files is explained in spec/fixtures/README.md.

import { readFileSync, readdirSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

const folder = new URL("../../spec/fixtures/", import.meta.url);

/** What a client can be asked about a stream; also the members that a deviation may name. */
const ASPECTS = ["dispatches", "lastEventId", "reconnectionTime"];

/** Long texts are written as { repeat, times, then }. */
function text(value) {
  return typeof value === "string" ? value : value.repeat.repeat(value.times) + (value.then ?? "");
}

function expand(aspects) {
  const expanded = {};
  for (const aspect of ASPECTS.filter((name) => name in aspects)) expanded[aspect] = aspects[aspect];
  if (expanded.dispatches) expanded.dispatches = expanded.dispatches.map(expandDispatch);
  if (expanded.lastEventId) expanded.lastEventId = text(expanded.lastEventId);
  return expanded;
}

function expandDispatch({ type, data, lastEventId }) {
  return { type: text(type), data: text(data), lastEventId: text(lastEventId) };
}

/** All fixtures as { name, stream, standard, deviations }. */
export function fixtures() {
  const names = readdirSync(folder).filter((file) => file.endsWith(".sse")).sort();
  return names.map((file) => {
    const name = file.slice(0, -".sse".length);
    const json = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
    const stream = readFileSync(new URL(file, folder));
    return { name, stream, standard: expand(json), deviations: json.deviations ?? [] };
  });
}

/**
 * What is wrong with `actual`, or undefined. Without a deviation on record it has to be what the standard says; with one it has to be
 * exactly what is on record, which therefore cannot outlive the behaviour it describes.
 *
 * `equal` compares one aspect; a client that cannot be asked about one, or only roughly, brings its own.
 */
export function fault(fixture, client, version, actual, equal = (_, a, b) => isDeepStrictEqual(a, b)) {
  const matches = (expected) => ASPECTS.every((aspect) => equal(aspect, actual[aspect], expected[aspect]));
  const deviation = fixture.deviations.find((one) => one.client === client);
  if (!deviation) {
    return matches(fixture.standard) ? undefined : `is ${show(actual)}, not ${show(fixture.standard)}`;
  }
  if (version && deviation.version !== version) {
    return `the deviation on record is of version ${deviation.version}, this is ${version}`;
  }
  const recorded = { ...fixture.standard, ...expand(deviation) };
  if (matches(fixture.standard)) return "does what the standard says, though a deviation is on record";
  return matches(recorded) ? undefined : `is ${show(actual)}, not as on record ${show(recorded)}`;
}

function show(value) {
  const json = JSON.stringify(value);
  return json.length > 2000 ? `${json.slice(0, 2000)}…` : json;
}

/** Prints a line for each fixture and the sum, and sets the exit code. `verdicts`: [fixture, what is wrong or undefined]. */
export function report(client, verdicts) {
  for (const [fixture, wrong] of verdicts) {
    const known = fixture.deviations.some((one) => one.client === client) ? " (deviation as on record)" : "";
    console.log(wrong ? `FAIL ${fixture.name}: ${wrong}` : `ok   ${fixture.name}${known}`);
  }
  const failed = verdicts.filter(([, wrong]) => wrong).length;
  console.log(`${verdicts.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || verdicts.length === 0 ? 1 : 0;
}
