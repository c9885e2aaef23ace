import { createEventSource } from "eventsource-client";

const stream = createEventSource({
  url: process.env.STREAM_URL,
  // Called for each connection, so a token can be a fresh one every time. Without a look at the status, refused credentials are tried for ever.
  async fetch(url, options) {
    const answer = await fetch(url, { ...options, headers: { ...options.headers, Authorization: `Bearer ${process.env.TOKEN}` } });
    if (answer.status === 401) stream.close();
    return answer;
  },
});

for await (const { event, id, data } of stream) console.log(JSON.stringify({ event, id, data }));
