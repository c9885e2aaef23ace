// The page with one inbox: of whoever is signed in, or, where the application takes tokens, of the user of one that is given here.

import { UserApi } from "./api.js";
import { Panel } from "./panel.js";

const { notifications } = document.documentElement.dataset;
const host = document.querySelector("#users");
let panel = show();

document.querySelector("#token")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const { token } = event.target.elements;
  panel.remove();
  panel = show(token.value.trim());
  event.target.reset();
});

/** Without a token the browser's cookies say who it is, as on every page of the application. */
function show(token = "") {
  const api = new UserApi(notifications, async () => token);
  return new Panel({ api, host, changed: showUnseen });
}

function showUnseen(panel) {
  document.title = `${panel.unseen > 0 ? `(${panel.unseen}) ` : ""}Notifications`;
}
