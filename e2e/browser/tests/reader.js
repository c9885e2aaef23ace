// Plain `EventSource`, without the page's own code: what the wire promises to everybody.

import assert from "node:assert/strict";

import { pause, until } from "../../lib/until.js";
import { arrived, assertDense, publishAll } from "../lib/steps.js";

/** 4,000 characters of four bytes each: 900 of them are more than the kernel's buffers swallow. */
const BIG_BODY = "🔔".repeat(4_000);
const MANY = 900;
const PUBLISHERS = 8;
const SIGNALS = 400; // of 50 kB
const VISITS = 40;

export default {
  "the heartbeat is heard by addEventListener, with empty data and no id of its own": async (test) => {
    const tab = await reader(test, test.server.url, test.user("alice"));
    await until("three heartbeats", async () => (await tab.count("__heartbeat__")) >= 3);
    const [ready, ...rest] = await tab.events();
    assert.equal(ready.name, "ready");
    for (const { name, id, data } of rest) assert.deepEqual({ name, id, data }, { name: "__heartbeat__", id: ready.id, data: "" });
  },

  "an inbox read while somebody's first notification is published, and a stream from there: it comes exactly once": async (test) => {
    const page = await reader(test, test.server.url, test.user("alice"));
    for (let visit = 1; visit <= VISITS; visit += 1) {
      const user = test.user(`newcomer${visit}`);
      const token = await test.server.token(user);
      const publishing = pause(Math.random() * 4).then(() => publishAll(test.server, user, ["first"]));
      const { listed, resume } = await page.page.evaluate(firstVisit, token);
      await publishing;
      await until("the newcomer's notification", async () => listed || (await page.count("notification")) === 1, 2_000);
      const times = listed + (await page.count("notification"));
      assert.deepEqual({ times, resume }, { times: 1, resume: "exact" });
      await page.page.evaluate(() => { window.source.close(); window.recorded.events = []; });
    }
  },

  "a reader that stopped until its ring overflowed catches up without a hole or a repeat, on the same stream": async (test) => {
    const user = test.user("alice");
    const proxy = await test.proxy();
    const slow = await reader(test, proxy.url, user);
    const quick = await reader(test, test.server.url, user);
    proxy.hold();
    const dropped = await droppedFrames(test.server);
    const titles = await publishMany(test.server, user);
    await arrived(quick, MANY, 30_000);
    await pause(500);
    const early = await slow.count("notification");
    assert.ok(early < 10, `${early} came although the reader was held`);
    assert.ok((await droppedFrames(test.server)) > dropped, "the ring overflowed");
    proxy.open();
    await arrived(slow, MANY, 30_000);
    for (const tab of [slow, quick]) {
      assert.deepEqual((await tab.titles()).sort(), titles.toSorted());
      await assertDense(tab);
      assert.equal((await tab.events("ready")).length, 1, "one stream all along");
      assert.deepEqual(await tab.events("gap"), [], "nothing logged is ever reported as dropped");
    }
    await publishAll(test.server, user, ["and live again"]);
    await arrived(slow, MANY + 1);
  },

  "a reader that stopped is told how many signals it missed: received and dropped are what was sent": async (test) => {
    const user = test.user("alice");
    const proxy = await test.proxy();
    const tab = await reader(test, proxy.url, user);
    proxy.hold();
    for (let number = 1; number <= SIGNALS; number += 1) {
      await test.server.signal({ to: { users: [user] }, event: "order.status", data: { number, filler: "x".repeat(50_000) } });
    }
    proxy.open();
    await until("the last signal arrived", async () => (await signalNumbers(tab)).at(-1) === SIGNALS, 30_000);
    const received = await signalNumbers(tab);
    const dropped = (await tab.events("gap")).reduce((sum, { data }) => sum + JSON.parse(data).dropped, 0);
    assert.ok(dropped > 0, "the ring overflowed");
    assert.equal(received.length + dropped, SIGNALS);
    assert.deepEqual(received, received.toSorted((a, b) => a - b));
  },

  "over the limit of streams the page is told to wait, and gets in when a place is free": async (test) => {
    const server = await test.ownServer({ CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER: "1" });
    const user = test.user("alice");
    const first = await reader(test, server.url, user, server);
    const second = await test.tab(`${server.url}/?user=${user}`);
    await until("the page was told", async () => (await second.events("reconnect")).some(({ data }) => JSON.parse(data).reason === "busy"));
    await until("the page shows it", async () => (await second.panel(user).locator(".state-detail").textContent()).includes("busy"));
    await first.page.close();
    await second.panel(user).locator(".toggle").click();
    await second.panel(user).locator(".toggle").click();
    await second.live(user);
  },

  "a ticket opens one stream only": async (test) => {
    const user = test.user("alice");
    const tab = await reader(test, test.server.url, user);
    tab.networkFails = true;
    const states = await tab.page.evaluate(async (url) => {
      const again = new EventSource(url);
      await new Promise((resolve) => { again.onerror = resolve; again.onopen = resolve; });
      return again.readyState;
    }, await tab.page.evaluate(() => window.source.url));
    assert.equal(states, 2, "closed for good");
  },
};

/** How many logged frames left a ring before every stream had written them. */
function droppedFrames(server) {
  return server.metric("campanile_dropped_frames_total", 'kind="logged"');
}

/** A page of this origin that holds one plain `EventSource`, opened with a ticket. */
async function reader(test, origin, user, server = test.server) {
  const tab = await test.tab(`${origin}/demo/cookie.js`);
  const token = await server.token(user);
  await tab.page.evaluate(async (bearer) => {
    const answer = await fetch("/notifications/stream/tickets", { method: "POST", headers: { Authorization: `Bearer ${bearer}` } });
    const { ticket } = await answer.json();
    window.source = new EventSource(`/notifications/stream?eventsource=1&ticket=${encodeURIComponent(ticket)}`);
  }, token);
  await until("the stream is ready", async () => (await tab.count("ready")) === 1);
  return tab;
}

/** Runs in the page: reads the inbox, opens a stream at its position, and answers once that is ready. */
async function firstVisit(token) {
  const ask = async (method, path) => (await fetch(path, { method, headers: { Authorization: `Bearer ${token}` } })).json();
  const { items, streamCursor } = await ask("GET", "/notifications");
  const { ticket } = await ask("POST", "/notifications/stream/tickets");
  window.source.close();
  window.recorded.events = [];
  window.source = new EventSource(`/notifications/stream?ticket=${ticket}&lastEventId=${streamCursor}`);
  const ready = await new Promise((resolve) => { window.source.addEventListener("ready", ({ data }) => resolve(JSON.parse(data))); });
  return { listed: items.length, resume: ready.resume };
}

function signalNumbers(tab) {
  return tab.page.evaluate(() => window.recorded.events.filter(({ name }) => name === "order.status").map(({ data }) => JSON.parse(data).number));
}

async function publishMany(server, user) {
  const titles = Array.from({ length: MANY }, (_, index) => `number ${index + 1}`);
  const queue = [...titles];
  const publisher = async () => {
    for (let title = queue.shift(); title; title = queue.shift()) await publishAll(server, user, [title], { body: BIG_BODY });
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, publisher));
  return titles;
}
