// Both browsers, and an application's own web server, on another origin than Campanile's: it signs people in and serves the pages.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

import { CHROMIUM } from "../../lib/chromium.js";
import { Proxy } from "../../lib/proxy.js";
import { Server } from "../../lib/server.js";
import { ListeningSocket } from "../../lib/socket.js";
import { Client } from "./client.js";

const FIREFOX = { browser: "firefox", executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr" };
const VENDOR = "node_modules/@microsoft/fetch-event-source/lib/esm/";

export class World {
  #browsers;
  #pages;
  #closers = [];
  #users = 0;

  static async open() {
    const world = new World();
    const [inChromium, inFirefox, pages] = await Promise.all([chromium.launch(CHROMIUM), puppeteer.launch(FIREFOX), application()]);
    world.#browsers = {
      chromium: { version: inChromium.version(), profile: () => inChromium.newContext(), close: () => inChromium.close() },
      firefox: { version: await inFirefox.version(), profile: () => inFirefox.createBrowserContext(), close: () => inFirefox.close() },
    };
    world.#pages = pages;
    return world;
  }

  get versions() {
    return Object.entries(this.#browsers).map(([name, { version }]) => `${name} ${version}`);
  }

  /** A server of its own for a test, which lets the application's pages in. */
  async server(env = {}, socket = undefined) {
    const server = await Server.start({ CAMPANILE_CORS__ORIGINS: this.#origin, ...env }, socket);
    this.#closers.push(() => server.stop());
    return server;
  }

  /** What a client needs to listen as a user of its own, at the server or at a proxy before it. */
  async access(server, { origin = server.url, ...more } = {}) {
    const user = `user-${(this.#users += 1)}`;
    return { user, stream: `${origin}/notifications/stream`, token: await server.token(user), signals: ["order.status"], ...more };
  }

  /** A listening socket that outlives the servers of a test. */
  async socket() {
    const socket = await ListeningSocket.open();
    this.#closers.push(() => socket.close());
    return socket;
  }

  /** A proxy of its own for a test. */
  async proxy(server) {
    const proxy = await Proxy.to(server.port);
    this.#closers.push(() => proxy.close());
    return proxy;
  }

  async client(kind, access) {
    const client = await kind.open(this, access);
    this.#closers.push(() => client.close());
    return client;
  }

  /** Opens a page in a profile of its own; it prints on its console. */
  async page(name, browser, script, { stream, token, signals }) {
    const profile = await this.#browsers[browser].profile();
    const client = new Client(name, () => profile.close());
    const page = await profile.newPage();
    page.on("pageerror", () => client.hear({ event: "error", closed: true }));
    page.on("console", (message) => message.type() === "log" && client.take(() => client.hear(JSON.parse(message.text()))));
    await page.goto(`${this.#origin}/?${new URLSearchParams({ script, stream, token, signals: signals.join(" ") })}`);
    return client;
  }

  async close() {
    await Promise.allSettled(this.#closers.map((close) => close()));
    this.#pages.close();
    await Promise.allSettled(Object.values(this.#browsers).map(({ close }) => close()));
  }

  get #origin() {
    return `http://127.0.0.1:${this.#pages.address().port}`;
  }
}

async function application() {
  const server = createServer((request, response) => answer(new URL(request.url, "http://app"), response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function answer({ pathname, searchParams }, response) {
  if (pathname === "/") return signIn(searchParams, response);
  const file = pathname.startsWith("/vendor/") ? `${VENDOR}${pathname.slice("/vendor/".length)}.js` : pathname.slice(1);
  const text = await readFile(new URL(`../${file}`, import.meta.url)).catch(() => null);
  response.writeHead(text ? 200 : 404, { "Content-Type": "text/javascript" }).end(text);
}

/** The page and its cookie, as an application would give them to somebody who has signed in. */
function signIn(params, response) {
  const [script, stream, token, signals] = ["script", "stream", "token", "signals"].map((name) => params.get(name));
  const attributes = Object.entries({ stream, token, signals }).map(([name, value]) => `data-${name}="${escaped(value)}"`);
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Set-Cookie": `campanile_token=${token}; HttpOnly; SameSite=Lax; Path=/` });
  response.end(`<!doctype html><title>${escaped(script)}</title>
<script type="importmap">{"imports":{"@microsoft/fetch-event-source":"/vendor/index"}}</script>
<body ${attributes.join(" ")}><script type="module" src="/${script}"></script>`);
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
