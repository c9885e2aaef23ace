// A TCP proxy between client and server that can fail as networks do: hang without a word, hold one direction back, cut.

import { once } from "node:events";
import net from "node:net";

export class Proxy {
  /** The statuses of the answers that came by, in order. */
  statuses = [];
  #server;
  #target;
  #pairs = new Set();
  #cuts = [];
  #mode = "open"; // open · hung: nothing passes, new connections wait too · held: nothing passes from the server to the client

  static async to(port) {
    const proxy = new Proxy();
    proxy.#target = port;
    proxy.#server = net.createServer({ allowHalfOpen: true }, (client) => proxy.#accept(client)).listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Nothing passes any more, and nobody is told. */
  hang() {
    this.#set("hung");
  }

  /** The client's words pass, the server's do not: to the server it is a reader that has stopped reading. */
  hold() {
    this.#set("held");
  }

  /** Everything passes again, what was held back first. */
  open() {
    this.#set("open");
  }

  /** Destroys all connections. */
  cut() {
    for (const pair of this.#pairs) pair.end();
  }

  /**
   * Cuts after so many more bytes from the server: `[{ after, reset }]`, the first one for the connection that is open, each further one for
   * the next. Without `reset` the end looks like a clean one to the client.
   */
  plan(cuts) {
    this.#cuts = [...cuts];
    for (const pair of this.#pairs) this.#nextCut(pair);
  }

  /** How many planned cuts are still to come. */
  get planned() {
    return this.#cuts.length;
  }

  close() {
    this.cut();
    this.#server.close();
  }

  #set(mode) {
    this.#mode = mode;
    for (const pair of this.#pairs) pair.apply(mode);
  }

  #note(piece) {
    const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(piece.subarray(0, 12).toString("latin1")) ?? [];
    if (status) this.statuses.push(Number(status));
  }

  #nextCut(pair) {
    const [cut] = this.#cuts;
    if (cut) pair.cutAfter(cut.after, cut.reset, () => this.#cuts.shift());
  }

  #accept(client) {
    const upstream = net.connect({ port: this.#target, host: "127.0.0.1", allowHalfOpen: true });
    const pair = new Pair(client, upstream);
    this.#pairs.add(pair);
    upstream.on("data", (piece) => this.#note(piece));
    pair.apply(this.#mode);
    this.#nextCut(pair);
    upstream.on("close", () => this.#pairs.delete(pair));
  }
}

/** Two sockets; what one reads the other writes, unless that direction is stopped. */
class Pair {
  #client;
  #upstream;
  #mode;

  constructor(client, upstream) {
    this.#client = client;
    this.#upstream = upstream;
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy()).on("close", () => this.#oneIsGone());
  }

  apply(mode) {
    this.#mode = mode;
    setFlow(this.#client, this.#upstream, mode !== "hung");
    setFlow(this.#upstream, this.#client, mode === "open");
    if (this.#client.destroyed || this.#upstream.destroyed) this.#oneIsGone();
  }

  end() {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  cutAfter(bytes, reset, done) {
    const pass = (piece) => {
      const part = piece.subarray(0, bytes);
      bytes -= part.length;
      if (bytes > 0) return this.#client.write(part);
      this.#upstream.off("data", pass).pause();
      this.#client.write(part, () => (reset ? this.#client.resetAndDestroy() : this.#client.destroySoon()));
      done();
    };
    this.#upstream.unpipe(this.#client).on("data", pass).resume();
  }

  /** While the network hangs, neither side hears that the other has left. */
  #oneIsGone() {
    if (this.#mode === "hung") return;
    this.#client.destroySoon();
    this.#upstream.destroySoon();
  }
}

function setFlow(from, to, flows) {
  from.unpipe(to);
  if (flows) from.pipe(to);
  else from.pause();
}
