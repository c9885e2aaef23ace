// Somebody else's client at work: a program or a page that prints a line for each event it receives.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { until } from "../../lib/until.js";
import { rawEvents } from "./raw.js";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));

export class Client {
  /** What it printed: `{ event, id, data }`, and `{ event: "error", closed }` where a client tells that; `at` is when. */
  heard = [];
  /** What it wrote to standard error. */
  complaints = "";
  /** The first of its words that nobody understands. */
  #fault;
  #close;

  constructor(name, close) {
    this.name = name;
    this.#close = close;
  }

  hear(told) {
    this.heard.push({ ...told, at: performance.now() });
  }

  /** Takes in a piece of its output; `read` hears what is in it. */
  take(read) {
    try {
      read();
    } catch (error) {
      this.#fault ??= error;
    }
  }

  /** All events of this name so far. */
  named(name) {
    return this.heard.filter(({ event }) => event === name);
  }

  /** Waits until `probe` finds something in what was heard; the error says how far it came. */
  async until(what, probe, ms = 60_000) {
    try {
      await until(`${this.name}: ${what}`, () => this.#fault ?? probe(this), ms);
      if (this.#fault) throw this.#fault;
    } catch (error) {
      error.message += `\n${this.heard.length} events, the last ones: ${show(this.heard.slice(-3))}\n${this.complaints.slice(-500)}`;
      throw error;
    }
  }

  ready(times = 1) {
    return this.until(`ready ${times} times`, () => this.named("ready").length >= times);
  }

  /** Whether it says that it has given up for good. */
  get closed() {
    return this.named("error").at(-1)?.closed ?? false;
  }

  close() {
    return this.#close();
  }
}

/** A client that is a program of its own. */
export class Program extends Client {
  /** Its exit code, once it has ended. */
  code;
  #child;

  constructor(name, child) {
    super(name, () => this.#end());
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text) => { this.complaints += text; });
    child.on("close", (code) => { this.code = code; });
  }

  /** Runs `command file`, which prints a line of JSON for each event. */
  static start(name, command, file, access) {
    const program = new Program(name, run(command, file, access));
    createInterface({ input: program.#child.stdout }).on("line", (line) => program.take(() => program.hear(JSON.parse(line))));
    return program;
  }

  /** Runs `command file`, which prints the stream as it is. */
  static startRaw(name, command, file, access) {
    const program = new Program(name, run(command, file, access));
    const read = rawEvents((event) => program.hear(event));
    program.#child.stdout.setEncoding("utf8").on("data", (text) => program.take(() => read(text)));
    return program;
  }

  async #end() {
    if (this.code !== undefined) return;
    const closed = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await closed;
  }
}

function run(command, file, { stream, token, signals = [], lastEventId = "" }) {
  const env = { ...process.env, STREAM_URL: stream, TOKEN: token, SIGNALS: signals.join(" "), LAST_EVENT_ID: lastEventId };
  return spawn(command, [file], { cwd: FOLDER, env, stdio: ["ignore", "pipe", "pipe"] });
}

export function show(value) {
  const json = JSON.stringify(value) ?? "undefined";
  return json.length > 300 ? `${json.slice(0, 300)}…` : json;
}
