// The stream ends for reasons of the server: a deploy, a crash, a token that is over.

import assert from "node:assert/strict";

import { until } from "../../lib/until.js";
import { arrived, assertDense, listed, publishAll } from "../lib/steps.js";

export default {
  "over a deploy: the page is told to reconnect, and goes on exactly where it was": async (test) => {
    const { tab, server, user } = await opened(test);
    await server.end("SIGTERM");
    const [{ data }] = await until("the stream was told", async () => { const told = await tab.events("reconnect"); return told.length > 0 && told; });
    assert.equal(JSON.parse(data).reason, "draining");
    await backAndExact(tab, server, user);
  },

  "over a crash: the page comes back by itself, exactly where it was": async (test) => {
    const { tab, server, user } = await opened(test);
    await server.end("SIGKILL");
    await tab.panel(user).locator('.state[data-state="waiting"]').waitFor();
    await backAndExact(tab, server, user);
  },

  "over the end of a token: the page gets another one, and goes on exactly where it was": async (test) => {
    const user = test.user("alice");
    const token = await test.server.shortToken(user, "4s");
    const prepare = (page) => page.route("**/demo/token", (route) => route.fulfill({ json: { token } }), { times: 1 });
    const tab = await test.tab(`${test.server.url}/?user=${user}`, { prepare });
    await tab.live(user);
    await publishAll(test.server, user, ["before"]);
    const [{ data }] = await until("the stream ended", async () => { const told = await tab.events("reconnect"); return told.length > 0 && told; });
    assert.equal(JSON.parse(data).reason, "expired");
    assert.equal(await tab.count("expiring"), 1);
    await publishAll(test.server, user, ["one", "two"]);
    await arrived(tab, 3, 30_000);
    assert.deepEqual(await tab.titles(), ["before", "one", "two"]);
    await assertDense(tab);
  },
};

async function opened(test) {
  const server = await test.ownServer({ CAMPANILE_SSE__DRAIN_SECONDS: "1" });
  const user = test.user("alice");
  const tab = await test.demo(server.url, user);
  tab.networkFails = true;
  await publishAll(server, user, ["before"]);
  await arrived(tab, 1);
  return { tab, server, user };
}

async function backAndExact(tab, server, user) {
  await server.run();
  await publishAll(server, user, ["one", "two"]);
  await arrived(tab, 3, 30_000);
  await listed(tab, user, ["two", "one", "before"]);
  assert.deepEqual(await tab.titles(), ["before", "one", "two"]);
  await assertDense(tab);
}
