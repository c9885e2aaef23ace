// With the position that it keeps itself.
import { fetchEventSource } from "@microsoft/fetch-event-source";

const { stream: url, token } = document.body.dataset;

await fetchEventSource(url, {
  headers: { Authorization: `Bearer ${token}` },
  onmessage: ({ event, id, data }) => console.log(JSON.stringify({ event, id, data })),
  onclose() {
    throw new Error("the stream ended");
  },
});
