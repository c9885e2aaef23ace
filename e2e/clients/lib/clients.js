// The clients of the matrix. `resumes`: it comes back to where it was. `parameter`: it needs `?eventsource=1`, because it gives up on any status but 200.

import { Program } from "./client.js";

const NODE = process.execPath;
const PYTHON = process.env.PYTHON ?? "python3";

const program = (name, command, file, traits) => ({ name, file, open: (_, access) => Program.start(name, command, file, access), ...traits });
const page = (name, browser, file, traits) => ({ name, file, open: (world, access) => world.page(name, browser, file, access), ...traits });

export const CURL = { name: "curl", file: "programs/curl.sh", open: (_, access) => Program.startRaw("curl", "sh", "programs/curl.sh", access) };
export const EVENTSOURCE = program("eventsource", NODE, "programs/eventsource.js", { resumes: true, parameter: true });
export const EVENTSOURCE_CLIENT = program("eventsource-client", NODE, "programs/eventsource-client.js", { resumes: true });
export const FETCH_EVENT_SOURCE = page("fetch-event-source", "chromium", "programs/fetch-event-source.js", { resumes: true });
export const HTTPX_SSE = program("httpx-sse", PYTHON, "programs/with_httpx_sse.py", { resumes: true });
export const SSECLIENT = program("sseclient-py", PYTHON, "programs/with_sseclient.py", { resumes: true });
export const CHROMIUM = page("Chromium", "chromium", "programs/browser.js", { resumes: true, parameter: true });
export const FIREFOX = page("Firefox", "firefox", "programs/browser.js", { resumes: true, parameter: true });
export const TICKETS = page("Chromium with tickets", "chromium", "programs/browser-ticket.js", { resumes: true, parameter: true });

export const CLIENTS = [CURL, EVENTSOURCE, EVENTSOURCE_CLIENT, FETCH_EVENT_SOURCE, HTTPX_SSE, SSECLIENT, CHROMIUM, FIREFOX, TICKETS];

/** Another program or page in the place of a client's own, to see what it does without our care. */
export const alone = {
  node: (name, file) => program(name, NODE, file),
  python: (name, file) => program(name, PYTHON, file),
  chromium: (name, file) => page(name, "chromium", file),
  firefox: (name, file) => page(name, "firefox", file),
};
