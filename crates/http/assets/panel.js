// One user on the page: bell, badge, list, connection. It never changes what it shows by itself: a button asks the server, and
// the stream tells what became of it, here and in every other tab.

import { Inbox } from "./inbox.js";
import { clock, newRow, paintRow } from "./row.js";
import { LiveStream } from "./stream.js";

const SIGNALS = ["order.status"];
const PAGE = 20;
const WIRE_LINES = 50;
const STATES = { connecting: "Connecting", live: "Live", waiting: "Reconnecting", stopped: "Disconnected" };

export class Panel {
  #user;
  #api;
  #inbox = new Inbox();
  #stream;
  #parts;
  #rows = new Map(); // notificationId → list item
  #shown = PAGE;
  #arrived = []; // titles that have not been announced yet
  #painting;
  #changed;

  /**
   * Shows an inbox in `host`, over `api`, a `UserApi`. `user` is whose it is to be; absent: whoever it is. `changed` is called with the panel
   * whenever the counts may have changed.
   */
  constructor({ user, api, host, changed }) {
    this.#changed = changed;
    this.#api = api;
    this.#parts = mount(host);
    if (user !== undefined) this.#name(user);
    this.#stream = new LiveStream({ user, api: this.#api, signals: SIGNALS, on: {
      inbox: (page) => this.#load(page),
      event: (name, data, position) => this.#event(name, data, position),
      state: (name, detail) => this.#state(name, detail),
    } });
    this.#bindButtons();
    this.#stream.start();
  }

  get unseen() {
    return this.#inbox.counts.unseen;
  }

  /** Takes it from the page, and closes the stream. */
  remove() {
    this.#stream.stop();
    clearTimeout(this.#painting);
    this.#parts.root.remove();
  }

  #name(user) {
    const { root, name, items, tools } = this.#parts;
    this.#user = user;
    root.dataset.user = user;
    root.setAttribute("aria-label", `Inbox of ${user}`);
    setText(name, user);
    items.setAttribute("aria-label", `Notifications of ${user}`);
    tools.setAttribute("aria-label", `Tools of ${user}`);
  }

  #bindButtons() {
    const { bell, readAll, toggle, older, items } = this.#parts;
    bell.onclick = () => this.#ask("POST", "/seen", {});
    readAll.onclick = () => this.#ask("POST", "/read-all", {});
    toggle.onclick = () => (toggle.dataset.on ? this.#stream.stop() : this.#stream.start());
    older.onclick = () => this.#showOlder();
    items.onclick = (event) => this.#act(event.target.closest("button"));
  }

  /** The three buttons of a row. */
  #act(button) {
    if (!button) return;
    const id = button.closest("li").dataset.id;
    const { act } = button.dataset;
    if (act === "delete") return this.#ask("DELETE", `/${id}`);
    return this.#ask("POST", `/${id}/${act === "read" && this.#inbox.items.get(id)?.read ? "unread" : act}`);
  }

  /** Sends a request; a failure is shown, success is what the stream tells next. */
  async #ask(method, path, body) {
    try {
      const answer = await this.#api.request(method, path, body);
      this.#parts.trouble.textContent = "";
      return answer;
    } catch (error) {
      this.#parts.trouble.textContent = error.message;
      return null;
    }
  }

  async #showOlder() {
    const { items, nextCursor } = this.#inbox;
    if (items.size < this.#shown + PAGE && nextCursor) {
      const page = await this.#ask("GET", `?limit=50&cursor=${encodeURIComponent(nextCursor)}`);
      if (!page) return;
      this.#inbox.append(page);
    }
    this.#shown += PAGE;
    this.#paintSoon();
  }

  #load(page) {
    this.#inbox.load(page);
    this.#paintSoon();
  }

  #event(name, data, { seq, logged }) {
    this.#writeWire(name, data, logged ? seq : "");
    switch (name) {
      case "ready": this.#name(data.user); this.#inbox.restartCounts(data.counts); break;
      case "notification": this.#arrive(data, seq, logged); break;
      case "updated": this.#inbox.update(data).forEach((id) => this.#bringBack(id)); break;
      case "counts": this.#inbox.count(data); break;
      case "gap": this.#parts.trouble.textContent = `${data.dropped} live events were dropped (${data.reason}).`; break;
      case "__heartbeat__": this.#parts.beatTime.textContent = clock(new Date()); break;
      default: this.#signal(name, data);
    }
    this.#paintSoon();
  }

  #arrive(notification, seq, logged) {
    if (!logged) return this.#signal("notification", notification); // live only: it is in no inbox
    if (this.#inbox.add(notification, seq)) this.#arrived.push(notification.title ?? notification.notificationTypeName);
  }

  async #bringBack(id) {
    const item = await this.#ask("GET", `/${id}`);
    if (item) this.#inbox.append({ items: [item], nextCursor: this.#inbox.nextCursor });
    this.#paintSoon();
  }

  #signal(name, data) {
    const { signal } = this.#parts;
    signal.hidden = false;
    signal.querySelector("strong").textContent = name;
    signal.querySelector("code").textContent = JSON.stringify(data);
  }

  #state(name, detail = "") {
    const { state, stateDetail, toggle } = this.#parts;
    state.dataset.state = name;
    setText(state, STATES[name]);
    setText(stateDetail, detail);
    toggle.dataset.on = name === "stopped" ? "" : "on";
    setText(toggle, name === "stopped" ? "Connect" : "Disconnect");
  }

  #writeWire(name, data, seq) {
    const line = document.createElement("li");
    line.textContent = [seq && `#${seq}`, name, data && JSON.stringify(data).slice(0, 300)].filter(Boolean).join("  ");
    this.#parts.wire.prepend(line);
    if (this.#parts.wire.children.length > WIRE_LINES) this.#parts.wire.lastElementChild.remove();
  }

  /** A catch-up brings many events at once: they are painted, and announced, together. */
  #paintSoon() {
    if (this.#painting) return;
    this.#painting = setTimeout(() => {
      this.#painting = undefined;
      this.#paint();
    }, 20);
  }

  #paint() {
    const { empty, older } = this.#parts;
    this.#paintCounts();
    this.#paintList(this.#inbox.newest(this.#shown));
    this.#announce();
    empty.hidden = this.#inbox.items.size > 0;
    older.hidden = this.#inbox.items.size <= this.#shown && !this.#inbox.nextCursor;
    this.#changed(this);
  }

  #paintCounts() {
    const { unread, unseen } = this.#inbox.counts;
    const { bell, badge, unreadCount, readAll } = this.#parts;
    badge.hidden = unseen === 0;
    setText(badge, unseen > 99 ? "99+" : String(unseen));
    bell.setAttribute("aria-label", `${this.#user ?? "You"}: ${unseen} unseen. Mark all as seen`);
    setText(unreadCount, `${unread} unread`);
    readAll.disabled = unread === 0;
  }

  /** Rows keep their element, so that the focus stays where it is while others come and go. */
  #paintList(items) {
    const ids = new Set(items.map((item) => item.notificationId));
    for (const [id, row] of this.#rows) if (!ids.has(id)) this.#removeRow(id, row);
    let place = this.#parts.items.firstElementChild;
    for (const item of items) {
      const row = this.#rowOf(item);
      paintRow(row, item);
      if (row === place) place = place.nextElementSibling;
      else this.#parts.items.insertBefore(row, place);
    }
  }

  #rowOf(item) {
    const known = this.#rows.get(item.notificationId);
    if (known) return known;
    const row = newRow(item);
    this.#rows.set(item.notificationId, row);
    return row;
  }

  #removeRow(id, row) {
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    const focused = row.contains(document.activeElement);
    row.remove();
    this.#rows.delete(id);
    if (focused) (neighbour?.querySelector("button") ?? this.#parts.bell).focus();
  }

  /** For those who cannot see the list: what arrived, and what the badge says now. */
  #announce() {
    if (this.#arrived.length === 0) return;
    const news = this.#arrived.length === 1 ? `New for ${this.#user}: ${this.#arrived[0]}.` : `${this.#arrived.length} new for ${this.#user}.`;
    this.#arrived = [];
    this.#parts.arrivals.textContent = `${news} ${this.unseen} unseen.`;
  }
}

function mount(host) {
  const root = document.querySelector("#panel-template").content.cloneNode(true).firstElementChild;
  const part = (name) => root.querySelector(`.${name}`);
  host.append(root);
  return {
    root, name: part("name"), tools: part("tools"),
    bell: part("bell"), badge: part("badge"), state: part("state"), stateDetail: part("state-detail"), beatTime: part("beat-time"),
    unreadCount: part("unread-count"), readAll: part("read-all"), toggle: part("toggle"), trouble: part("trouble"), arrivals: part("arrivals"),
    items: part("items"), empty: part("empty"), older: part("older"), signal: part("signal"), wire: root.querySelector(".wire ol"),
  };
}

/** Writes only what differs, so that live regions do not repeat themselves. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
