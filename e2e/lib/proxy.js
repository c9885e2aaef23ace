// A TCP proxy between client and server that can fail as networks do: hang without a word, hold one direction back, cut.

import { once } from "node:events";
import net from "node:net";

export class Proxy {
  #server;
  #target;
  #pairs = new Set();
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

  close() {
    this.cut();
    this.#server.close();
  }

  #set(mode) {
    this.#mode = mode;
    for (const pair of this.#pairs) pair.apply(mode);
  }

  #accept(client) {
    const upstream = net.connect({ port: this.#target, host: "127.0.0.1", allowHalfOpen: true });
    const pair = new Pair(client, upstream);
    this.#pairs.add(pair);
    pair.apply(this.#mode);
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
