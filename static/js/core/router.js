/* The address is the state: path and query as one signal, links without reloads, back and forward kept. */
import { signal, computed, batch } from "./signals.js";

const read = () => ({ path: window.location.pathname, query: window.location.search, hash: window.location.hash });

export const place = signal(read());
/** Milliseconds of the newest visit by back or forward; lists restore their place then. */
export const popped = signal(0);

/** {slug, page, rest}: /app/b/<slug>/<page>/<rest…>, or /app/<page>. */
export const route = computed(() => {
  const parts = place.value.path.split("/").filter(Boolean).map(decodeURIComponent);
  if (parts[0] !== "app") return { slug: null, page: "", rest: [] };
  if (parts[1] === "b") return { slug: parts[2] || null, page: parts[3] || "", rest: parts.slice(4) };
  return { slug: null, page: parts[1] || "", rest: parts.slice(2) };
});

/** Go to an address of ours; `replace` leaves no step for the back button. */
export function go(to, { replace = false } = {}) {
  const url = new URL(to, window.location.href);
  const same = url.pathname === place.value.path && url.search === place.value.query;
  if (same && !replace && url.hash === place.value.hash) return;
  window.history[replace ? "replaceState" : "pushState"]({}, "", url);
  place.value = read();
}

export function start() {
  window.addEventListener("popstate", () => batch(() => {
    place.value = read();
    popped.value = Date.now();
  }));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.("a[href]");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== window.location.origin) return;
    if (!link.pathname.startsWith("/app")) return;
    event.preventDefault();
    go(link.href);
  });
}
