// The main job: publish once, see it in every tab at once, lose nothing while away.

import assert from "node:assert/strict";

import { pause, until } from "../../lib/until.js";
import { arrived, assertDense, badge, listed, publishAll, unread } from "../lib/steps.js";

const AT_ONCE_MS = 2_000;

export default {
  "two tabs of one user receive one publish at once": async (test) => {
    const { user, tabs } = await twoTabs(test, test.server.url);
    const before = Date.now();
    await publishAll(test.server, user, ["hello"]);
    for (const tab of tabs) {
      await listed(tab, user, ["hello"]);
      await badge(tab, user, 1);
      const [{ at }] = await tab.events("notification");
      assert.ok(at - before < AT_ONCE_MS, `${at - before} ms`);
    }
  },

  "offline for a while: what was published meanwhile is there afterwards, once each, in order, in both tabs": async (test) => {
    const proxy = await test.proxy();
    const { user, tabs } = await twoTabs(test, proxy.url);
    tabs.forEach((tab) => { tab.networkFails = true; });
    await publishAll(test.server, user, ["before"]);
    for (const tab of tabs) await arrived(tab, 1);
    proxy.hang();
    await publishAll(test.server, user, ["one", "two", "three"]);
    await pause(1_500);
    for (const tab of tabs) {
      assert.deepEqual(await tab.titles(), ["before"], "nothing arrives while the network hangs");
      assert.deepEqual(await tab.panel(user).locator(".title").allTextContents(), ["before"]);
    }
    proxy.cut();
    proxy.open();
    for (const tab of tabs) {
      await listed(tab, user, ["three", "two", "one", "before"]);
      await badge(tab, user, 4);
      await tab.live(user);
      await assertExactlyThese(tab, ["before", "one", "two", "three"]);
    }
  },

  "a network that only hangs is noticed by the missing heartbeat": async (test) => {
    const proxy = await test.proxy();
    const user = test.user("alice");
    const tab = await test.demo(proxy.url, user);
    tab.networkFails = true;
    await until("a heartbeat arrived", async () => (await tab.count("__heartbeat__")) > 0);
    proxy.hang();
    await tab.panel(user).locator('.state[data-state="waiting"], .state[data-state="connecting"]').waitFor({ timeout: 8_000 });
    await publishAll(test.server, user, ["meanwhile"]);
    proxy.open();
    await listed(tab, user, ["meanwhile"]);
    await assertExactlyThese(tab, ["meanwhile"]);
  },

  "five cuts in a row lose nothing and repeat nothing": async (test) => {
    const proxy = await test.proxy();
    const user = test.user("alice");
    const tab = await test.demo(proxy.url, user);
    tab.networkFails = true;
    const titles = Array.from({ length: 50 }, (_, index) => `number ${index + 1}`);
    for (let cut = 0; cut < 5; cut += 1) {
      const publishing = publishAll(test.server, user, titles.slice(cut * 10, cut * 10 + 10));
      proxy.cut();
      await publishing;
      await arrived(tab, cut * 10 + 10, 20_000);
    }
    await assertExactlyThese(tab, titles);
  },

  "read in one tab, gone in the other": async (test) => {
    const { user, tabs: [here, there] } = await twoTabs(test, test.server.url);
    await publishAll(test.server, user, ["one", "two"]);
    for (const tab of [here, there]) await unread(tab, user, 2);
    await here.panel(user).getByRole("button", { name: "Mark as read: one" }).click();
    for (const tab of [here, there]) {
      await unread(tab, user, 1);
      await badge(tab, user, 1);
      assert.equal(await tab.panel(user).locator(".item.read .title").textContent(), "one");
    }
    await there.panel(user).locator(".read-all").click();
    for (const tab of [here, there]) {
      await unread(tab, user, 0);
      await badge(tab, user, 0);
    }
    await here.panel(user).getByRole("button", { name: "Delete: two" }).click();
    for (const tab of [here, there]) await listed(tab, user, ["one"]);
  },

  "archived and brought back elsewhere, it leaves the list and returns to its place": async (test) => {
    const user = test.user("alice");
    const tab = await test.demo(test.server.url, user);
    const id = await test.server.publish({ to: { users: [user] }, title: "one" });
    await publishAll(test.server, user, ["two"]);
    await listed(tab, user, ["two", "one"]);
    await test.server.asUser(user, "POST", `/${id}/archive`);
    await listed(tab, user, ["two"]);
    await unread(tab, user, 1);
    await test.server.asUser(user, "POST", `/${id}/unarchive`);
    await listed(tab, user, ["two", "one"]);
    await unread(tab, user, 2);
  },

  "away for longer than the log reaches back, the page reads the inbox anew": async (test) => {
    const proxy = await test.proxy();
    const user = test.user("alice");
    const tab = await test.demo(proxy.url, user);
    tab.networkFails = true;
    await publishAll(test.server, user, ["before"]);
    await arrived(tab, 1);
    proxy.hang();
    const titles = Array.from({ length: 1_100 }, (_, index) => `number ${index + 1}`);
    for (let at = 0; at < titles.length; at += 20) await Promise.all(titles.slice(at, at + 20).map((title) => publishAll(test.server, user, [title])));
    proxy.cut();
    proxy.open();
    await badge(tab, user, "99+");
    await unread(tab, user, 1_101);
    await tab.live(user);
    await publishAll(test.server, user, ["after"]);
    await until("live again", async () => (await tab.panel(user).locator(".title").first().textContent()) === "after");
    assert.ok((await tab.events("ready")).some(({ data }) => JSON.parse(data).resume === "reset"), "the server said that the position is too old");
  },
};

async function twoTabs(test, origin) {
  const user = test.user("alice");
  const tabs = [await test.demo(origin, user), await test.demo(origin, user)];
  return { user, tabs };
}

/** Over all streams of the tab together: these notifications, in this order, and a log without hole or repeat. */
async function assertExactlyThese(tab, titles) {
  await pause(300); // a repeat would come right behind
  assert.deepEqual(await tab.titles(), titles);
  await assertDense(tab);
}
