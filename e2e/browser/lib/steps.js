// Steps that several tests take.

import assert from "node:assert/strict";

import { until } from "../../lib/until.js";

/** Publishes these titles to one user, one after the other. */
export async function publishAll(server, user, titles, draft = {}) {
  for (const title of titles) await server.publish({ to: { users: [user] }, title, ...draft });
}

/** Waits until `count` notifications came over the streams of a tab. */
export function arrived(tab, count, ms) {
  return until(`${count} notifications arrived`, async () => (await tab.count("notification")) >= count, ms);
}

/** Waits until a panel's list reads like this, newest first. */
export function listed(tab, user, titles) {
  const read = () => tab.panel(user).locator(".item .title").allTextContents();
  return until(`the list of ${user} is ${titles}`, async () => (await read()).join("\n") === titles.join("\n"));
}

/** Waits until the bell's badge shows this number; 0 is no badge. */
export function badge(tab, user, unseen) {
  const shown = tab.panel(user).locator(".badge");
  return until(`the badge of ${user} shows ${unseen}`, async () => (unseen === 0 ? !(await shown.isVisible()) : (await shown.textContent()) === String(unseen)));
}

/** Waits until a panel counts this many unread. */
export function unread(tab, user, count) {
  const shown = tab.panel(user).locator(".unread-count");
  return until(`${user} has ${count} unread`, async () => (await shown.textContent()) === `${count} unread`);
}

/** What was logged came as a dense sequence of one epoch: no hole, no repeat, in order. */
export async function assertDense(tab) {
  const ids = await tab.ids("notification", "updated");
  const [epoch, first] = ids[0].split("-");
  assert.deepEqual(ids, ids.map((_, index) => `${epoch}-${Number(first) + index}`));
}
