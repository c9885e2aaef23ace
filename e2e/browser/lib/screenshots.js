// Pictures of the page with something on it, for people to look at.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { until } from "../../lib/until.js";
import { Profile } from "./browser.js";

const VIEWS = {
  light: { viewport: { width: 1360, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1360, height: 900 }, colorScheme: "dark" },
  tablet: { viewport: { width: 900, height: 1100 }, colorScheme: "light" },
  narrow: { viewport: { width: 390, height: 844 }, colorScheme: "light" },
  "narrow-dark": { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
};

const DRAFTS = [
  { type: "welcome", severity: "info", title: "Welcome to Campanile", body: "Your inbox is live: whatever is published arrives here at once." },
  { type: "disk.usage", severity: "warning", title: "Disk almost full", body: "db-2 has 4 % left. It is expected to be full on Thursday.", link: "https://status.example.org/db-2" },
  { type: "payments.health", severity: "fatal", title: "Payment service is down" },
  { type: "invoices.approved", severity: "success", title: "Invoice 42 approved", body: "Paid out with the next run, on Friday.", link: "/invoices/42" },
];

export async function takeScreenshots(browser, server, folder) {
  await mkdir(folder, { recursive: true });
  for (const draft of DRAFTS) await server.publish({ ...draft, to: { users: ["alice", "bob"] } });
  const { items } = await (await server.asUser("alice", "GET", "")).json();
  await server.asUser("alice", "POST", `/${items.at(-1).notificationId}/read`);
  await server.asUser("alice", "POST", "/seen");
  for (const [name, options] of Object.entries(VIEWS)) {
    const profile = await Profile.open(browser, options);
    await takeOne(await profile.tab(server.url), join(folder, `${name}.png`));
    await profile.close();
  }
}

async function takeOne(tab, path) {
  await tab.live("bob");
  await until("the inbox is shown", async () => (await tab.panel("bob").locator(".item").count()) === DRAFTS.length);
  await until("heartbeats are shown", async () => !(await tab.page.locator(".beat-time").allTextContents()).includes("not yet"));
  await tab.page.screenshot({ path, fullPage: true });
  console.log(`wrote ${path}`);
}
