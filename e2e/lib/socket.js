// A listening socket that outlives the servers behind it, as a service manager holds it: while no server is there, connections queue.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";

/** The thread's life: it blocks for good as soon as the socket listens, so that nobody there ever takes a connection. */
const HOLD = `
  const { parentPort } = require("node:worker_threads");
  const server = require("node:net").createServer().listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
    parentPort.postMessage({ port: server.address().port, descriptor: server._handle.fd });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

/** Moves what it has as its input to the first descriptor of systemd's protocol, says so under its own process id, and becomes the command. */
const INHERIT = 'exec 3<&0 0</dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"';

export class ListeningSocket {
  #thread;
  #port;
  #descriptor;

  static async open() {
    const socket = new ListeningSocket();
    socket.#thread = new Worker(HOLD, { eval: true });
    const [{ port, descriptor }] = await once(socket.#thread, "message");
    socket.#port = port;
    socket.#descriptor = descriptor;
    return socket;
  }

  /** The arguments with which `spawn` starts a command that inherits the socket; its standard input has to be `input`. */
  handTo(command, args) {
    return { command: "sh", args: ["-c", INHERIT, "sh", command, ...args], input: this.#descriptor };
  }

  /** How many connections wait for somebody who takes them. */
  async waiting() {
    const local = `0100007F:${this.#port.toString(16).toUpperCase().padStart(4, "0")}`;
    const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
    const [, , , , queues] = lines.find(([, address, , state]) => address === local && state === "0A");
    return parseInt(queues.split(":")[1], 16);
  }

  get port() {
    return this.#port;
  }

  close() {
    return this.#thread.terminate();
  }
}
