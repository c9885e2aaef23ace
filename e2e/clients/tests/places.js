// Pages that open a new EventSource keep their place while they are told to wait and refused, in an order that only a server that is written here can keep.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";

import { alone } from "../lib/clients.js";

const BUSY = '\nevent: reconnect\ndata: {"reason":"busy","retryMs":20}\n\n';
const READY = "\nevent: ready\nid: e-5\ndata: {}\n\n";
/** What comes for each stream, one after the other: an event, or nothing and a status that is the end for EventSource. */
const SCRIPT = [READY, null, BUSY, null, READY];
const PAGES = [
  alone.chromium("Chromium with a page", "programs/browser-reopens.js"),
  alone.chromium("Chromium with a page with tickets", "programs/browser-ticket.js"),
];

export function places(world, result) {
  return Promise.all(PAGES.map((kind) => result.test(`${kind.name} that opens a new EventSource: told to wait, then refused, it keeps its place`, () => keeps(world, kind))));
}

async function keeps(world, kind) {
  const asked = [];
  const server = createServer((request, response) => answer(request, response, asked)).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const client = await world.client(kind, { stream: `http://127.0.0.1:${server.address().port}/stream`, token: "t", signals: [] });
    await client.ready(2);
    assert.deepEqual(asked.slice(0, SCRIPT.length), ["", ...SCRIPT.slice(1).fill("e-5")]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function answer({ method, url, headers }, response, asked) {
  const shared = { "Access-Control-Allow-Origin": headers.origin, "Access-Control-Allow-Credentials": "true", "Access-Control-Allow-Headers": "authorization" };
  if (method === "OPTIONS") return response.writeHead(204, shared).end();
  if (method === "POST") return response.writeHead(201, { ...shared, "Content-Type": "application/json" }).end('{"ticket":"t"}');
  const event = SCRIPT[asked.length];
  asked.push(headers["last-event-id"] ?? new URL(url, "http://server").searchParams.get("lastEventId"));
  response.writeHead(event ? 200 : 500, { ...shared, "Content-Type": "text/event-stream" }).end(event && `retry: 20${event}`);
}
