// What one user has: the inbox as it was read, and every change that the stream has told since. No network and no page in here.

/** The list and the two numbers of one user, kept true by `load` and then by each event of the stream. */
export class Inbox {
  items = new Map();
  counts = { unread: 0, unseen: 0, version: 0 };
  nextCursor = null;

  /** Starts over from an answer of `GET /notifications`. */
  load(page) {
    this.items.clear();
    this.counts = page.counts;
    this.append(page);
  }

  /** Adds an older page; what is known already is newer than the page and stays. */
  append(page) {
    for (const item of page.items) this.add({ ...item, seen: item.seenAt !== null }, item.seq);
    this.nextCursor = page.nextCursor;
  }

  /** Adds one notification; false if it is here already. */
  add(notification, seq) {
    const { notificationId } = notification;
    if (this.items.has(notificationId)) return false;
    this.items.set(notificationId, { read: false, seen: false, ...notification, seq });
    return true;
  }

  /** Applies an `updated` event. Answers with the ids that came back from the archive and have to be read again. */
  update({ notificationIds, upTo, state }) {
    const ids = notificationIds ?? this.#idsUpTo(upTo);
    for (const id of ids) this.#change(id, state);
    return state.archived === false ? ids.filter((id) => !this.items.has(id)) : [];
  }

  /** Takes the counts if they are the newest so far: a replay also brings older ones. */
  count(counts) {
    if (counts.version > this.counts.version) this.counts = counts;
  }

  /** Takes the counts of `ready`, where versions start anew. */
  restartCounts(counts) {
    this.counts = counts;
  }

  /** The newest `limit` notifications, newest first. */
  newest(limit) {
    return [...this.items.values()].sort((a, b) => b.seq - a.seq).slice(0, limit);
  }

  #idsUpTo(seq) {
    return [...this.items.values()].filter((item) => item.seq <= seq).map((item) => item.notificationId);
  }

  #change(id, state) {
    const item = this.items.get(id);
    if (!item) return;
    if (state.removed || state.archived) this.items.delete(id);
    if ("read" in state) item.read = state.read;
    if (state.seen || state.read) item.seen = true;
  }
}
