// Chromium, and what a tab is held to: no errors on the console, no breach of the Content-Security-Policy, no request elsewhere.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

import { CHROMIUM } from "../../lib/chromium.js";

export function launch() {
  return chromium.launch(CHROMIUM);
}

/** One browser profile for one test. */
export class Profile {
  tabs = [];
  #context;

  static async open(browser, options = {}) {
    const profile = new Profile();
    profile.#context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    await profile.#context.addInitScript(record);
    return profile;
  }

  /** Opens a tab; `prepare` gets its page before that loads anything. */
  async tab(url, prepare = () => {}) {
    const tab = new Tab(await this.#context.newPage(), new URL(url).origin);
    this.tabs.push(tab);
    await prepare(tab.page);
    await tab.page.goto(url);
    return tab;
  }

  close() {
    return this.#context.close();
  }
}

export class Tab {
  /** Set by tests that break the network: the browser's own complaints about that are no errors of the page. */
  networkFails = false;
  #origin;
  #complaints = [];
  #elsewhere = [];

  constructor(page, origin) {
    this.page = page;
    this.#origin = origin;
    page.on("console", (message) => isError(message) && this.#complaints.push(message.text()));
    page.on("pageerror", (error) => this.#complaints.push(String(error)));
    page.on("request", (request) => new URL(request.url()).origin !== origin && this.#elsewhere.push(request.url()));
  }

  get url() {
    return this.#origin;
  }

  /** The panel of a user on the demo page. */
  panel(user) {
    return this.page.locator(`.panel[data-user="${user}"]`);
  }

  /** Waits until the stream of a user is open. */
  live(user) {
    return this.panel(user).locator('.state[data-state="live"]').waitFor();
  }

  /** How many events of this name came over streams of this tab. */
  count(name) {
    return this.page.evaluate((wanted) => window.recorded.events.filter((event) => event.name === wanted).length, name);
  }

  /** The ids of all events of these names, in order of arrival. */
  ids(...names) {
    return this.page.evaluate((wanted) => window.recorded.events.filter(({ name }) => wanted.includes(name)).map(({ id }) => id), names);
  }

  /** Every event that any `EventSource` of this tab received, in order: `{ name, id, data, at }`. */
  events(...names) {
    return this.page.evaluate((wanted) => window.recorded.events.filter(({ name }) => wanted.length === 0 || wanted.includes(name)), names);
  }

  /** The titles of all notifications that came over streams of this tab, in order of arrival. */
  titles() {
    return this.page.evaluate(() => window.recorded.events.filter(({ name }) => name === "notification").map(({ data }) => JSON.parse(data).title));
  }

  async assertClean() {
    const violations = this.page.isClosed() ? [] : await this.page.evaluate(() => window.recorded.violations);
    const complaints = this.networkFails ? this.#complaints.filter((text) => !/net::ERR_|status of 4/.test(text)) : this.#complaints;
    assert.deepEqual(violations, [], "breaches of the Content-Security-Policy");
    assert.deepEqual(complaints, [], "errors on the console");
    assert.deepEqual(this.#elsewhere, [], "requests to other origins");
  }
}

/** A bare file shown as a page has no icon; the browser asks for one all the same. */
function isError(message) {
  return message.type() === "error" && !message.location().url.endsWith("/favicon.ico");
}

/** Runs in the page before its own scripts: writes down what every `EventSource` receives, whoever made it. */
function record() {
  const names = ["ready", "notification", "updated", "counts", "gap", "reconnect", "expiring", "__heartbeat__", "order.status"];
  window.recorded = { events: [], violations: [], opened: 0 };
  document.addEventListener("securitypolicyviolation", (event) => window.recorded.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  window.EventSource = class extends EventSource {
    constructor(...given) {
      super(...given);
      window.recorded.opened += 1;
      for (const name of names) {
        this.addEventListener(name, ({ lastEventId, data }) => window.recorded.events.push({ name, id: lastEventId, data, at: Date.now() }));
      }
    }
  };
}
