// Reads every fixture with eventsource-parser, as a whole and byte by byte.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { createParser } from "eventsource-parser";
import { fault, fixtures, report } from "./fixtures.mjs";

const CLIENT = "eventsource-parser";

// Its exports do not cover package.json.
const manifest = new URL(`./node_modules/${CLIENT}/package.json`, import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8"));

/** What the client makes of a stream. The id in force is the caller's to keep; it says the id of each event that has one. */
function read(chunks) {
  const heard = { dispatches: [], lastEventId: "", reconnectionTime: null };
  const parser = createParser({
    onEvent({ event, id, data }) {
      heard.lastEventId = id ?? heard.lastEventId;
      heard.dispatches.push({ type: event ?? "message", data, lastEventId: heard.lastEventId });
    },
    onRetry(milliseconds) {
      heard.reconnectionTime = milliseconds;
    },
  });
  // It takes text, so decoding is the caller's part, as in its own documentation.
  const decoder = new TextDecoder();
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
  parser.feed(decoder.decode());
  return heard;
}

function verdict(fixture) {
  const { stream } = fixture;
  const whole = read([stream]);
  const bytes = read(Array.from(stream, (_, at) => stream.subarray(at, at + 1)));
  if (!isDeepStrictEqual(whole, bytes)) return `chunking matters: ${JSON.stringify(bytes)}, whole ${JSON.stringify(whole)}`;
  return fault(fixture, CLIENT, version, whole);
}

report(CLIENT, fixtures().map((fixture) => [fixture, verdict(fixture)]));
