import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { Proxy } from "../../lib/proxy.js";
import { Server } from "../../lib/server.js";
import { Profile } from "./browser.js";

/** What a test gets: users, proxies and tabs of its own, closed when it is over. */
export class Test {
  static #count = 0;
  #number = (Test.#count += 1);
  #browser;
  #closers = [];
  server;
  profile;

  constructor({ browser, server }) {
    this.#browser = browser;
    this.server = server;
  }

  /** The name of a user that no other test uses. */
  user(name) {
    return `${name}-${this.#number}`;
  }

  async proxy(server = this.server) {
    const proxy = await Proxy.to(server.port);
    this.#closers.push(() => proxy.close());
    return proxy;
  }

  async ownServer(env) {
    const server = await Server.start(env);
    this.#closers.push(() => server.stop());
    return server;
  }

  /** Opens a tab of this test's browser profile. */
  async tab(url, { prepare, ...options } = {}) {
    this.profile ??= await Profile.open(this.#browser, options);
    return this.profile.tab(url, prepare);
  }

  /** Opens the demo page with these users, and waits until they are live. */
  async demo(origin, ...users) {
    const tab = await this.tab(`${origin}/?${new URLSearchParams(users.map((user) => ["user", user]))}`);
    for (const user of users) await tab.live(user);
    return tab;
  }

  async photograph(folder, name) {
    await mkdir(folder, { recursive: true });
    for (const [index, { page: shown }] of (this.profile?.tabs ?? []).entries()) {
      const path = join(folder, `${name.replaceAll(/\W+/g, "-")}-${index + 1}.png`);
      await shown.screenshot({ path, timeout: 5_000 }).then(() => console.log(`      ${path}`), () => {});
    }
  }

  async close() {
    await this.profile?.close();
    for (const close of this.#closers) await close();
  }
}
