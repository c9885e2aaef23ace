// Without a look at the status.
import { createEventSource } from "eventsource-client";

const stream = createEventSource({ url: process.env.STREAM_URL, headers: { Authorization: `Bearer ${process.env.TOKEN}` } });

for await (const { event, id, data } of stream) console.log(JSON.stringify({ event, id, data }));
