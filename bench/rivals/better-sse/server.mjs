// better-sse as its guide shows it: a channel per user. GET /sub/USER streams, POST /pub/USER publishes.

import { createServer } from "node:http";
import { createChannel, createSession } from "better-sse";

const BACKLOG = 4096;

const channels = new Map();

function channelOf(user) {
  if (!channels.has(user)) {
    channels.set(user, createChannel());
  }
  return channels.get(user);
}

async function bodyOf(request) {
  let body = "";
  for await (const part of request.setEncoding("utf8")) {
    body += part;
  }
  return body;
}

const server = createServer(async (request, response) => {
  const [, what, user] = request.url.split("/");
  if (request.method === "GET" && what === "sub") {
    channelOf(user).register(await createSession(request, response));
  } else if (request.method === "POST" && what === "pub") {
    channelOf(user).broadcast(await bodyOf(request));
    response.writeHead(202, { "Content-Length": 0 }).end();
  } else {
    response.writeHead(404, { "Content-Length": 0 }).end();
  }
});

server.listen(Number(process.argv[2]), "127.0.0.1", BACKLOG);
