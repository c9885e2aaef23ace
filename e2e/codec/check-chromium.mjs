// Reads every fixture with the EventSource of a real browser.
//
// A small server hands out each fixture as a stream that ends. What was dispatched is collected in the page. The browser then
// reconnects, which shows the rest: the id in force is its Last-Event-ID, the reconnection time is how long it waited.

import { once } from "node:events";
import { createServer } from "node:http";
import { isDeepStrictEqual } from "node:util";
import { chromium } from "playwright-core";
import { CHROMIUM } from "../lib/chromium.js";
import { fault, fixtures, report } from "./fixtures.mjs";

const CLIENT = "chromium";

/** The reconnection time of a browser that was told none. */
const DEFAULT_MS = 3000;
/** A browser that has not come back after this time was told to wait longer. */
const PATIENCE_MS = 8000;
/** A browser that hangs must not hang the check. */
const DEADLINE_MS = 60_000;
/** Timers fire late, never early; this is for the difference between two clocks' readings. */
const EARLY_MS = 150;

/** What the server sees of one fixture: when its stream ended, and the reconnect. */
class Visit {
  endedAt = undefined;
  #resolve;
  /** Resolves with { delay, lastEventId } of the reconnect, or with a delay of Infinity. */
  reconnect = new Promise((resolve) => (this.#resolve = resolve));

  handle(request, response, stream) {
    if (this.endedAt === undefined) return this.#first(response, stream);
    const header = request.headers["last-event-id"] ?? "";
    // Node reads headers as Latin-1; the browser sends UTF-8.
    const lastEventId = Buffer.from(header, "latin1").toString("utf8");
    this.#resolve({ delay: performance.now() - this.endedAt, lastEventId });
    response.writeHead(204).end();
  }

  #first(response, stream) {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.end(stream);
    this.endedAt = performance.now();
    setTimeout(() => this.#resolve({ delay: Infinity, lastEventId: undefined }), PATIENCE_MS);
  }
}

function serve(all) {
  const visits = new Map(all.map((fixture) => [`/${fixture.name}`, { visit: new Visit(), stream: fixture.stream }]));
  const server = createServer((request, response) => {
    const found = visits.get(request.url);
    if (found) return found.visit.handle(request, response, found.stream);
    response.writeHead(request.url === "/" ? 200 : 404, { "content-type": "text/html" }).end("<!doctype html><title>codec</title>");
  });
  return { server, visits };
}

/** Every name that the stream could possibly mean: a page hears only what it listens for. */
function possibleNames({ stream, standard, deviations }) {
  const lines = stream.toString("utf8").split(/\r\n|\r|\n/);
  const inStream = lines.flatMap((line) => [line, line.replace(/^[^:]*:/, ""), line.replace(/^[^:]*: /, "")]);
  const onRecord = [standard, ...deviations].flatMap((one) => one.dispatches ?? []).map((dispatch) => dispatch.type);
  const short = inStream.filter((name) => name.length <= 100);
  return [...new Set(["message", "open", "error", ...short, ...onRecord])];
}

/** Runs in the page: opens the stream, and resolves with what was dispatched once it has ended. */
function listen({ url, names }) {
  return new Promise((resolve) => {
    const source = new EventSource(url);
    const dispatches = [];
    const note = (event) => {
      if (event instanceof MessageEvent) {
        dispatches.push({ type: event.type, data: event.data, lastEventId: event.lastEventId });
      } else if (event.type === "error") {
        resolve(dispatches);
      }
    };
    for (const name of names) source.addEventListener(name, note);
  });
}

/** A header loses the spaces at its ends. */
const asHeader = (id) => id.replace(/^[ \t]+|[ \t]+$/g, "");

/** The waiting time lies between the reconnection time and whatever would be the next longer one. */
function waited(delay, milliseconds) {
  if (milliseconds > PATIENCE_MS) return delay === Infinity;
  const late = milliseconds < DEFAULT_MS ? DEFAULT_MS : PATIENCE_MS;
  return delay >= milliseconds - EARLY_MS && delay < late - EARLY_MS;
}

function equal(aspect, actual, expected) {
  if (aspect === "dispatches") return isDeepStrictEqual(actual, expected);
  if (aspect === "reconnectionTime") return waited(actual, expected ?? DEFAULT_MS);
  // Whoever never came back did not say which id.
  return actual === undefined || actual === asHeader(expected);
}

async function verdict(page, origin, fixture, visit) {
  const url = `${origin}/${fixture.name}`;
  const dispatches = await page.evaluate(listen, { url, names: possibleNames(fixture) });
  const { delay, lastEventId } = await visit.reconnect;
  return fault(fixture, CLIENT, undefined, { dispatches, lastEventId, reconnectionTime: delay }, equal);
}

const all = fixtures();
setTimeout(() => {
  console.log(`no verdict within ${DEADLINE_MS} ms\n0 passed, ${all.length} failed`);
  process.exit(1);
}, DEADLINE_MS).unref();

const { server, visits } = serve(all);
server.listen(0, "127.0.0.1");
await once(server, "listening");
const browser = await chromium.launch(CHROMIUM);
try {
  console.log(`# Chromium ${browser.version()}`);
  const origin = `http://127.0.0.1:${server.address().port}`;
  const page = await browser.newPage();
  await page.goto(`${origin}/`);
  const judge = async (fixture) => [fixture, await verdict(page, origin, fixture, visits.get(`/${fixture.name}`).visit)];
  report(CLIENT, await Promise.all(all.map(judge)));
} finally {
  await browser.close();
  server.close();
}
