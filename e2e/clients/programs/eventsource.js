import { EventSource } from "eventsource";

const stream = new EventSource(`${process.env.STREAM_URL}?eventsource=1`, {
  // Called for each connection, so a token can be a fresh one every time.
  fetch: (url, options) => fetch(url, { ...options, headers: { ...options.headers, Authorization: `Bearer ${process.env.TOKEN}` } }),
});

// It hears the names it listens for, and no others: name your signals too.
const names = ["ready", "notification", "updated", "counts", "gap", "reconnect", "expiring", "__heartbeat__", ...process.env.SIGNALS.split(" ")];
for (const event of names) {
  stream.addEventListener(event, ({ lastEventId, data }) => console.log(JSON.stringify({ event, id: lastEventId, data })));
}

// Also called before each reconnect. CLOSED means that it gave up for good: only a new EventSource helps.
stream.addEventListener("error", () => console.log(JSON.stringify({ event: "error", closed: stream.readyState === stream.CLOSED })));

// While it waits to reconnect it does not keep the process alive; if nothing else of yours does, something must.
setInterval(() => {}, 60_000);
