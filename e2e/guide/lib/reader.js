// A reader who follows a chapter to the letter: writes the files, types the commands, pastes scripts into a page, and compares.

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";

import { until } from "../../lib/until.js";
import { Shell } from "./shell.js";
import { matches } from "./shown.js";

const HEARD_MS = 5_000;
const PORTS = { server: 8080, admin: 9090, application: 3000 };

export class Reader {
  #shell;
  #ports;
  #browser;
  #page;
  #heard = [];

  /** Other ports than in the guide are used, so that nothing is in the way. */
  static async open(browser, options = {}) {
    const reader = new Reader();
    reader.#browser = browser;
    reader.#ports = Object.fromEntries(await Promise.all(Object.keys(PORTS).map(async (name) => [name, await freePort()])));
    const { server, admin } = reader.#ports;
    const addresses = { CAMPANILE_LISTEN: `127.0.0.1:${server}`, CAMPANILE_ADMIN_LISTEN: `127.0.0.1:${admin}`, CAMPANILE_URL: `http://127.0.0.1:${server}` };
    reader.#shell = await Shell.open({ ...addresses, ...options.env }, options);
    return reader;
  }

  /** The address under which an application of the guide listens. */
  get application() {
    return `http://127.0.0.1:${this.#ports.application}`;
  }

  /** Follows the snippets one after the other. */
  async follow(snippets) {
    for (const snippet of snippets) {
      try {
        await this.#take({ ...snippet, text: this.#moved(snippet.text) });
      } catch (error) {
        throw new Error(`${snippet.where}: ${error.message}`, { cause: error });
      }
    }
  }

  async #take(snippet) {
    if (snippet.path) return this.#shell.write(snippet.path, snippet.text);
    if (snippet.language === "console") return this.#type(snippet);
    if (snippet.language === "js") return this.#paste(snippet.text);
    const heard = snippet.words.includes("terminal") ? () => this.#shell.said() : () => this.#heard.join("\n");
    return compare(heard, snippet.text);
  }

  async #type({ text, words }) {
    const steps = parsed(text);
    for (const [index, { command, shown }] of steps.entries()) {
      const last = index === steps.length - 1;
      if (last && words.includes("background")) {
        await this.#shell.background(command, (output) => matches(output, shown, true));
        continue;
      }
      const { code, output } = await this.#shell.run(command);
      const asked = steps[index + 1]?.command === "echo $?";
      assert.ok(asked || code === 0, `\`${command}\` ended with ${code}:\n${output}`);
      assert.ok(shown === "" || matches(output, shown), `\`${command}\` said\n${output}\nand not\n${shown}`);
    }
  }

  /** Into the console of a page of the server, in a browser where alice has signed in. */
  async #paste(script) {
    const { output } = await this.#shell.run("campanile token --user alice");
    const origin = `http://127.0.0.1:${this.#ports.server}`;
    const context = await this.#browser.newContext();
    await context.addCookies([{ name: "campanile_token", value: output.trim(), url: origin, httpOnly: true, sameSite: "Strict" }]);
    this.#page = await context.newPage();
    this.#page.on("console", (message) => message.type() === "log" && this.#heard.push(message.text()));
    await this.#page.goto(`${origin}/health/live`);
    await this.#page.evaluate(`${script}; new Promise((open) => stream.addEventListener("ready", open, { once: true })).then(() => null)`);
  }

  async close() {
    await this.#page?.context().close();
    await this.#shell.close();
  }

  #moved(text) {
    return Object.entries(PORTS).reduce((moved, [name, port]) => moved.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${this.#ports[name]}`), text);
  }
}

/** Waits until what is heard is what is shown. */
function compare(heard, shown) {
  return until("what is shown", async () => matches(await heard(), shown), HEARD_MS).catch(async (error) => {
    throw new Error(`${error.message}; it said:\n${await heard()}\nand not\n${shown}`);
  });
}

/** The commands of a block (after `$ `, with continued lines), each with the output that is shown for it. */
function parsed(text) {
  const steps = [];
  let continued = false;
  for (const line of text.trimEnd().split("\n")) {
    if (continued) steps.at(-1).command += `\n${line}`;
    else if (line.startsWith("$ ")) steps.push({ command: line.slice(2), shown: "" });
    else if (steps.length > 0) steps.at(-1).shown += `${line}\n`;
    else throw new Error("a console block begins with a command, after `$ `");
    continued = line.endsWith("\\") && (continued || line.startsWith("$ "));
  }
  return steps;
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
