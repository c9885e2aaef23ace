// The page of the example `dashboard`, served where a server of ours is: figures appear, and change.

import { readFile } from "node:fs/promises";

import { Server } from "../../lib/server.js";
import { until } from "../../lib/until.js";
import { ROOT } from "../lib/book.js";

export function dashboard({ browser }) {
  return { "the dashboard's page shows figures as they come": () => figures(browser) };
}

async function figures(browser) {
  const [server, context] = await Promise.all([Server.start(), browser.newContext()]);
  try {
    await context.addCookies([{ name: "campanile_token", value: await server.token("wall"), url: server.url }]);
    const page = await context.newPage();
    const body = await readFile(new URL("examples/dashboard/dashboard.html", ROOT), "utf8");
    await page.route(`${server.url}/wall`, (route) => route.fulfill({ contentType: "text/html", body }));
    await page.goto(`${server.url}/wall`);
    await until("the page is live", async () => (await page.textContent("#state")) === "Live");
    for (const [name, value] of [["orders", 41], ["visitors", 7.5], ["orders", 42]]) {
      await server.signal({ to: { everyone: true }, event: "figure", key: name, data: { name, value } });
    }
    const shown = async () => (await page.locator("#figures > *").allTextContents()).join(" ");
    await until("the newest figures", async () => (await shown()) === "orders 42 visitors 7.5");
    await server.end();
    await until("the page says that the server is away", async () => (await page.textContent("#state")) === "Away");
  } finally {
    await context.close();
    await server.stop();
  }
}
