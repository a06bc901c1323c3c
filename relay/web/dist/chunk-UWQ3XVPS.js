import {
  JsonError,
  JsonNumber,
  JsonObject,
  bodyReader,
  parseJson
} from "./chunk-NQ23W23I.js";
import {
  ShareError,
  concat,
  fail,
  fromUtf8,
  isFailure
} from "./chunk-SKKJOJXW.js";
import {
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/api.ts
init_define_WORD_LIST_NAMES();
var CALL_MS = 6e4;
var MANIFEST_MS = CALL_MS + 256e3;
var STALL_MS = 3e4;
var STALL_BYTES = 16 * 1024;
var MAX_ANSWER_BYTES = 1024 * 1024;
var LAST_MOMENT = 864e10;
var MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
var Relay = class {
  constructor(base) {
    this.base = base;
  }
  base;
  /** State, sizes, times. */
  async status(id, signal) {
    return statusOf(await this.#json("GET", id, "", null, signal));
  }
  /** Proves, and gets the manifest's age file. Takes no download. */
  async open(id, proof, signal) {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(MANIFEST_MS)]);
    const response = await this.#call("POST", id, "/open", jsonBody(withProof(proof)), limited);
    return readBounded(response, MAX_MANIFEST_BYTES, limited);
  }
  /**
   * Takes one of the allowed downloads, or one that somebody with the same words has left. Repeating it with the same hash
   * takes no second one; a ticket that has ended is refused.
   */
  async takeTicket(id, proof, ticketHash, signal) {
    const taken = await this.#json("POST", id, "/tickets", jsonBody({ ...withProof(proof), ticket_hash: ticketHash }), signal);
    new Fields(taken).moment("expires_at");
  }
  /** The content's bytes from `from` to `to`. `etag` is that of an earlier answer, if this goes on from one. */
  async content(id, ticket, from, to, etag, signal) {
    const headers = { Authorization: `Bearer ${ticket}`, Range: `bytes=${from}-${to - 1}` };
    if (etag !== null) headers["If-Range"] = etag;
    const stalled = new AbortController();
    const begun = setTimeout(() => stalled.abort(new DOMException("no answer", "TimeoutError")), CALL_MS);
    try {
      const response = await this.#call("GET", id, "/content", { headers }, AbortSignal.any([signal, stalled.signal]));
      return { ...checkRange(response, from, to, etag), body: bodyOf(response, signal, stalled) };
    } catch (error) {
      if (!isFailure(error, "relay_failed") || error.failure.status !== 416) throw error;
      return fail({ code: etag === null ? "not_the_content" : "content_changed" });
    } finally {
      clearTimeout(begun);
    }
  }
  /** Tells that the content was decrypted, verified and saved. Until when the ticket still downloads; `null` if it has ended. */
  async receipt(id, ticket, receipt, signal) {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
    const init = jsonBody(receipt);
    init.headers = { ...init.headers, Authorization: `Bearer ${ticket}` };
    const response = await this.#call("POST", id, "/receipt", init, limited);
    if (response.status === 204) return null;
    return new Fields(await readJson(response, MAX_ANSWER_BYTES, limited)).moment("again_until");
  }
  async #json(method, id, path, init, signal) {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
    const response = await this.#call(method, id, path, init, limited);
    return readJson(response, MAX_ANSWER_BYTES, limited);
  }
  /** The response, if it is a success; else throws the failure it stands for. */
  async #call(method, id, path, init, signal) {
    const url = `${this.base}/v1/shares/${id}${path}`;
    const always = { cache: "no-store", credentials: "omit", redirect: "manual", referrerPolicy: "no-referrer" };
    const response = await fetch(url, { ...always, ...init, method, signal }).catch((error) => rethrow(error, signal));
    if (response.type === "opaqueredirect" || response.status >= 300 && response.status < 400) fail({ code: "redirected" });
    if (response.ok && mediaType(response) === "text/html") fail({ code: "unreachable" });
    if (response.ok) return response;
    return fail(await failureOfAnswer(response, signal));
  }
};
function arrivedOf({ state, storedBytes, payloadBytes }) {
  if (state === "ready") return null;
  return { storedBytes, ...payloadBytes === void 0 ? {} : { totalBytes: payloadBytes } };
}
var PASSING_STATUSES = /* @__PURE__ */ new Set([408, 421, 425, 429, 500, 502, 503, 504, 507, 511, 520, 521, 522, 523, 524, 529]);
function isPassing(failure) {
  switch (failure.code) {
    case "unreachable":
    case "stalled":
    case "busy":
    case "not_uploaded":
      return true;
    case "relay_failed":
      return PASSING_STATUSES.has(failure.status) && failure.problem !== "content_damaged";
    default:
      return false;
  }
}
function jsonBody(value) {
  return { headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}
function withProof(proof) {
  return proof === null ? {} : { proof };
}
function rethrow(error, signal) {
  if (signal.aborted) {
    const timedOut = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
    fail({ code: timedOut ? "stalled" : "cancelled" });
  }
  if (error instanceof TypeError) fail({ code: "unreachable" });
  throw error;
}
function mediaType(response) {
  return response.headers.get("Content-Type")?.split(";", 1)[0]?.trim().toLowerCase();
}
async function failureOfAnswer(response, signal) {
  const { status } = response;
  if (mediaType(response) !== "application/problem+json") return { code: "relay_failed", status };
  const problem = await readJson(response, MAX_ANSWER_BYTES, signal);
  return failureOfProblem(status, new Fields(problem), Number(response.headers.get("Retry-After")));
}
function failureOfProblem(status, problem, retryAfter) {
  const code = problem.text("code");
  switch (code) {
    case "wrong_proof":
      return {
        code: "words_wrong",
        ...problem.maybe("tries_left", (triesLeft) => ({ triesLeft })),
        ...problem.maybeMoment("locked_until", (lockedUntil) => ({ lockedUntil }))
      };
    case "locked":
      return { code, until: problem.moment("locked_until") };
    case "not_ready":
      return {
        code: "not_uploaded",
        storedBytes: problem.whole("stored_bytes"),
        ...problem.maybe("total_bytes", (totalBytes) => ({ totalBytes }))
      };
    case "expired":
    case "revoked":
    case "collected":
      return { code, ...problem.maybeMoment("at", (at) => ({ at })) };
    case "downloads_taken":
    case "not_found":
      return { code };
    case "damaged_id":
      return { code: "link_damaged" };
    case "ticket_invalid":
      return { code: "ticket_ended" };
    case "too_busy":
      return { code: "busy", seconds: Number.isFinite(retryAfter) ? retryAfter : 0 };
    default:
      return { code: "relay_failed", status, problem: /^[a-z_]{1,40}$/.test(code) ? code : "unknown" };
  }
}
function statusOf(value) {
  const fields = new Fields(value);
  const [state, kind] = [fields.text("state"), fields.text("kind")];
  if (state !== "uploading" && state !== "ready") badAnswer("state");
  if (kind !== "words" && kind !== "keys") badAnswer("kind");
  return {
    state,
    kind,
    now: fields.moment("now"),
    expiresAt: fields.moment("expires_at"),
    storedBytes: fields.whole("stored_bytes"),
    ...fields.maybe("payload_bytes", (payloadBytes) => ({ payloadBytes })),
    ...fields.maybeMoment("locked_until", (lockedUntil) => ({ lockedUntil })),
    ...fields.maybe("downloads_left", (downloadsLeft) => ({ downloadsLeft })),
    ...fields.maybeMoment("again_until", (againUntil) => ({ againUntil }))
  };
}
var Fields = class {
  #object;
  constructor(value) {
    this.#object = value instanceof JsonObject ? value : badAnswer("JSON");
  }
  text(name) {
    const value = this.#object.get(name);
    return typeof value === "string" ? value : badAnswer(name);
  }
  whole(name) {
    const value = this.#object.get(name);
    const whole = value instanceof JsonNumber ? value.whole : null;
    return whole !== null && Number.isFinite(whole) ? whole : badAnswer(name);
  }
  /** Seconds since 1970, which can be shown as a time. */
  moment(name) {
    const value = this.whole(name);
    return value <= LAST_MOMENT ? value : badAnswer(name);
  }
  maybe(name, use) {
    return this.#object.has(name) ? use(this.whole(name)) : {};
  }
  maybeMoment(name, use) {
    return this.#object.has(name) ? use(this.moment(name)) : {};
  }
};
function badAnswer(what) {
  fail({ code: "bad_answer", what });
}
async function readJson(response, limit, signal) {
  const bytes = await readBounded(response, limit, signal);
  try {
    return parseJson(fromUtf8(bytes) ?? "");
  } catch (error) {
    if (error instanceof JsonError) badAnswer("JSON");
    throw error;
  }
}
async function readBounded(response, limit, signal) {
  const parts = [];
  let length = 0;
  for await (const part of bodyOf(response, signal, new AbortController())) {
    length += part.length;
    if (length > limit) badAnswer("length");
    parts.push(part.slice());
  }
  return concat(...parts);
}
async function* bodyOf(response, signal, stalled) {
  if (!response.body) return;
  const reader = bodyReader(response.body);
  let [waited, count] = [0, 0];
  try {
    for (; ; ) {
      const asked = performance.now();
      const { done, value } = await within(reader.read(), STALL_MS - waited, signal, stalled);
      if (done || !value) return;
      waited += performance.now() - asked;
      count += value.length;
      if (count >= STALL_BYTES) [waited, count] = [0, 0];
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {
    });
  }
}
async function within(reading, ms, signal, stalled) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject(new ShareError({ code: "stalled" }));
      stalled.abort();
    }, Math.max(0, ms));
  });
  try {
    return await Promise.race([reading, late]);
  } catch (error) {
    return rethrow(error, signal);
  } finally {
    clearTimeout(timer);
  }
}
function checkRange(response, from, to, etag) {
  const given = response.headers.get("ETag");
  const found = given?.startsWith("W/") ? null : given;
  const isOther = found !== null && found !== etag;
  if (etag !== null && (isOther || response.status === 200)) fail({ code: "content_changed" });
  if (response.status !== 206) badAnswer("status");
  const range = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(response.headers.get("Content-Range") ?? "");
  if (!range || Number(range[1]) !== from || Number(range[2]) !== to - 1) badAnswer("Content-Range");
  return { total: Number(range[3]), etag: found };
}

// src/backoff.ts
init_define_WORD_LIST_NAMES();
var FIRST_WAIT_MS = 400;
var LONGEST_WAIT_MS = 2e4;
var LONG_PATIENCE_MS = 24 * 3600 * 1e3;
var SENDER_MS = 3e3;
async function withPatience(patience, call) {
  const backoff = new Backoff(patience);
  for (; ; ) {
    try {
      return await call();
    } catch (error) {
      await backoff.wait(error);
    }
  }
}
var Backoff = class {
  constructor(patience) {
    this.patience = patience;
  }
  patience;
  #failingSince = null;
  #wait = FIRST_WAIT_MS;
  /** Something worked: the next failure begins a new series. */
  worked() {
    this.#failingSince = null;
    this.#wait = FIRST_WAIT_MS;
  }
  /** Waits before the next try; throws the error if there should be none. */
  async wait(error) {
    if (!(error instanceof ShareError) || !isPassing(error.failure)) throw error;
    if (error.failure.code === "not_uploaded") this.worked();
    const now = performance.now();
    this.#failingSince ??= now;
    const left = this.patience.total - (now - this.#failingSince);
    if (left <= 0) throw error;
    this.patience.notice(error.failure);
    await pause(Math.min(this.#nextWait(error.failure), left), this.patience.signal);
  }
  /** Twice the last wait with a jitter of ±25 %, so that clients spread out; longer if the relay asks for more. */
  #nextWait(failure) {
    const base = failure.code === "not_uploaded" ? SENDER_MS : this.#wait;
    const own = base * (0.75 + Math.random() / 2);
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT_MS);
    return failure.code === "busy" ? Math.max(own, 1e3 * failure.seconds) : own;
  }
};
async function pause(ms, signal) {
  if (signal.aborted) fail({ code: "cancelled" });
  const ended = new AbortController();
  await new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const cancelled = () => reject(new ShareError({ code: "cancelled" }));
    signal.addEventListener("abort", cancelled, { signal: ended.signal });
    globalThis.addEventListener?.("online", () => resolve(), { signal: ended.signal });
    ended.signal.addEventListener("abort", () => clearTimeout(timer));
  }).finally(() => ended.abort());
}

export {
  Relay,
  arrivedOf,
  isPassing,
  readJson,
  LONG_PATIENCE_MS,
  SENDER_MS,
  withPatience,
  Backoff
};
