// Without an `onclose` that throws.
import { fetchEventSource } from "@microsoft/fetch-event-source";

const { stream: url, token } = document.body.dataset;

await fetchEventSource(url, {
  headers: { Authorization: `Bearer ${token}` },
  onmessage: ({ event, id, data }) => console.log(JSON.stringify({ event, id, data })),
});
console.log(JSON.stringify({ event: "error", closed: true }));
