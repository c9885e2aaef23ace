// Known faults of clients, as they are: what our programs and pages take care of. A test that fails here is good news, and a reason to change docs/guide/src/clients.md.

import assert from "node:assert/strict";

import { alone } from "../lib/clients.js";

const BIG = "x".repeat(60_000);
/** Inside of the data of the big one: its id has passed. */
const CUT = [{ after: 20_000 }];

export async function faults(world, result) {
  const server = await world.server();
  await result.test("fetch-event-source: loses the event in which its connection broke, with the position that it keeps itself", async () => {
    const { client, publish } = await cutInside(world, server, alone.chromium("fetch-event-source", "faults/fetch-event-source.js"));
    await client.ready(2);
    await publish("after");
    await client.until("the next one", () => client.named("notification").length > 0);
    assert.deepEqual(client.named("notification").map(({ data }) => JSON.parse(data).title), ["after"]);
    assert.match(client.named("ready")[1].id, /-1$/, "it had named the position of what it never had");
  });

  await result.test("fetch-event-source: takes a clean end of the stream for the end of everything", async () => {
    const { client } = await cutInside(world, server, alone.chromium("fetch-event-source", "faults/fetch-event-source-end.js"));
    await client.until("ended", ({ closed }) => closed);
    assert.equal(client.named("ready").length, 1);
  });

  await result.test("eventsource: does not keep its process alive while it waits to reconnect", async () => {
    const { client } = await cutInside(world, server, alone.node("eventsource", "faults/eventsource.js"));
    await client.until("its process has ended", () => client.code !== undefined);
    assert.deepEqual([client.code, client.closed], [0, false], "not an error, and it meant to come back");
  });

  await result.test("sseclient-py: hands on what a broken connection left of an event", async () => {
    const { client } = await cutInside(world, server, alone.python("sseclient-py", "faults/with_sseclient.py"));
    await client.until("half an event", () => client.named("notification").length > 0);
    const [{ id, data }] = client.named("notification");
    assert.match(id, /-1$/);
    assert.throws(() => JSON.parse(data), SyntaxError);
  });
}

/** A client whose connection broke inside of its first notification, with an end that looks clean. */
async function cutInside(world, server, kind) {
  const proxy = await world.proxy(server);
  const access = await world.access(server, { origin: proxy.url });
  const client = await world.client(kind, access);
  await client.ready();
  const publish = (title, data) => server.publish({ to: { users: [access.user] }, title, data });
  proxy.plan(CUT);
  await publish("cut", BIG);
  return { client, publish };
}
