/* The virtual list: any number of rows, a handful in the page; keyboard, choice, place kept. */
import { html, useRef, useState, useLayoutEffect, useEffect, useMemo } from "../core/signals.js";
import { mayWrite } from "../core/business.js";
import { popped } from "../core/router.js";
import { t } from "../core/i18n.js";
import { density } from "../core/prefs.js";
import { calm } from "../ui/lazy.js";
import { list, want, position, choose, chosen, chosenAll } from "./list.js";
import { layout, visible } from "./offsets.js";
import { Row, DayHead, cursor, peek } from "./row.js";

const places = new Map(); // list key → scrollTop: where the reader was
const phone = window.matchMedia("(max-width: 640px)");
const coarse = window.matchMedia("(pointer: coarse)");

function sizes() {
  const touch = phone.matches || coarse.matches;
  return { row: touch ? 72 : density.value === "compact" ? 44 : 58, head: phone.matches ? 36 : 34 };
}

let scroller = null;
let current = null; // the layout on the screen

/** Bring a row into view; `focus` puts the keyboard there. */
export function reveal(id, focus = false) {
  const n = position.value.get(id);
  if (n === undefined || !scroller || !current) return;
  const line = current.lines.indexOf(n);
  const top = current.tops[line], { row } = sizes();
  const view = scroller.clientHeight;
  if (top < scroller.scrollTop + 40) scroller.scrollTop = top - 60;
  else if (top + row > scroller.scrollTop + view - 20) scroller.scrollTop = top + row - view + 60;
  if (focus) requestAnimationFrame(() => focusRow(id, 30));
}

/* A row far away is drawn some frames after the list has scrolled to it. */
function focusRow(id, tries) {
  const row = scroller?.querySelector(`[data-id="${id}"]`);
  if (row) row.focus({ preventScroll: true });
  else if (tries && cursor.peek() === id) requestAnimationFrame(() => focusRow(id, tries - 1));
}

/** Move the keyboard by rows. */
export function step(by, from = cursor.value) {
  const { rows } = list.value;
  if (!rows.length) return null;
  const here = position.value.get(from);
  const n = Math.min(rows.length - 1, Math.max(0, here === undefined ? (by === Infinity ? by : 0) : here + by));
  const id = rows[n][0];
  cursor.value = id;
  reveal(id, true);
  return id;
}

let anchor = null;
/** Choose a row; with `range`, all from the last chosen one to it. */
export function pickRow(id, range) {
  const { rows } = list.value;
  const to = position.value.get(id), from = position.value.get(anchor);
  const on = chosenAll.value ? false : !chosen.value.has(id);
  if (range && from !== undefined) {
    const ids = rows.slice(Math.min(from, to), Math.max(from, to) + 1).map((row) => row[0]);
    choose(ids, true);
  } else choose([id], on);
  anchor = id;
}

function gestures(element, options) {
  let undo = () => { undo = null; };
  import("./gestures.js").then((m) => { if (undo) undo = m.attach(element, options); });
  return () => undo?.();
}

export function VList({ openId, onOpen, hidden }) {
  const box = useRef(null);
  const view = useRef(0); // height of the window: asked for when it changes, not on every scroll
  const [range, setRange] = useState([0, 0]);
  const [tick, setTick] = useState(0);
  const { rows, key, state } = list.value;
  const size = sizes();
  const plan = useMemo(() => layout(rows, { ...size, grouped: groupedKey(key) }), [rows, size.row, size.head, key]);
  current = plan;

  const measure = () => {
    const element = box.current;
    if (!element || !view.current) return;
    const next = visible(plan.tops, element.scrollTop, view.current, 2.5 * size.row);
    setRange((old) => (old[0] === next[0] && old[1] === next[1] ? old : next));
  };
  useLayoutEffect(() => {
    scroller = box.current;
    const resized = () => { view.current = box.current?.clientHeight || 0; };
    resized();
    const watch = new ResizeObserver(() => { resized(); setTick((n) => n + 1); });
    watch.observe(box.current);
    return () => { watch.disconnect(); scroller = null; };
  }, []);
  useLayoutEffect(measure, [plan, tick, hidden]);
  useLayoutEffect(() => { // the place on this list: kept over closing a review, going back, and reloading
    if (hidden || state !== "ready") return;
    const kept = places.get(key);
    const back = Date.now() - popped.value < 3000;
    if (kept !== undefined && (back || box.current.dataset.key === key)) box.current.scrollTop = kept;
    else if (box.current.dataset.key !== key) box.current.scrollTop = 0;
    box.current.dataset.key = key;
    measure();
  }, [key, state, hidden]);
  useEffect(() => { // load what is in view, and well ahead of it, so that a row is mostly drawn once and whole
    const at = (line) => (typeof plan.lines[line] === "number" ? plan.lines[line] : plan.lines[line]?.first);
    const first = at(range[0]) ?? 0, end = (at(Math.min(range[1], plan.lines.length) - 1) ?? -1) + 1;
    if (end > first) want(rows, first, end);
  }, [range, plan]);

  const opening = useRef(0);
  const frame = useRef(0);
  const onScroll = () => {
    if (frame.current) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      if (view.current) places.set(key, box.current.scrollTop);
      measure();
    });
  };
  const rowOf = (event) => {
    const row = event.target.closest?.(".row");
    return row ? Number(row.dataset.id) : null;
  };
  const onClick = (event) => {
    const id = rowOf(event);
    if (id === null || event.target.closest("input:not([type=checkbox]), select, .cell")) return;
    const isBox = event.target.tagName === "INPUT"; // the browser ticks it itself; a click on its label comes again as its click
    if (event.target.closest(".ck") && !isBox) return;
    if (isBox || event.shiftKey) {
      if (!isBox) event.preventDefault();
      pickRow(id, event.shiftKey);
      return;
    }
    if (event.metaKey || event.ctrlKey || event.button) return;
    event.preventDefault();
    cursor.value = id;
    peek.value = null;
    // A second click may follow on a cell that can be edited: opening waits for it there, and only there.
    clearTimeout(opening.current);
    if (event.target.closest("[data-field]") && mayWrite.value && openId === null) {
      if (event.detail === 1) opening.current = setTimeout(() => onOpen(id), 280);
    } else onOpen(id);
  };
  useEffect(() => { // what a resting pointer and a double click do comes when there is time
    if (calm.value) return gestures(box.current, { opening, mayOpen: () => openId === null });
    return undefined;
  }, [calm.value, openId]);
  const onFocus = (event) => { const id = rowOf(event); if (id !== null && cursor.peek() !== id) cursor.value = id; };

  const wanted = openId ?? cursor.value;
  const tabRow = position.value.has(wanted) ? wanted : rows[0]?.[0];
  const drawn = [];
  for (let n = range[0]; n < range[1] && n < plan.lines.length; n += 1) {
    const line = plan.lines[n];
    if (typeof line === "number") {
      const id = rows[line][0];
      drawn.push(html`<${Row} key=${id} id=${id} n=${line} top=${plan.tops[n]} open=${id === openId} tab=${id === tabRow} />`);
    } else drawn.push(html`<${DayHead} key=${`day ${line.day}`} day=${line.day} first=${line.first} top=${plan.tops[n]} />`);
  }
  return html`<div class="vscroll" ref=${box} onScroll=${onScroll} onClick=${onClick} onFocusIn=${onFocus}>
    <div class="vsize" role="grid" aria-label=${t("nav.receipts")} aria-rowcount=${rows.length} aria-multiselectable="true"
      aria-busy=${state === "loading"} style=${{ blockSize: `${plan.height}px` }}>${drawn}</div></div>`;
}

const groupedKey = (key) => !key || !/[?&]sort=/.test(key) || /[?&]sort=-?date(&|$)/.test(key);

window.addEventListener("pagehide", () => {
  try { sessionStorage.setItem("prosaas.places", JSON.stringify([...places].slice(-20))); } catch { /* no storage */ }
});
try {
  for (const [key, top] of JSON.parse(sessionStorage.getItem("prosaas.places") || "[]")) places.set(key, top);
  if (performance.getEntriesByType("navigation")[0]?.type === "reload") popped.value = Date.now();
} catch { /* no storage, no place to go back to */ }
