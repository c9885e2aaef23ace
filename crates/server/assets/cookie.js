export const stream = new EventSource("/notifications/stream?eventsource=1", { withCredentials: true });
stream.addEventListener("notification", (event) => {
  const item = document.createElement("li");
  item.textContent = JSON.parse(event.data).title;
  document.querySelector("#cookie-list").prepend(item);
});
