// The page: who is shown, the form that publishes, and the samples. What is worth copying is in stream.js, inbox.js and cookie.js.
// The demo server hands out tokens for any name.

import { UserApi, post } from "./api.js";
import { Panel } from "./panel.js";

const $ = (selector) => document.querySelector(selector);
const users = chosenUsers();

bindPublish();
bindCookie();
showCommands();
await signOut(); // a cookie of an earlier visit would come before the panels' tickets
showPanels();

/** `?user=alice&user=bob`: a plain form writes it, a bookmark keeps it. */
function chosenUsers() {
  const asked = new URLSearchParams(location.search).getAll("user").filter((user) => user.trim() !== "");
  return asked.length > 0 ? asked.slice(0, 2) : ["alice", "bob"];
}

function showPanels() {
  document.querySelectorAll(".switch input").forEach((input, index) => { input.value = users[index] ?? ""; });
  const panels = [];
  const showTotal = () => {
    const unseen = panels.reduce((sum, panel) => sum + panel.unseen, 0);
    document.title = `${unseen > 0 ? `(${unseen}) ` : ""}Campanile demo`;
  };
  for (const user of users) {
    const api = new UserApi("notifications", async () => (await post("demo/token", { user })).token);
    panels.push(new Panel({ user, api, host: $("#users"), changed: showTotal }));
  }
}

function bindPublish() {
  const form = $("#publish");
  form.elements.to.value = users.join(", ");
  onSubmit(form, $("#published"), async () => {
    const { recipients } = await post("demo/publish", draftOf(form));
    return `Published to ${recipients} ${recipients === 1 ? "user" : "users"}.`;
  });
}

/** The body of `POST /api/notifications`; what was left empty is left out. */
function draftOf(form) {
  const { to, ...fields } = Object.fromEntries(new FormData(form));
  const filled = Object.entries(fields).filter(([, value]) => value !== "");
  return { ...Object.fromEntries(filled), to: { users: to.split(",").map((user) => user.trim()).filter(Boolean) } };
}

function bindCookie() {
  const state = $("#cookie-state");
  let stream;
  fetch("demo/cookie.js").then((answer) => answer.text()).then((code) => { $("#cookie-code").textContent = code.trim(); });
  $("#cookie").elements.user.value = users[0];
  onSubmit($("#cookie"), state, async () => {
    stream?.close();
    const user = $("#cookie").elements.user.value;
    await post("demo/session", { user });
    ({ stream } = await import(`./cookie.js?${Date.now()}`)); // another address each time: a module runs only once
    stream.onopen = () => { state.textContent = `Open, as ${user}.`; };
    stream.onerror = () => { state.textContent = stream.readyState === EventSource.CLOSED ? "Refused for good." : "Reconnecting."; };
    return `Signed in as ${user}.`;
  });
  $("#cookie-out").onclick = async () => {
    stream?.close();
    state.textContent = await signOut() ? "Signed out." : "The server did not sign out.";
  };
}

/** True if the server has taken the cookie back. */
function signOut() {
  return fetch("demo/session", { method: "DELETE" }).then((answer) => answer.ok, () => false);
}

function onSubmit(form, outcome, act) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    outcome.textContent = "";
    outcome.textContent = await act().catch((error) => error.message);
  });
}

function showCommands() {
  const to = { users };
  $("#curl-publish").textContent = curl("api/notifications", { type: "invoices.approved", to, severity: "success", title: "Invoice 43 approved" });
  $("#curl-signal").textContent = curl("api/signals", { to, event: "order.status", data: { orderId: 42, status: "shipped" } });
  for (const button of document.querySelectorAll(".copy")) {
    button.onclick = () => copy($(`#${button.dataset.copy}`).textContent);
  }
}

async function copy(text) {
  await navigator.clipboard.writeText(text);
  $("#copied").textContent = "Copied.";
}

function curl(path, body) {
  const json = JSON.stringify(body).replaceAll("'", "'\\''");
  return [`curl ${new URL(path, document.baseURI)}`, "-H \"Authorization: Bearer $CAMPANILE_API_KEY\"", "-H 'Content-Type: application/json'", `-d '${json}'`].join(" \\\n  ");
}
