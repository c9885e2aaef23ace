// Firefox, whose EventSource does not survive a refused connection.

import assert from "node:assert/strict";

import { until } from "../../lib/until.js";
import { Burst, assertNotifications } from "../lib/burst.js";
import { FIREFOX, alone } from "../lib/clients.js";

const PART = 20;
const HANDOVERS = 20;
/** Several of them, so that one or the other is away whenever the server is. */
const PAGES = 4;
const REOPENING = [
  alone.firefox("Firefox with a page", "programs/browser-reopens.js"),
  alone.firefox("Firefox with a page with tickets", "programs/browser-ticket.js"),
];

export function restarts(world, result) {
  return Promise.all([refused(world, result), handedOver(world, result)]);
}

async function refused(world, result) {
  const server = await world.server();
  const accesses = await Promise.all([FIREFOX, ...REOPENING].map(() => world.access(server)));
  const [plain, ...reopening] = await Promise.all([FIREFOX, ...REOPENING].map((kind, index) => world.client(kind, accesses[index])));
  await Promise.all([plain, ...reopening].map((client) => client.ready()));
  const sent = new Burst(server, accesses.map(({ user }) => user));
  await sent.publish(PART);
  await server.end("SIGKILL");
  await result.test("Firefox: gives up for good when a connection is refused", () => plain.until("closed", ({ closed }) => closed));
  await server.run();
  await sent.publish(PART);
  for (const client of reopening) {
    await result.test(`${client.name} that opens a new EventSource from its last position: loses and repeats nothing`, async () => {
      await caughtUp(client, sent);
      assertNotifications(client, sent.notifications);
    });
  }
}

async function handedOver(world, result) {
  const socket = await world.socket();
  const server = await world.server({ CAMPANILE_SSE__DRAIN_SECONDS: "0" }, socket);
  const accesses = await Promise.all(Array.from({ length: PAGES }, () => world.access(server)));
  const clients = await Promise.all(accesses.map((access) => world.client(FIREFOX, access)));
  await Promise.all(clients.map((client) => client.ready()));
  const sent = new Burst(server, accesses.map(({ user }) => user));
  await result.test(`Firefox: over ${HANDOVERS} restarts on a listening socket that is handed over, ${PAGES} pages lose and repeat nothing, and never give up`, async () => {
    for (let restart = 1; restart <= HANDOVERS; restart += 1) await restartWhileOneConnects(server, socket, sent, restart % 2 ? "SIGTERM" : "SIGKILL");
    await sent.publish(PART);
    for (const client of clients) {
      await caughtUp(client, sent);
      assertNotifications(client, sent.notifications);
      const [first, ...again] = client.named("ready").map(({ data }) => JSON.parse(data).resume);
      assert.deepEqual([first, new Set(again), client.closed], ["fresh", new Set(["exact"]), false]);
    }
    const returns = clients.reduce((sum, client) => sum + client.named("ready").length - 1, 0);
    assert.ok(returns >= HANDOVERS, `came back only ${returns} times`);
  });
}

/** The next process begins when a connection waits already, which nobody would have taken without the socket. */
async function restartWhileOneConnects(server, socket, sent, signal) {
  await sent.publish(PART);
  await server.end(signal);
  await until("a page connects", async () => (await socket.waiting()) > 0, 60_000);
  await server.run();
}

function caughtUp(client, sent) {
  return client.until(`${sent.notifications} notifications`, () => client.named("notification").length >= sent.notifications);
}
