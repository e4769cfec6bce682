/* The only module that fetches: session, CSRF, business header, retries, and errors as values with a code. */
import { signal } from "./signals.js";
import { t, has, lang } from "./i18n.js";

export const me = signal(null); // GET /api/me, or null
export const session = signal("loading"); // "loading" | "out" | "in" | "expired" | "down"
export const slug = signal(null); // the business at hand
export const online = signal(navigator.onLine);
window.addEventListener("online", () => { online.value = true; });
window.addEventListener("offline", () => { online.value = false; });

export class ApiError extends Error {
  constructor(status, body) {
    super(body?.error || `HTTP ${status}`);
    this.status = status;
    this.code = body?.code || (status ? `http_${status}` : "offline");
    this.body = body || {};
  }
}

/** What to tell a person: our own words for a known code, else the server's sentence. */
export function sentence(error) {
  if (!(error instanceof ApiError)) return t("error.unknown");
  const key = `error.${error.code}`;
  if (has(key) && (lang.value !== "en" || !error.body.error)) return t(key, error.body);
  if (error.body.error) return error.body.error;
  return t(error.status >= 500 ? "error.server" : "error.unknown");
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const QUIET = new Set(["/api/session"]);

/** Path of a picture or download, which cannot carry headers. */
export function fileUrl(path, query = {}) {
  const params = new URLSearchParams({ ...query, b: slug.value || "" });
  return `${path}?${params}`;
}

/**
 * One request. `query`: object of parameters (empty ones left out); `body`: JSON, or a FormData;
 * `version`: sent as If-Match. Gives the parsed answer (null for 204); throws ApiError.
 */
export async function api(method, path, { query, body, version, signal: abort, tries = method === "GET" ? 3 : 1 } = {}) {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query || {})) {
    if (value !== undefined && value !== null && value !== "") params.set(key, value);
  }
  const headers = { Accept: "application/json" };
  if (slug.value) headers["X-Business"] = slug.value;
  if (method !== "GET" && me.value?.csrf) headers["X-CSRF-Token"] = me.value.csrf;
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  const form = body instanceof FormData || body instanceof Blob;
  if (body !== undefined && !form) headers["Content-Type"] = "application/json";
  const address = params.size ? `${path}?${params}` : path;
  for (let n = 1; ; n += 1) {
    try {
      return await once(address, { method, headers, credentials: "same-origin", signal: abort, cache: "no-cache",
        body: body === undefined ? undefined : form ? body : JSON.stringify(body) });
    } catch (error) {
      const passing = error instanceof ApiError && (error.status === 0 || error.status === 502 || error.status === 504);
      if (!passing || n >= tries || !navigator.onLine) {
        if (error.code === "month_closed" && !query?.confirm && await (await import("../ui/closed.js")).ask(error)) {
          return api(method, path, { query: { ...query, confirm: error.code }, body, version });
        }
        if (error.status === 401 && !QUIET.has(path)) session.value = "expired";
        throw error;
      }
      await wait(300 * 2 ** n * (0.8 + Math.random() * 0.4));
    }
  }
}

async function once(address, init) {
  let answer;
  try {
    answer = await fetch(address, init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, null);
  }
  if (answer.status === 204) return null;
  let body = null;
  try { body = await answer.json(); } catch { /* a proxy's page instead of JSON: the status speaks */ }
  if (!answer.ok) throw new ApiError(answer.status, body);
  return body;
}

/** A picture that failed: ask again while the server says that it is busy drawing, then show it, or give up. */
export async function pictureLater(picture, giveUp) {
  const { src } = picture;
  const there = !picture.dataset.again && await drawn(src);
  picture.dataset.again = "1"; // what comes and still is no picture never will be one
  if (there) picture.src = src;
  else giveUp();
}

async function drawn(address) {
  for (let n = 0; n < 10; n += 1) {
    const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
    if (answer?.ok) return true;
    const told = answer?.status === 503 ? await answer.json().catch(() => null) : null;
    if (told?.code !== "drawing_busy") return false;
    await wait(1000 * (0.8 + Math.random() * 0.4));
  }
  return false;
}

export const get = (path, query, options) => api("GET", path, { query, ...options });
export const post = (path, body = {}, options) => api("POST", path, { body, ...options });
export const patch = (path, body, version) => api("PATCH", path, { body, version });
export const del = (path, query) => api("DELETE", path, { query });
