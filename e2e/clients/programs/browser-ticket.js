// Without a cookie: each EventSource has a ticket of its own, which opens one stream, so none may reconnect by itself.
const { stream: url, token, signals } = document.body.dataset;
const names = ["ready", "notification", "updated", "counts", "gap", "reconnect", "expiring", "__heartbeat__", ...signals.split(" ")];
let lastEventId = "";

async function open() {
  try {
    const answer = await fetch(`${url}/tickets`, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
    if (answer.ok) return listen((await answer.json()).ticket);
    // 401: the token has ended. Get a new one, and open again.
    if (answer.status < 500 && answer.status !== 429) return console.log(JSON.stringify({ event: "error", closed: true }));
    again(1_000 * answer.headers.get("Retry-After"));
  } catch {
    again();
  }
}

function listen(ticket) {
  const stream = new EventSource(`${url}?eventsource=1&ticket=${ticket}&lastEventId=${lastEventId}`);
  let told;
  for (const event of names) {
    stream.addEventListener(event, (message) => {
      console.log(JSON.stringify({ event, id: message.lastEventId, data: message.data }));
      // A stream that only says when to come back has no position.
      lastEventId = message.lastEventId || lastEventId;
      if (event === "reconnect") told = JSON.parse(message.data).retryMs;
    });
  }
  stream.onerror = () => {
    stream.close();
    again(told);
  };
}

function again(told) {
  setTimeout(open, told || 1_000 + Math.random() * 4_000);
}

open();
