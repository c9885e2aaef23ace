// What can resume is cut in the middle of events, live and while it catches up, and loses its server several times: nothing is lost or repeated.

import assert from "node:assert/strict";

import { until } from "../../lib/until.js";
import { Burst, assertNotifications } from "../lib/burst.js";
import { CLIENTS, FIREFOX } from "../lib/clients.js";

const PART = 100;
/** Each list of cuts falls into one part. A reset is an error to the client; without one, the end looks like a clean one. */
const CUTS = [
  [{ after: 250_000 }, { after: 90_000, reset: true }, { after: 170_000 }],
  [{ after: 310_000, reset: true }],
];
/** So many bytes later for each client, so that they are cut in different places of different events. */
const APART = 7_919;
const RESTARTS = ["SIGKILL", "SIGTERM", "SIGKILL"];
const DRAIN = { CAMPANILE_SSE__DRAIN_SECONDS: "1" };

export async function cuts(world, result) {
  const server = await world.server(DRAIN);
  const sessions = await Promise.all(CLIENTS.filter(({ resumes }) => resumes).map((kind) => open(world, server, kind)));
  const sent = new Burst(server, sessions.map(({ user }) => user));
  for (const cut of CUTS) await cutAll(sessions, sent, cut);
  for (const session of sessions) {
    await result.test(`${session.client.name}: cut ${CUTS.flat().length} times inside of events, it loses and repeats nothing`, () => exact(session, sent));
  }
  const left = sessions.filter(({ kind }) => kind !== FIREFOX); // see restarts.js
  for (const signal of RESTARTS) await loseServer(server, left, sent, signal);
  for (const session of left) {
    await result.test(`${session.client.name}: over ${RESTARTS.length} restarts of the server, it loses and repeats nothing`, () => exact(session, sent));
  }
}

async function open(world, server, kind) {
  const proxy = await world.proxy(server);
  const access = await world.access(server, { origin: proxy.url });
  const client = await world.client(kind, access);
  await client.ready();
  return { kind, client, proxy, user: access.user };
}

async function cutAll(sessions, sent, planned) {
  sessions.forEach(({ proxy }, index) => proxy.plan(planned.map(({ after, reset }) => ({ after: after + APART * index, reset }))));
  await sent.publish(PART);
  await each(sessions, async ({ client, proxy }) => {
    await client.until("cut as planned", () => proxy.planned === 0);
    await caughtUp(client, sent);
  });
}

/** The server goes away when a part of it is published, and comes back: the rest can only come over new streams. */
async function loseServer(server, sessions, sent, signal) {
  const { notifications } = sent;
  const publishing = sent.publish(PART);
  await until("a part of it is published", () => sent.notifications > notifications);
  await server.end(signal);
  await server.run();
  await publishing;
  await each(sessions, ({ client }) => caughtUp(client, sent));
}

/** One that does not come through a step is left out of the next ones, and its test says why. */
function each(sessions, step) {
  const whole = sessions.filter(({ fault }) => !fault);
  return Promise.all(whole.map((session) => step(session).catch((error) => { session.fault = error; })));
}

function exact({ client, fault }, sent) {
  if (fault) throw fault;
  assertNotifications(client, sent.notifications);
  // There may be fewer streams than cuts: a reset can destroy all that the client had not read yet, `ready` included.
  const [first, ...again] = client.named("ready").map(({ data }) => JSON.parse(data).resume);
  assert.equal(first, "fresh");
  assert.ok(again.length > 0);
  assert.deepEqual(again.filter((resume) => resume !== "exact"), []);
}

function caughtUp(client, sent) {
  return client.until(`${sent.notifications} notifications`, () => client.named("notification").length >= sent.notifications);
}
