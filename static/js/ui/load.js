/* Loading what a page shows: one thing, a list that comes by pages, a thing that changes by itself. */
import { html, useEffect, useRef, useState } from "../core/signals.js";
import { get } from "../core/api.js";
import { t } from "../core/i18n.js";

/** Run `act` when the component is shown and whenever `deps` change; gives [value, error, reload]. */
export function useLoad(act, deps) {
  const [state, set] = useState([undefined, null]);
  const serial = useRef(0);
  const reload = async () => {
    const mine = (serial.current += 1);
    try {
      const value = await act();
      if (mine === serial.current) set([value, null]);
    } catch (error) {
      if (mine === serial.current) set([undefined, error]);
    }
  };
  useEffect(() => {
    reload();
    return () => { serial.current += 1; };
  }, deps);
  return [state[0], state[1], reload];
}

/** Do `act` every `ms(…)` milliseconds while the page is looked at; `ms` false: not at all. */
export function usePoll(act, ms) {
  const newest = useRef(act);
  newest.current = act;
  useEffect(() => {
    if (!ms) return undefined;
    const timer = setInterval(() => { if (!document.hidden) newest.current(); }, ms);
    const seen = () => { if (!document.hidden) newest.current(); };
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [ms]);
}

/**
 * A list of the API that comes by pages: [{items, next, busy, error, page}, {more, reload}]. `items` is null until the
 * first page is here; `page` is the newest answer. A changed query begins anew; reload() keeps what is seen meanwhile.
 */
export function usePaged(path, query = {}) {
  const empty = { items: null, next: null, busy: true, error: null, page: null };
  const [state, set] = useState(empty);
  const serial = useRef(0);
  const load = async (cursor, quiet) => {
    const mine = (serial.current += 1);
    set((old) => (quiet ? { ...old, busy: true } : empty));
    try {
      const page = await get(path, { limit: 50, ...query, cursor });
      if (mine === serial.current) {
        set((old) => ({ items: cursor ? [...(old.items || []), ...page.items] : page.items, next: page.next_cursor, busy: false, error: null, page }));
      }
    } catch (error) {
      if (mine === serial.current) set((old) => ({ ...old, busy: false, error }));
    }
  };
  useEffect(() => {
    load(null, false);
    return () => { serial.current += 1; };
  }, [path, JSON.stringify(query)]);
  return [state, { more: () => { if (state.next && !state.busy) load(state.next, true); }, reload: () => load(null, true) }];
}

/** The end of such a list: fetches the next page when it comes near, and by a button. */
export function MoreOf({ list, more }) {
  const end = useRef(null);
  useEffect(() => {
    if (!end.current) return undefined;
    const near = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) more(); }, { rootMargin: "600px" });
    near.observe(end.current);
    return () => near.disconnect();
  }, [list.next, list.busy]);
  return list.next && html`<p class="more" ref=${end}><button type="button" class="btn" disabled=${list.busy} onClick=${more}>${t("act.load_more")}</button></p>`;
}
