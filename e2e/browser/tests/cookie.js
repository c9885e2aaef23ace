// The six lines of the page that use a cookie, and what a cookie must not do.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { until } from "../../lib/until.js";
import { listed, publishAll } from "../lib/steps.js";

export default {
  "the six lines with a cookie are shown, and run": async (test) => {
    const [alice, carol] = [test.user("alice"), test.user("carol")];
    const tab = await test.demo(test.server.url, alice);
    assert.equal((await tab.page.locator("#cookie-code").textContent()).split("\n").length, 6);
    await signIn(tab, carol);
    await publishAll(test.server, carol, ["one", "two"]);
    await cookieList(tab, ["two", "one"]);
    assert.deepEqual(await tab.panel(alice).locator(".title").allTextContents(), [], "another user's list stays as it was");
  },

  "with a cookie, EventSource resumes by itself, exactly, after a cut": async (test) => {
    const carol = test.user("carol");
    const proxy = await test.proxy();
    const tab = await test.demo(proxy.url, test.user("alice"));
    tab.networkFails = true;
    await signIn(tab, carol);
    await publishAll(test.server, carol, ["before"]);
    await cookieList(tab, ["before"]);
    proxy.hang();
    await publishAll(test.server, carol, ["one", "two", "three"]);
    proxy.cut();
    proxy.open();
    await cookieList(tab, ["three", "two", "one", "before"]);
    assert.deepEqual(await tab.titles(), ["before", "one", "two", "three"]);
  },

  "somebody else's cookie never puts their notifications into a panel": async (test) => {
    const [alice, carol] = [test.user("alice"), test.user("carol")];
    const tab = await test.demo(test.server.url, alice);
    await signIn(tab, carol);
    const { toggle, state } = { toggle: tab.panel(alice).locator(".toggle"), state: tab.panel(alice).locator(".state") };
    await toggle.click();
    await toggle.click();
    await until("the panel has made up its mind", async () => ["Live", "Disconnected"].includes(await state.textContent()));
    await publishAll(test.server, carol, ["for carol only"]);
    await cookieList(tab, ["for carol only"]);
    assert.deepEqual(await tab.panel(alice).locator(".title").allTextContents(), []);
    await tab.page.click("#cookie-out");
    await until("signed out", async () => (await tab.page.locator("#cookie-state").textContent()) === "Signed out.");
    if ((await state.textContent()) === "Disconnected") await toggle.click();
    await tab.live(alice);
    await signIn(tab, carol);
    await tab.page.reload();
    await tab.live(alice);
    await publishAll(test.server, alice, ["for alice"]);
    await listed(tab, alice, ["for alice"]);
  },

  "the page with a bell shows the user of a token, and stops where a cookie says somebody else": async (test) => {
    const [bob, carol] = [test.user("bob"), test.user("carol")];
    await publishAll(test.server, bob, ["for bob"]);
    const tab = await test.tab(`${test.server.url}/bell`, { prepare: serveBell });
    tab.networkFails = true; // nobody is signed in at first: 401
    await useToken(tab, await test.server.token(bob));
    await tab.live(bob);
    await listed(tab, bob, ["for bob"]);
    await tab.page.evaluate((user) => fetch("/demo/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ user }) }), carol);
    await useToken(tab, await test.server.token(bob));
    await until("the stream is stopped", async () => (await tab.page.locator(".state").textContent()) === "Disconnected");
    assert.match(await tab.page.locator(".state-detail").textContent(), new RegExp(`for “${carol}”, because of a cookie`));
    await tab.page.reload();
    await tab.live(carol);
    await publishAll(test.server, carol, ["for carol"]);
    await listed(tab, carol, ["for carol"]);
  },
};

const ASSETS = new URL("../../../crates/http/assets/", import.meta.url);

/** Serves the page at `/bell`, as `demo_router` does, with the files that the demo page's server has. */
async function serveBell(page) {
  const [bell, parts, token] = await Promise.all(["bell", "parts", "token"].map((name) => readFile(new URL(`${name}.html`, ASSETS), "utf8")));
  const html = bell.replace("<!-- parts -->", parts).replace("<!-- token -->", token).replace("{notifications}", "/notifications").replaceAll("{base}", "/demo");
  await page.route("**/bell", (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: html }));
}

async function useToken(tab, token) {
  await tab.page.fill("#token [name=token]", token);
  await tab.page.click("#token button");
}

async function signIn(tab, user) {
  await tab.page.fill("#cookie [name=user]", user);
  await tab.page.getByRole("button", { name: "Sign in and run it" }).click();
  await until("the cookie's stream is open", async () => (await tab.page.locator("#cookie-state").textContent()) === `Open, as ${user}.`);
}

function cookieList(tab, titles) {
  const read = () => tab.page.locator("#cookie-list li").allTextContents();
  return until(`the cookie's list is ${titles}`, async () => (await read()).join("\n") === titles.join("\n"));
}
