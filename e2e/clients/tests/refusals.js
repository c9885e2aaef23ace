// What becomes of a client that finds no place, or whose credentials are refused.

import assert from "node:assert/strict";

import { CLIENTS, CURL, EVENTSOURCE_CLIENT, alone } from "../lib/clients.js";

/** Those without `?eventsource=1`. */
const PLAIN = [
  alone.chromium("Chromium", "faults/browser.js"),
  alone.firefox("Firefox", "faults/browser.js"),
  alone.node("eventsource", "faults/eventsource.js"),
];
const COMING_BACK = CLIENTS.filter((kind) => kind.resumes);
const WITH_PARAMETER = CLIENTS.filter((kind) => kind.parameter);
/** How much later than told a busy machine may come back. */
const LATE_MS = 20_000;
/** Timers fire late, never early; but what a busy browser says may be heard late, seconds late, and so seem to be followed too early. */
const EARLIEST = 0.5;

export async function refusals(world, result) {
  await Promise.all([
    full(world, result, 429, COMING_BACK, () => ({ CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER: "1" })),
    full(world, result, 503, WITH_PARAMETER, (places) => ({ CAMPANILE_SSE__MAX_CONNECTIONS: String(places) })),
    unknown(world, result),
  ]);
}

/** Every place is taken until all have been refused, then all are free. */
async function full(world, result, status, kinds, settings) {
  const server = await world.server(settings(kinds.length + PLAIN.length));
  const [tried, plain] = await Promise.all([kinds, PLAIN].map((some) => Promise.all(some.map((kind) => taken(world, server, kind)))));
  await Promise.all([...tried, ...plain].map((one) => refused(one, status)));
  for (const { client } of plain) await result.test(`${client.name}: without ?eventsource=1 a ${status} is the end`, () => client.until("closed", ({ closed }) => closed));
  for (const { free } of [...tried, ...plain]) free();
  for (const one of tried) await result.test(`${one.client.name}: comes back by itself after a ${status}`, () => back(one));
}

/** Takes the place of a user, and lets a client try to have it. */
async function taken(world, server, kind) {
  const proxy = await world.proxy(server);
  const access = await world.access(server, { origin: proxy.url });
  const holder = new AbortController();
  const held = await fetch(`${server.url}/notifications/stream`, { headers: { Authorization: `Bearer ${access.token}` }, signal: holder.signal });
  assert.equal(held.status, 200);
  return { kind, proxy, client: await world.client(kind, access), free: () => holder.abort() };
}

function refused({ kind, client, proxy }, status) {
  return client.until("refused", () => (kind.parameter ? client.named("reconnect").length > 0 : proxy.statuses.includes(status)), 30_000);
}

async function back({ kind, client }) {
  await client.until("ready", () => client.named("ready").length > 0, 60_000 + LATE_MS);
  if (!kind.parameter) return;
  const [told, ready] = [client.named("reconnect").at(-1), client.named("ready")[0]];
  const { reason, retryMs } = JSON.parse(told.data);
  assert.equal(reason, "busy");
  assert.ok(retryMs >= 5_000 && retryMs <= 60_000, `told to wait ${retryMs} ms`);
  const waited = ready.at - told.at;
  assert.ok(waited > retryMs * EARLIEST && waited < retryMs + LATE_MS, `told to wait ${retryMs} ms, waited ${waited}`);
}

/** A token that nobody signed. */
async function unknown(world, result) {
  const server = await world.server();
  const access = await world.access(server, { token: "nobody.signed.this" });
  for (const kind of CLIENTS) {
    await result.test(`${kind.name}: refused credentials are the end, and not tried for ever`, async () => {
      const client = await world.client(kind, access);
      await client.until("given up", () => client.closed || client.code !== undefined);
      assert.equal(client.named("ready").length, 0);
      if (kind === CURL) assert.notEqual(client.code, 0);
    });
  }
  await result.test("eventsource-client: does not look at the status, so that without our look refused credentials are tried for ever", async () => {
    const proxy = await world.proxy(server);
    const client = await world.client(alone.node(EVENTSOURCE_CLIENT.name, "faults/eventsource-client.js"), { ...access, stream: `${proxy.url}/notifications/stream` });
    await client.until("tried again and again", () => proxy.statuses.length >= 3);
    assert.deepEqual(new Set(proxy.statuses), new Set([401]));
  });
}
