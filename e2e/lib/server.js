// The real server: one process of the binary under test, with a folder of its own that goes away with it.

import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { until } from "./until.js";

const START_MS = 20_000;
const STOP_MS = 30_000;

export class Server {
  #env;
  #folder;
  #key = randomBytes(24).toString("hex");
  #child;
  #socket;
  #port = 0; // kept over a restart, as a deployed server keeps its address
  log = "";

  /** With a `socket`, its processes listen there, one after the other; without one, each opens its own. */
  static async start(env = {}, socket = undefined) {
    const server = new Server();
    server.#env = env;
    server.#socket = socket;
    server.#folder = await mkdtemp(join(tmpdir(), "campanile-e2e-"));
    await server.run();
    return server;
  }

  /** Starts the process; again on the port of the one before, with its settings. */
  async run() {
    this.log = "";
    const { command, args, input } = this.#socket?.handTo(binary(), ["dev"]) ?? { command: binary(), args: ["dev"], input: "ignore" };
    this.#child = spawn(command, args, { cwd: this.#folder, env: { ...process.env, ...this.#settings(), ...this.#env }, stdio: [input, "pipe", "pipe"] });
    this.#child.on("error", (error) => { this.log += `${error}\n`; });
    for (const output of [this.#child.stdout, this.#child.stderr]) output.on("data", (text) => { this.log += text; });
    this.#port = await until("the server is ready", () => this.#readyPort(), START_MS);
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port() {
    return this.#port;
  }

  /** Publishes past every proxy. Answers with the notification's id. */
  async publish(draft) {
    const { notificationId } = await this.#api("notifications", { type: "e2e.test", ...draft });
    return notificationId;
  }

  /** Publishes many at once, in this order. Answers with what became of each. */
  batch(drafts) {
    return this.#api("notifications/batch", drafts);
  }

  /** Sends a signal past every proxy. */
  signal(body) {
    return this.#api("signals", body);
  }

  /** A bearer token, as the page gets it. */
  async token(user) {
    const answer = await this.#post("demo/token", { user }, { Origin: this.url });
    return answer.token;
  }

  /** A bearer token that is good for so long only, made by `campanile token`. */
  async shortToken(user, ttl) {
    const { stdout } = await promisify(execFile)(binary(), ["token", "--user", user, "--ttl", ttl], { cwd: this.#folder });
    return stdout.trim();
  }

  /** One request to the user's API, past every proxy and every page. */
  async asUser(user, method, path) {
    const answer = await fetch(`${this.url}/notifications${path}`, { method, headers: { Authorization: `Bearer ${await this.token(user)}` } });
    if (!answer.ok) throw new Error(`${method} /notifications${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  /** The sum of a counter's samples whose labels contain `label`. */
  async metric(name, label = "") {
    const [, address] = /Metrics +(http:\S+)/.exec(this.log);
    const lines = (await (await fetch(address)).text()).split("\n");
    return lines.filter((line) => line.startsWith(name) && line.includes(label)).reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  /** Ends the process; `SIGTERM` drains, `SIGKILL` does not. */
  async end(signal = "SIGTERM") {
    const gone = this.#child.exitCode === null && this.#child.signalCode === null ? once(this.#child, "exit") : null;
    this.#child.kill(signal);
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(killer);
  }

  async stop() {
    await this.end("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }

  #settings() {
    return {
      CAMPANILE_LISTEN: `127.0.0.1:${this.#port}`,
      CAMPANILE_ADMIN_LISTEN: "127.0.0.1:0",
      CAMPANILE_API__KEYS: `e2e:${createHash("sha256").update(this.#key).digest("hex")}`,
      CAMPANILE_SSE__HEARTBEAT_SECONDS: "1",
    };
  }

  /** The port that `campanile dev` names as its demo page's, once it answers; undefined before. */
  async #readyPort() {
    if (this.#child.exitCode !== null || !this.#child.pid) throw new Error(`the server did not start:\n${this.log}`);
    const [, port] = /Demo page +http:\/\/127\.0\.0\.1:(\d+)\//.exec(this.log) ?? [];
    const health = port && (await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null));
    return health?.ok ? Number(port) : undefined;
  }

  #api(what, body) {
    return this.#post(`api/${what}`, body, { Authorization: `Bearer ${this.#key}` });
  }

  async #post(path, body, headers) {
    const answer = await fetch(`${this.url}/${path}`, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`POST /${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

function binary() {
  return process.env.CAMPANILE_BIN ?? new URL("../../target/release/campanile", import.meta.url).pathname;
}
