// A burst on an undisturbed stream: every client sees all of it.

import assert from "node:assert/strict";

import { Burst, SIGNALS, assertNotifications, assertSignals } from "../lib/burst.js";
import { CLIENTS, CURL } from "../lib/clients.js";

const NOTIFICATIONS = 400;
const SIGNALS_SENT = 200;
const PARTS = 5;
/** Signals are not stored: a reader whose ring overflows is told how many it missed, and here nobody may miss any. */
const ROOMY = { CAMPANILE_SSE__BUFFER_FRAMES: "10000", CAMPANILE_SSE__BUFFER_BYTES: "100000000" };

export async function burst(world, result) {
  const server = await world.server(ROOMY);
  const accesses = await Promise.all(CLIENTS.map(() => world.access(server, { signals: SIGNALS })));
  const clients = await Promise.all(CLIENTS.map((kind, index) => world.client(kind, accesses[index])));
  await Promise.all(clients.map((client) => client.ready()));
  const sent = new Burst(server, accesses.map(({ user }) => user));
  for (let part = 0; part < PARTS; part += 1) {
    await sent.publish(NOTIFICATIONS / PARTS);
    await sent.signal(SIGNALS_SENT / PARTS);
  }
  const [raw] = clients;
  for (const client of clients) {
    await result.test(`${client.name}: ${NOTIFICATIONS} notifications, each once, in order, with every character`, () => notifications(client));
    await result.test(`${client.name}: ${SIGNALS_SENT} signals likewise, whatever their names`, () => signals(client));
    if (client !== raw) await result.test(`${client.name}: the data is what ${CURL.name} got, byte for byte`, () => assert.deepEqual(texts(client), texts(raw)));
    await result.test(`${client.name}: counts and heartbeats are seen`, () => countsAndHeartbeats(client));
  }
  await result.test("curl: goes on after the id that it is given", () => givenAnId(world, accesses[0], raw));
}

async function givenAnId(world, access, before) {
  const [last, ...rest] = before.named("notification").slice(-PARTS);
  const again = await world.client(CURL, { ...access, lastEventId: last.id });
  await again.until("the rest", () => again.named("notification").length >= rest.length);
  assert.equal(JSON.parse(again.named("ready")[0].data).resume, "exact");
  assert.deepEqual(again.named("notification").map(({ id }) => id), rest.map(({ id }) => id));
}

async function notifications(client) {
  await client.until("all notifications", () => client.named("notification").length >= NOTIFICATIONS);
  assertNotifications(client, NOTIFICATIONS);
}

async function signals(client) {
  await client.until("all signals", () => client.heard.filter(({ event }) => SIGNALS.includes(event)).length >= SIGNALS_SENT);
  assertSignals(client, SIGNALS_SENT);
  assert.deepEqual(client.named("gap"), []);
}

function texts(client) {
  return client.heard.filter(({ event }) => event === "notification" || SIGNALS.includes(event)).map(({ data }) => data);
}

async function countsAndHeartbeats(client) {
  const { data } = client.named("counts").at(-1);
  assert.deepEqual(JSON.parse(data), { unread: NOTIFICATIONS, unseen: NOTIFICATIONS, version: NOTIFICATIONS });
  await client.until("a heartbeat", () => client.named("__heartbeat__").length > 0);
  for (const { data: empty } of client.named("__heartbeat__")) assert.equal(empty, "");
}
