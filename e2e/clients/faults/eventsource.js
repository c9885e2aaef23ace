// Without `?eventsource=1`, and with nothing that keeps the process alive while it waits to reconnect.
import { EventSource } from "eventsource";

const stream = new EventSource(process.env.STREAM_URL, {
  fetch: (url, options) => fetch(url, { ...options, headers: { ...options.headers, Authorization: `Bearer ${process.env.TOKEN}` } }),
});

stream.addEventListener("ready", ({ lastEventId, data }) => console.log(JSON.stringify({ event: "ready", id: lastEventId, data })));
stream.addEventListener("error", () => console.log(JSON.stringify({ event: "error", closed: stream.readyState === stream.CLOSED })));
