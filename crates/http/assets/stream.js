// One user's live stream over plain `EventSource`, with single-use tickets. `EventSource` would reconnect by itself, but with
// the ticket that is used up, and not at all after some errors: so this closes it whenever it ends and opens a new one, with a
// new ticket, at the position where the old one stopped. Nothing is missed and nothing comes twice.

const OPEN_TIMEOUT_MS = 10_000;
const BACKOFF_MS = { first: 1_000, most: 30_000 };

/**
 * Keeps a stream open from `start` to `stop`.
 *
 * `api` is a `UserApi`. `user` is whose stream it is to be; absent: of whoever the inbox is that `api` reads. `signals` are the names of
 * the application's own events: `EventSource` delivers only names that somebody listens to. The handlers: `inbox(page)` when the
 * inbox has been read (anew), `event(name, data, position)` for each event, `position` being `{ seq, logged }`, and
 * `state(name, detail)` with `connecting`, `live`, `waiting` or `stopped`.
 */
export class LiveStream {
  #user;
  #api;
  #on;
  #names;
  #cursor; // the last position received; undefined: read the inbox first
  #source;
  #timer;
  #turn = 0; // grows with each attempt, so that answers to an earlier one are recognised
  #failures = 0;
  #silenceMs = OPEN_TIMEOUT_MS;

  constructor({ user, api, signals = [], on }) {
    this.#user = user;
    this.#api = api;
    this.#on = on;
    this.#names = ["notification", "updated", "counts", "gap", "__heartbeat__", ...signals];
    // The machine is back on the network, for example because its lid was opened: do not sit out the wait.
    addEventListener("online", () => this.#timer && this.start());
  }

  /** Opens the stream, at the last position if there is one. */
  async start() {
    const turn = this.#begin("connecting");
    try {
      if (!this.#cursor) await this.#readInbox(turn);
      const { ticket } = await this.#api.request("POST", "/stream/tickets");
      if (turn === this.#turn) this.#open(ticket);
    } catch (error) {
      if (turn === this.#turn) this.#retry(error.message);
    }
  }

  /** Closes the stream and keeps the position. */
  stop(why = "") {
    this.#begin("stopped", why);
  }

  #begin(state, detail) {
    this.#source?.close();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#on.state(state, detail);
    return ++this.#turn;
  }

  async #readInbox(turn) {
    const page = await this.#api.request("GET", "?limit=50");
    if (turn !== this.#turn) return;
    this.#on.inbox(page);
    this.#cursor = page.streamCursor; // a stream opened here misses nothing and repeats nothing
  }

  #open(ticket) {
    const query = new URLSearchParams({ ticket, lastEventId: this.#cursor, eventsource: "1" });
    this.#source = new EventSource(`${this.#api.base}/stream?${query}`);
    this.#source.onerror = () => this.#retry("The connection ended.");
    this.#listen("ready", (event) => this.#ready(event));
    this.#listen("reconnect", (event) => this.#reconnect(JSON.parse(event.data)));
    this.#listen("expiring", () => this.#api.forgetToken()); // the stream lasts as long as its token: the next one needs a new token
    for (const name of this.#names) this.#listen(name, (event) => this.#pass(name, event));
    this.#expectWithin(OPEN_TIMEOUT_MS);
  }

  #listen(name, handle) {
    this.#source.addEventListener(name, (event) => {
      this.#expectWithin(this.#silenceMs);
      handle(event);
    });
  }

  /** The watchdog: a dead connection makes no sound, but a live one has a heartbeat (unless the server sends it as a comment). */
  #expectWithin(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#retry("Nothing was heard for too long."), ms);
  }

  #ready(event) {
    const ready = JSON.parse(event.data);
    if (this.#isAnothers(ready)) {
      return this.stop(`The server takes this browser for “${ready.user}”, because of a cookie. Sign out, then connect.`);
    }
    if (ready.resume !== "exact") return this.#startOver(ready.resetReason);
    this.#user = ready.user;
    this.#failures = 0;
    this.#silenceMs = ready.heartbeatSeconds * 2_500;
    this.#on.state("live");
    this.#pass("ready", event);
  }

  /**
   * A cookie of this origin comes before the ticket: never slide into somebody else's stream. As long as no stream has said whose inbox
   * was read, it tells by its log: another's does not know the position that the inbox gave.
   */
  #isAnothers({ user, resetReason }) {
    return this.#user === undefined ? resetReason === "unknown" : user !== this.#user;
  }

  /** The log does not reach back to our position (any more): read the inbox again, and go on from there. */
  #startOver(reason = "fresh") {
    this.#cursor = undefined;
    this.#retry(`Starting over (${reason}).`);
  }

  #reconnect({ reason, retryMs }) {
    if (reason === "expired" || reason === "revoked") this.#api.forgetToken();
    this.#wait(retryMs, `The server asked to reconnect (${reason}).`);
  }

  #pass(name, event) {
    // Only what is in the log carries an id of its own; other events show the id of the one before.
    const logged = event.lastEventId !== this.#cursor;
    if (logged) this.#cursor = event.lastEventId;
    this.#on.event(name, event.data && JSON.parse(event.data), { seq: seqOf(this.#cursor), logged });
  }

  #retry(why) {
    this.#wait(backoff(this.#failures++), why);
  }

  #wait(ms, why) {
    this.#begin("waiting", `${why} Next try in ${Math.max(1, Math.round(ms / 1000))} s.`);
    this.#timer = setTimeout(() => this.start(), ms);
  }
}

/** Between half and all of 1 s, 2 s, 4 s … 30 s, at random: so that not everybody comes back in the same moment. */
function backoff(failures) {
  const full = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** failures);
  return full * (0.5 + Math.random() / 2);
}

/** Positions are `<epoch>-<seq>`. */
function seqOf(cursor) {
  return Number(cursor.slice(cursor.lastIndexOf("-") + 1));
}
