// Firefox, whose EventSource does not survive a refused connection.

import { Burst, assertNotifications } from "../lib/burst.js";
import { FIREFOX, alone } from "../lib/clients.js";

const PART = 40;

export async function restarts(world, result) {
  const server = await world.server();
  const accesses = [await world.access(server), await world.access(server)];
  const plain = await world.client(FIREFOX, accesses[0]);
  const reopening = await world.client(alone.firefox("Firefox", "programs/browser-reopens.js"), accesses[1]);
  await Promise.all([plain.ready(), reopening.ready()]);
  const sent = new Burst(server, accesses.map(({ user }) => user));
  await sent.publish(PART);
  await server.end("SIGKILL");
  await result.test("Firefox: gives up for good when a connection is refused", () => plain.until("closed", ({ closed }) => closed));
  await server.run();
  await sent.publish(PART);
  await result.test("Firefox: with a page that opens a new EventSource from its last position, loses and repeats nothing", async () => {
    await reopening.until("all notifications", () => reopening.named("notification").length >= sent.notifications);
    assertNotifications(reopening, sent.notifications);
  });
}
