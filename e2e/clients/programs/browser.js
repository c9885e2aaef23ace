// With a cookie that your application sets when somebody signs in: EventSource cannot send a header.
const { stream: url, signals } = document.body.dataset;
const stream = new EventSource(`${url}?eventsource=1`, { withCredentials: true });

// It hears the names it listens for, and no others: name your signals too.
const names = ["ready", "notification", "updated", "counts", "gap", "reconnect", "expiring", "__heartbeat__", ...signals.split(" ")];
for (const event of names) {
  stream.addEventListener(event, ({ lastEventId, data }) => console.log(JSON.stringify({ event, id: lastEventId, data })));
}

// Also called before each reconnect. CLOSED means that it gave up for good: only a new EventSource helps.
stream.onerror = () => console.log(JSON.stringify({ event: "error", closed: stream.readyState === EventSource.CLOSED }));
