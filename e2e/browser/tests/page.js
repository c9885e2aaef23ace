// The demo page as somebody sees and uses it.

import assert from "node:assert/strict";

import { until } from "../../lib/until.js";
import { arrived, badge, listed, publishAll, unread } from "../lib/steps.js";

export default {
  "two users side by side: what the form publishes is in both lists at once": async (test) => {
    const [alice, bob] = [test.user("alice"), test.user("bob")];
    const tab = await test.demo(test.server.url, alice, bob);
    await tab.page.fill("#publish [name=title]", "Lunch is ready");
    await tab.page.click("#publish .primary");
    for (const user of [alice, bob]) {
      await listed(tab, user, ["Lunch is ready"]);
      await badge(tab, user, 1);
      await unread(tab, user, 1);
    }
    assert.equal(await tab.page.title(), "(2) Campanile demo");
    assert.equal(await tab.page.locator("#published").textContent(), "Published to 2 users.");
    assert.match(await tab.panel(alice).locator(".arrivals").textContent(), /Lunch is ready.*1 unseen/);
  },

  "what is wrong with a draft is shown beside the form": async (test) => {
    const tab = await test.demo(test.server.url, test.user("alice"));
    tab.networkFails = true; // Chromium reports the status 422 as an error of its own
    await tab.page.fill("#publish [name=link]", "javascript:alert(1)");
    await tab.page.click("#publish .primary");
    await until("the fault is shown", async () => (await tab.page.locator("#published").textContent()).includes("/link"));
    assert.deepEqual(await tab.titles(), []);
  },

  "the page is served with a strict Content-Security-Policy": async (test) => {
    const policy = (await fetch(test.server.url)).headers.get("content-security-policy");
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"]) {
      assert.ok(policy?.includes(part), `${part} in ${policy}`);
    }
    assert.ok(!policy.includes("unsafe"), policy);
  },

  "markup in a notification is shown as the text it is": async (test) => {
    const user = test.user("alice");
    const tab = await test.demo(test.server.url, user);
    const hostile = "<img src=x onerror=alert(1)> & <script>alert(2)</script>";
    await publishAll(test.server, user, [hostile], { body: "line one\nid: 9-9\n\nevent: ready\ndata: {}\n\n", link: "https://example.org/a" });
    await listed(tab, user, [hostile]);
    assert.equal(await tab.panel(user).locator("img, script").count(), 0);
    assert.equal(await tab.panel(user).locator(".link").getAttribute("href"), "https://example.org/a");
    assert.equal((await tab.events("ready")).length, 1);
  },

  "read, unread, archive, delete and read all do what they say": async (test) => {
    const user = test.user("alice");
    await publishAll(test.server, user, ["one", "two", "three", "four"]);
    const tab = await test.demo(test.server.url, user);
    await listed(tab, user, ["four", "three", "two", "one"]);
    await unread(tab, user, 4);
    const button = (title, act) => tab.panel(user).locator(".item", { hasText: title }).locator(`[data-act=${act}]`);
    await button("four", "read").click();
    await unread(tab, user, 3);
    await button("four", "read").click();
    await unread(tab, user, 4);
    await button("three", "archive").click();
    await listed(tab, user, ["four", "two", "one"]);
    await button("two", "delete").click();
    await listed(tab, user, ["four", "one"]);
    await tab.panel(user).locator(".read-all").click();
    await unread(tab, user, 0);
    assert.equal(await tab.panel(user).locator(".item.read").count(), 2);
    await tab.page.reload();
    await tab.live(user);
    await listed(tab, user, ["four", "one"]);
    await unread(tab, user, 0);
  },

  "the bell clears the badge and leaves the rest unread": async (test) => {
    const user = test.user("alice");
    await publishAll(test.server, user, ["one", "two"]);
    const tab = await test.demo(test.server.url, user);
    await badge(tab, user, 2);
    await tab.panel(user).locator(".bell").click();
    await badge(tab, user, 0);
    await unread(tab, user, 2);
    assert.equal(await tab.panel(user).locator(".item.unseen").count(), 0);
  },

  "a signal is shown and stored nowhere": async (test) => {
    const user = test.user("alice");
    const tab = await test.demo(test.server.url, user);
    const { connections } = await test.server.signal({ to: { users: [user] }, event: "order.status", data: { orderId: 42, status: "shipped" } });
    assert.equal(connections, 1);
    const shown = tab.panel(user).locator(".signal");
    await until("the signal is shown", async () => (await shown.textContent()).includes("order.status"));
    assert.match(await shown.textContent(), /shipped/);
    await tab.page.reload();
    await tab.live(user);
    assert.equal(await shown.isVisible(), false);
  },

  "the last heartbeat is shown": async (test) => {
    const user = test.user("alice");
    const tab = await test.demo(test.server.url, user);
    await until("a heartbeat is shown", async () => /\d:\d\d/.test(await tab.panel(user).locator(".beat-time").textContent()));
  },

  "disconnected by its button, the page catches up when it connects again": async (test) => {
    const user = test.user("alice");
    const tab = await test.demo(test.server.url, user);
    const toggle = tab.panel(user).locator(".toggle");
    await toggle.click();
    await publishAll(test.server, user, ["one", "two"]);
    assert.deepEqual(await tab.titles(), []);
    await toggle.click();
    await arrived(tab, 2);
    await listed(tab, user, ["two", "one"]);
    assert.deepEqual(await tab.titles(), ["one", "two"]);
  },

  "more than fits is shown on demand, without a hole": async (test) => {
    const user = test.user("alice");
    const titles = Array.from({ length: 65 }, (_, index) => `number ${index + 1}`);
    await publishAll(test.server, user, titles);
    const tab = await test.demo(test.server.url, user);
    await badge(tab, user, 65);
    const items = tab.panel(user).locator(".item");
    for (const shown of [20, 40, 60, 65]) {
      await until(`${shown} are shown`, async () => (await items.count()) === shown);
      if (shown < 65) await tab.panel(user).locator(".older").click();
    }
    await listed(tab, user, titles.reverse());
    assert.equal(await tab.panel(user).locator(".older").isVisible(), false);
  },

  "other users are chosen by the form at the top": async (test) => {
    const tab = await test.demo(test.server.url, test.user("alice"));
    const other = test.user("Zoë & Co");
    await tab.page.locator(".switch input").first().fill(other);
    await tab.page.getByRole("button", { name: "Switch users" }).click();
    await tab.live(other);
    await publishAll(test.server, other, ["for you"]);
    await listed(tab, other, ["for you"]);
  },

  "everything is reached and done by keyboard": async (test) => {
    const user = test.user("alice");
    await publishAll(test.server, user, ["one", "two"]);
    const tab = await test.demo(test.server.url, user);
    await listed(tab, user, ["two", "one"]);
    const labels = await tabThrough(tab.page);
    const order = ["Skip to the inboxes", "Publish", `${user}: 2 unseen. Mark all as seen`, "Read all", "Disconnect", "Mark as read: two", "Archive: two", "Delete: two", "Mark as read: one", "Sign in and run it"];
    assert.deepEqual(labels.filter((label) => order.includes(label)), order);
    assert.ok(!labels.includes(""), `everything focusable has a name: ${labels}`);
  },

  "the focus stays in the list when the focused row leaves it": async (test) => {
    const user = test.user("alice");
    await publishAll(test.server, user, ["one", "two"]);
    const tab = await test.demo(test.server.url, user);
    await tab.panel(user).getByRole("button", { name: "Archive: two" }).focus();
    await tab.page.keyboard.press("Enter");
    await listed(tab, user, ["one"]);
    assert.equal(await focusedName(tab.page), "Mark as read: one");
    await publishAll(test.server, user, ["three"]);
    await listed(tab, user, ["three", "one"]);
    assert.equal(await focusedName(tab.page), "Mark as read: one", "an arrival does not take the focus");
  },

  "the focus is visible": async (test) => {
    const tab = await test.demo(test.server.url, test.user("alice"));
    await tab.page.keyboard.press("Tab");
    const outline = await tab.page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
    assert.equal(outline, "2px");
  },

  "a narrow window has no sideways scrolling": async (test) => {
    const user = test.user("alice");
    await publishAll(test.server, user, ["W".repeat(200)], { body: "M".repeat(2000), link: `/${"x".repeat(300)}` });
    const tab = await test.tab(`${test.server.url}/?user=${user}`, { viewport: { width: 360, height: 700 } });
    await listed(tab, user, ["W".repeat(200)]);
    const [content, view] = await tab.page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(content <= view, `${content} > ${view}`);
  },

  "light and dark follow the system, with enough contrast": async (test) => {
    const tab = await test.demo(test.server.url, test.user("alice"));
    for (const [colorScheme, brighter] of [["light", "background"], ["dark", "text"]]) {
      await tab.page.emulateMedia({ colorScheme });
      const { background, text } = await tab.page.evaluate(rootLuminances);
      assert.equal(background > text ? "background" : "text", brighter, colorScheme);
      const contrast = (Math.max(background, text) + 0.05) / (Math.min(background, text) + 0.05);
      assert.ok(contrast >= 7, `${colorScheme}: ${contrast}`);
    }
  },
};

/** Presses Tab from the top of the page and answers with the names of what got the focus, until it is back at the start. */
async function tabThrough(page) {
  const names = [];
  for (let pressed = 0; pressed < 100; pressed += 1) {
    await page.keyboard.press("Tab");
    const name = await focusedName(page);
    if (name === names[0]) return names;
    names.push(name);
  }
  throw new Error(`the focus never comes back to the start: ${names}`);
}

function focusedName(page) {
  return page.evaluate(() => {
    const { activeElement } = document;
    const named = activeElement.getAttribute("aria-label") ?? activeElement.labels?.[0]?.textContent ?? activeElement.textContent;
    return named.trim().replaceAll(/\s+/g, " ");
  });
}

/** Runs in the page: relative luminance (WCAG) of the root's two colours. */
function rootLuminances() {
  const style = getComputedStyle(document.documentElement);
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map((part) => Number(part) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return { background: luminance(style.backgroundColor), text: luminance(style.color) };
}
