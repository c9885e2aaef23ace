// For what EventSource takes for final: in Firefox a refused connection, everywhere a status other than 200.
const { stream: url, signals } = document.body.dataset;
const names = ["ready", "notification", "updated", "counts", "gap", "reconnect", "expiring", "__heartbeat__", ...signals.split(" ")];
let lastEventId = "";

function open() {
  const stream = new EventSource(`${url}?eventsource=1&lastEventId=${lastEventId}`, { withCredentials: true });
  for (const event of names) {
    stream.addEventListener(event, (message) => {
      // A stream that only says when to come back has no position.
      lastEventId = message.lastEventId || lastEventId;
      console.log(JSON.stringify({ event, id: lastEventId, data: message.data }));
    });
  }
  stream.onerror = () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(open, 3_000 + Math.random() * 3_000);
  };
}

open();
