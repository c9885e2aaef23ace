import { fetchEventSource } from "@microsoft/fetch-event-source";

const { stream: url, token } = document.body.dataset;
/** It keeps a position itself, but moves it before it has the whole event: a connection that breaks inside one would lose it. */
let lastEventId = "";

await fetchEventSource(url, {
  // Called for each connection, so a token can be a fresh one every time.
  fetch: (target, options) =>
    fetch(target, { ...options, headers: { ...options.headers, Authorization: `Bearer ${token}`, "last-event-id": lastEventId } }),
  onmessage({ event, id, data }) {
    console.log(JSON.stringify({ event, id, data }));
    if (id) lastEventId = id;
  },
  async onopen({ ok, status }) {
    if (!ok) throw Object.assign(new Error(`status ${status}`), { status });
  },
  // It takes a clean end of the stream for the end of everything, unless this throws.
  onclose() {
    throw new Error("the stream ended");
  },
  // What is not thrown again here is tried again.
  onerror(error) {
    if (error.status === 401) throw error;
  },
});
