// The HTTP side, as one user.

const TIMEOUT_MS = 10_000;

/**
 * Calls the user's API at `base` (such as `/notifications`). `fetchToken` answers with a bearer token, or with an empty text where a cookie
 * says who it is; it is asked again when the token is refused. In an application it asks your own back end, which knows who is signed in.
 */
export class UserApi {
  #fetchToken;
  #token;

  constructor(base, fetchToken) {
    this.base = base;
    this.#fetchToken = fetchToken;
  }

  /** Makes the next request get a new token first. */
  forgetToken() {
    this.#token = undefined;
  }

  /** Answers with the parsed JSON (`null` for 204); throws an `Error` whose message can be shown. */
  async request(method, path = "", body = undefined) {
    let response = await this.#send(method, path, body);
    if (response.status === 401) {
      this.forgetToken();
      response = await this.#send(method, path, body);
    }
    return answerOf(response);
  }

  async #send(method, path, body) {
    this.#token ??= await this.#fetchToken();
    return send(method, `${this.base}${path}`, body, this.#token ? { Authorization: `Bearer ${this.#token}` } : {});
  }
}

/** `POST` without a token: for what is not the user's API. */
export async function post(path, body) {
  return answerOf(await send("POST", path, body));
}

function send(method, path, body, headers = {}) {
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  if (content.body) headers = { ...headers, "Content-Type": "application/json" };
  return fetch(path, { method, headers, ...content, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
}

async function answerOf(response) {
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(explain(response.status, answer));
  return answer;
}

/** One line from a problem document (RFC 9457); validation problems list every fault with its JSON pointer. */
function explain(status, problem) {
  const faults = (problem.errors ?? []).map(({ pointer, detail }) => `${pointer ?? ""} ${detail ?? ""}`.trim());
  return [problem.detail ?? problem.title ?? `The server answered ${status}.`, ...faults].join(" · ");
}
