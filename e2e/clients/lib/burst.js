// Hundreds of notifications and signals with texts that break careless readers, and the verdict on what a client made of them.

import assert from "node:assert/strict";

import { until } from "../../lib/until.js";
import { show } from "./client.js";

const TEXTS = [
  "plain",
  "ends of lines: \n, \r, \r\n, and at the end\n",
  "\n\nid: 9\nevent: forged\ndata: {}\n\n",
  "\r\rid: 9\revent: forged\rdata: {}\r\r",
  "ends of lines to some: \u2028, \u2029, \u0085, \v, \f, \x1c, \x1d, \x1e",
  "\u0000 at the beginning, \u0000 inside, and at the end \u0000",
  "  spaces at both ends  ",
  "data: data:data",
  ": not a comment",
  "retry: 0",
  "\ufeffmarks of byte order\ufeff\ufeff",
  "🔔 👩‍👩‍👧‍👦 𝄞 e\u0301 \u202e \u200b \ud7ff\ue000\ufffd\uffff\u{10ffff}",
  "\\n \\u2028 \\\\ \" ' ` </script> <!-- ${x} %0a",
  "",
  "x".repeat(60_000),
  "🔔".repeat(15_000),
  "\n\u0000".repeat(7_000),
];
/** Names that look like lines of the stream, or like something that every object has. */
export const SIGNALS = ["order.status", "data", "id:9", "retry:0", ":comment", "data:", "__proto__", "constructor", "🔔"];
const BATCH = 20;

export class Burst {
  notifications = 0;
  signals = 0;
  #server;
  #users;

  constructor(server, users) {
    this.#server = server;
    this.#users = users;
  }

  /** Publishes so many more, in order, each exactly once even if the server goes away meanwhile. */
  async publish(count) {
    const end = this.notifications + count;
    while (this.notifications < end) {
      const size = Math.min(BATCH, end - this.notifications);
      const drafts = Array.from({ length: size }, (_, index) => this.#draft(this.notifications + index + 1));
      await until("a batch is published", () => this.#batch(drafts), 60_000);
      this.notifications += size;
    }
  }

  /** Sends so many more signals, in order. */
  async signal(count) {
    for (let number = this.signals + 1; count > 0; number += 1, count -= 1) {
      await this.#server.signal({ to: { users: this.#users }, event: SIGNALS[number % SIGNALS.length], data: signalData(number) });
      this.signals = number;
    }
  }

  #draft(number) {
    return { type: "e2e.clients", to: { users: this.#users }, idempotencyKey: `burst-${number}`, ...content(number) };
  }

  async #batch(drafts) {
    const outcomes = await this.#server.batch(drafts).catch(() => []);
    return outcomes.length > 0 && outcomes.every(({ status }) => status === 202);
  }
}

function content(number) {
  const text = TEXTS[number % TEXTS.length];
  return { title: [...text].slice(0, 100).join(""), body: [...text].slice(0, 1_000).join(""), data: { number, text } };
}

/** Every third one is a bare string, whose first character may be a space. */
function signalData(number) {
  const text = TEXTS[number % TEXTS.length];
  return number % 3 === 0 ? `${text}#${number}` : { number, text };
}

/** Every notification of the burst, once, in order, with every character, at positions without a hole. */
export function assertNotifications(client, count) {
  const heard = client.named("notification");
  heard.forEach(({ data }, index) => {
    const { title, body, data: inner } = JSON.parse(data);
    same({ title, body, data: inner }, content(index + 1), `notification ${index + 1}`);
  });
  assert.equal(heard.length, count, "so many notifications");
  const [epoch] = heard[0].id.split("-");
  same(heard.map(({ id }) => id), heard.map((_, index) => `${epoch}-${index + 1}`), "their ids");
}

/** Every signal of the burst, once, in order, with every character. */
export function assertSignals(client, count) {
  const heard = client.heard.filter(({ event }) => SIGNALS.includes(event));
  heard.forEach(({ event, data }, index) => same([event, JSON.parse(data)], [SIGNALS[(index + 1) % SIGNALS.length], signalData(index + 1)], `signal ${index + 1}`));
  assert.equal(heard.length, count, "so many signals");
}

/** As `deepEqual`, with a message that a terminal can hold. */
function same(actual, expected, what) {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is === should) return;
  const at = [...is].findIndex((letter, index) => letter !== [...should][index]);
  assert.fail(`${what} differs at ${at}: ${show(is.slice(Math.max(0, at - 50)))}, not ${show(should.slice(Math.max(0, at - 50)))}`);
}
