// Without `?eventsource=1`.
const { stream: url } = document.body.dataset;
const stream = new EventSource(url, { withCredentials: true });

stream.addEventListener("ready", ({ lastEventId, data }) => console.log(JSON.stringify({ event: "ready", id: lastEventId, data })));
stream.onerror = () => console.log(JSON.stringify({ event: "error", closed: stream.readyState === EventSource.CLOSED }));
