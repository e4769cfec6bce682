/* What the list knows: the index of all matching rows, the rows' briefs as they come into view, the choice. */
import { signal, computed, batch } from "../core/signals.js";
import { get } from "../core/api.js";
import { loadCounts } from "../core/business.js";
import { toApi, toQuery, belongs } from "./filters.js";

/** {key, state: "idle"|"loading"|"ready"|"error", rows: [[id, day, minor, currency]], total, capped, error} */
export const list = signal({ key: null, state: "idle", rows: [], total: 0, capped: false, error: null });
export const tabCounts = signal(null); // counts under the current filter's other parts
export const stats = signal(null); // {now, year}: of the filter, and of twelve months
export const chosen = signal(new Set()); // ids selected
export const chosenAll = signal(false); // every row of the filter, also the unseen ones
export const position = computed(() => new Map(list.value.rows.map((entry, n) => [entry[0], n])));

const briefs = new Map(); // id → signal(brief | null)
const touched = new Map(); // id → number of own changes under way: a poll must not overwrite them

export function briefOf(id) {
  let one = briefs.get(id);
  if (!one) briefs.set(id, (one = signal(null)));
  return one;
}

/** Take briefs from the server, unless an own change of that row is on its way. */
export function take(items) {
  batch(() => {
    for (const item of items) {
      const one = briefOf(item.id);
      if (!touched.get(item.id) && !(one.value && one.value.version > item.version)) one.value = item;
    }
  });
}
export const hold = (id) => touched.set(id, (touched.get(id) || 0) + 1);
export function release(id) {
  const left = (touched.get(id) || 1) - 1;
  if (left) touched.set(id, left);
  else touched.delete(id);
}

/* ---- rows as they come into view: a hundred at a time, before the last of them is reached */
const asked = new Set();
const EDGE = 30, AHEAD = 100;

/** The rows from `first` to `end` are in view. */
export function want(rows, first, end) {
  const missing = (n) => n >= 0 && n < rows.length && !briefOf(rows[n][0]).peek() && !asked.has(rows[n][0]);
  let gap = false;
  for (let n = first - EDGE; n < end + EDGE && !gap; n += 1) gap = missing(n);
  if (!gap) return;
  const ids = [];
  for (let n = first; n < end && ids.length < AHEAD; n += 1) if (missing(n)) ids.push(rows[n][0]);
  for (let n = 1; n <= AHEAD && ids.length < AHEAD; n += 1) {
    for (const other of [end - 1 + n, first - n]) if (missing(other)) ids.push(rows[other][0]);
  }
  if (ids.length) gather(ids.slice(0, 200));
}
async function gather(ids) {
  ids.forEach((id) => asked.add(id));
  try {
    take((await get("/api/receipts", { ids: ids.join(","), limit: 200 })).items);
  } catch { /* the rows stay grey; the next scroll or poll asks again */ } finally {
    ids.forEach((id) => asked.delete(id));
  }
}

/* ---- the index */
let serial = 0;
let current = null;

/** Load the list of a filter; `quiet` keeps the old one until then. */
export async function load(filter, { quiet = false } = {}) {
  const key = toQuery(filter);
  const mine = (serial += 1);
  current = filter;
  if (!quiet && list.value.key !== key) {
    batch(() => {
      list.value = { key, state: "loading", rows: [], total: 0, capped: false, error: null };
      unchoose();
    });
  }
  try {
    const query = { ...toApi(filter), sort: filter.sort };
    const first = list.value.state === "loading" ? get("/api/receipts", { ...query, limit: 40 }) : null;
    first?.catch(() => {});
    const index = await get("/api/receipts/index", query);
    if (first) await first.then((page) => take(page.items), () => {});
    if (mine !== serial) return;
    list.value = { key, state: "ready", rows: index.items, total: index.total, capped: index.capped, error: null };
  } catch (error) {
    if (mine !== serial || error.name === "AbortError") return;
    if (quiet) return; // the old list stays; the next poll tries again
    list.value = { key, state: "error", rows: [], total: 0, capped: false, error };
  }
}

/** Counts of the tabs, sums of the summary; failures leave the old ones. */
export async function loadFigures(filter, since) {
  const { status, exported, deleted, sort, ...rest } = filter;
  const mine = toQuery(filter);
  const jobs = [
    get("/api/receipts/counts", toApi({ ...rest, deleted: undefined })).then((c) => {
      if (current && mine === toQuery(current)) tabCounts.value = c;
    }),
    get("/api/receipts/stats", { ...toApi(filter, { withoutTime: true }), from_date: since }).then((year) => {
      if (current && mine === toQuery(current)) stats.value = { ...stats.value, year };
    }),
    loadCounts(),
  ];
  if (filter.month || filter.from_date || filter.to_date) {
    jobs.push(get("/api/receipts/stats", toApi(filter)).then((now) => {
      if (current && mine === toQuery(current)) stats.value = { ...stats.value, now };
    }));
  } else stats.value = { ...stats.value, now: null };
  await Promise.allSettled(jobs);
}

let again = 0;
/** Load list and figures anew, softly, soon, once. Resolves when the list is here. */
export function refresh(since, delay = 700) {
  clearTimeout(again);
  return new Promise((done) => {
    again = setTimeout(() => {
      if (!current) { done(); return; }
      load(current, { quiet: true }).then(done);
      loadFigures(current, since ?? sinceDay);
    }, delay);
    setTimeout(done, delay + 5000); // a later call may have taken this one's place
  });
}
let sinceDay;
export const rememberSince = (day) => { sinceDay = day; };

/** Put a changed row where it belongs at once: out of the list when it left the filter. */
export function settle(receipt) {
  if (!current) return;
  const { rows, total } = list.value;
  const there = position.value.has(receipt.id);
  const stays = belongs(current, receipt);
  if (there && !stays) {
    list.value = { ...list.value, rows: rows.filter((entry) => entry[0] !== receipt.id), total: total - 1 };
  } else if (there) {
    const n = position.value.get(receipt.id);
    const [, day, minor, currency] = rows[n];
    const money = receipt.total;
    if (day !== receipt.date || minor !== (money?.minor ?? null) || currency !== (money?.currency ?? null)) {
      const copy = rows.slice();
      copy[n] = [receipt.id, day, money?.minor ?? null, money?.currency ?? null];
      list.value = { ...list.value, rows: copy };
    }
  }
}

/** Rows changed by others or by a sync. */
export function changedElsewhere(items, removed = []) {
  if (!items.length && !removed.length) return;
  take(items);
  if (!current) return;
  const moved = removed.some((id) => position.value.has(id)) ||
    items.some((item) => position.value.has(item.id) !== belongs(current, item) || !position.value.has(item.id));
  if (moved) refresh(undefined, 400);
}

/* ---- the choice */
export function unchoose() {
  batch(() => {
    if (chosen.value.size) chosen.value = new Set();
    chosenAll.value = false;
  });
}
export function choose(ids, on) {
  const next = new Set(chosen.value);
  for (const id of ids) if (on) next.add(id); else next.delete(id);
  batch(() => { chosen.value = next; chosenAll.value = false; });
}
/** How many are chosen. */
export const chosenCount = computed(() => (chosenAll.value ? list.value.total : chosen.value.size));

const forgetful = new Set();
/** Have something forgotten together with the list. */
export const onForget = (act) => forgetful.add(act);

/** Forget everything (another business, signed out). */
export function forget() {
  forgetful.forEach((act) => act());
  briefs.clear();
  current = null;
  serial += 1;
  batch(() => {
    list.value = { key: null, state: "idle", rows: [], total: 0, capped: false, error: null };
    tabCounts.value = null;
    stats.value = null;
    unchoose();
  });
}
