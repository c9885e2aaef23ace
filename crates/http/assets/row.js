// One notification as a list item.

const SEVERITIES = ["info", "success", "warning", "error", "fatal"];

/** The list item of a notification. All text goes in as text, never as markup. */
export function newRow(item) {
  const row = document.querySelector("#item-template").content.cloneNode(true).firstElementChild;
  const title = item.title ?? item.notificationTypeName;
  const severity = SEVERITIES.includes(item.severity) ? item.severity : "info";
  row.dataset.id = item.notificationId;
  row.dataset.severity = severity;
  row.querySelector(".icon").setAttribute("aria-label", severity);
  row.querySelector(".icon use").setAttribute("href", `#icon-${severity}`);
  row.querySelector(".title").textContent = title;
  row.querySelector(".body").textContent = item.body ?? "";
  row.querySelector(".type").textContent = item.notificationTypeName;
  row.querySelector("time").dateTime = item.occurredAt;
  row.querySelector("time").textContent = clock(new Date(item.occurredAt));
  setLink(row.querySelector(".link"), item.link);
  label(row, "archive", `Archive: ${title}`);
  label(row, "delete", `Delete: ${title}`);
  return row;
}

/** The part of a row that changes. */
export function paintRow(row, item) {
  row.classList.toggle("read", item.read);
  row.classList.toggle("unseen", !item.seen);
  row.querySelector(".unread-mark").hidden = item.read;
  label(row, "read", `${item.read ? "Mark as unread" : "Mark as read"}: ${row.querySelector(".title").textContent}`);
}

function label(row, act, text) {
  const button = row.querySelector(`[data-act="${act}"]`);
  button.setAttribute("aria-label", text);
  button.title = text.slice(0, text.indexOf(":"));
}

/** Only http(s), or a path of this site: a link is text from elsewhere until it is checked. */
function setLink(anchor, link) {
  const url = link && URL.canParse(link, location.href) ? new URL(link, location.href) : null;
  const external = /^https?:\/\//i.test(link ?? "");
  const local = (link ?? "").startsWith("/") && url?.origin === location.origin;
  anchor.hidden = !url || !(external || local);
  if (anchor.hidden) return;
  anchor.href = url.href;
  anchor.textContent = external ? url.host : link;
}

/** The time of day; with the date if that is another day. */
export function clock(date) {
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString() : date.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}
