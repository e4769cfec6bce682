/* The document as page images: zoom, turn, full screen; the evidence of a field lit on the page. */
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../core/signals.js";
import { fileUrl, get, pictureLater } from "../core/api.js";
import { t } from "../core/i18n.js";
import { dayInput, num, percent } from "../core/fmt.js";
import { isLocked } from "../receipts/words.js";
import { Icon } from "../ui/icons.js";
import { candidatesOf } from "./fields.js";

const phone = window.matchMedia("(max-width: 640px)");
const WIDTHS = [400, 800, 1200, 1800];

/** Address of a page's picture, wide enough for what is shown. */
export function pageUrl(receipt, page, wide) {
  const need = wide * Math.min(2, window.devicePixelRatio || 1);
  return fileUrl(`/api/receipts/${receipt.id}/preview`, { page, width: WIDTHS.find((w) => w >= need) || 1800, v: receipt.document?.id });
}

/** Fetch the first page before it is needed. */
export function prefetchPage(receipt, wide) {
  if (receipt.document && !isLocked(receipt)) new Image().src = pageUrl(receipt, 0, wide);
}

const place = (b) => ({ insetInlineStart: "auto", left: `${b.x0 * 100}%`, top: `${b.y0 * 100}%`, width: `${(b.x1 - b.x0) * 100}%`, height: `${(b.y1 - b.y0) * 100}%` });

/* The boxes to draw for a field: [{box, on, tag}]. */
function marks(receipt, field, rivals) {
  const known = receipt.fields?.[field];
  if (!known) return [];
  const all = rivals ? candidatesOf(receipt, field) : [];
  const now = receipt[field]?.text ?? receipt[field];
  const same = (value) => (["total", "net", "tax_total"].includes(field) ? Number(value) === Number(now) : String(value) === String(now));
  const out = [];
  if (!all.length && known.box) out.push({ box: known.box, on: true, tag: null });
  all.forEach((one, n) => { if (one.box) out.push({ box: one.box, on: same(one.value), tag: n + 1 }); });
  return out;
}

/* Everything on the document whose place is known: a tap takes it into the field at hand. */
function boxesOf(receipt) {
  const out = [];
  for (const [field, known] of Object.entries(receipt.fields || {})) {
    for (const one of [known, ...(known.candidates || [])]) {
      if (one.box && one.value !== null) out.push({ field: `${field} ${out.length}`, box: one.box, value: shown(field, one.value) });
    }
  }
  return out.slice(0, 60);
}
const shown = (field, value) => (/date$/.test(field) ? dayInput(value) : String(value));

function Page({ receipt, page, wide, lit, known, words, onWord, turn }) {
  const [state, setState] = useState("loading");
  if (isLocked(receipt)) return html`<div class="page failed" data-page=${page}><p class="nopage"><${Icon} name="key" />${t("flag.document_locked")}</p></div>`;
  return html`<div class=${`page ${state} turn-${turn}`} data-page=${page} onPointerDown=${(event) => event.target.dataset.text && event.preventDefault()}
      onClick=${(event) => event.target.dataset.text && onWord(event.target.dataset.text)}>
    <img src=${pageUrl(receipt, page, wide)} alt=${t("doc.alt", { n: page + 1 })} decoding="async" draggable="false"
      onLoad=${() => setState("ready")} onError=${({ target }) => pictureLater(target, () => setState("failed"))} />
    ${state === "failed" && html`<p class="nopage"><${Icon} name="warn" />${t("doc.failed")}</p>`}
    ${(words ? words.map(([text, x0, y0, x1, y1]) => ({ value: text, box: { page, x0, y0, x1, y1 } })) : known).map(({ box, value }, n) => box.page === page
      && html`<span class="word" key=${n} style=${place(box)} title=${value} data-text=${value} aria-hidden="true"></span>`)}
    ${lit.filter((mark) => mark.box.page === page).map((mark) => html`<span class=${`ev${mark.on ? " on" : " cand"}`} key=${`${mark.tag}${mark.box.y0}`} style=${place(mark.box)}>
      ${mark.tag && html`<span class="tag" aria-hidden="true">${mark.tag}</span>`}</span>`)}
  </div>`;
}

export function DocumentView({ receipt, active, rivals, onWord }) {
  const pane = useRef(null);
  const [zoom, setZoom] = useState(1);
  const [turn, setTurn] = useState(0);
  const [room, setRoom] = useState(0);
  const [words, setWords] = useState({});
  const asked = useRef(new Set());
  const doc = receipt.document;
  const pages = Math.min(doc?.pages || 1, 40);
  const known = useMemo(() => boxesOf(receipt), [receipt.fields]);
  const lit = marks(receipt, active, rivals);

  useLayoutEffect(() => {
    const measure = () => setRoom(pane.current?.clientWidth || 0);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(pane.current);
    return () => watch.disconnect();
  }, []);
  const litKey = lit.map((mark) => `${mark.box.page} ${mark.box.y0} ${mark.on}`).join("|");
  useEffect(() => { // bring the evidence into view, also when the picture comes later
    const bring = () => {
      const mark = pane.current?.querySelector(".ev.on") || pane.current?.querySelector(".ev");
      if (!mark) return;
      const pick = mark.getBoundingClientRect(), view = pane.current.getBoundingClientRect();
      if (pick.top >= view.top + 20 && pick.bottom <= view.bottom - 60) return;
      pane.current.scrollTop += pick.top - view.top - view.height / 2 + pick.height / 2;
    };
    bring();
    const picture = pane.current?.querySelector("img");
    if (!picture || picture.complete) return undefined;
    picture.addEventListener("load", bring, { once: true });
    return () => picture.removeEventListener("load", bring);
  }, [litKey, receipt.id, zoom, room > 0]);

  const wantWords = (event) => {
    const page = Number(event.target.closest?.("[data-page]")?.dataset.page ?? -1);
    if (page < 0 || asked.current.has(page)) return;
    asked.current.add(page);
    get(`/api/receipts/${receipt.id}/words`, { page }, { tries: 1 }).then(
      (answer) => answer.words.length && setWords((old) => ({ ...old, [page]: answer.words.slice(0, 1500) })), () => { /* a picture without text */ });
  };
  const fit = Math.min(Math.max(220, room - (phone.matches ? 68 : 40)), 760);
  const wide = Math.round(fit * zoom);
  const full = () => (document.fullscreenElement ? document.exitFullscreen() : pane.current.parentNode.requestFullscreen?.());
  return html`<div class="docwrap">
    <div class="doc" ref=${pane} tabindex="0" role="group" aria-label=${t("doc.title")} onPointerOver=${wantWords}>
      ${!doc ? html`<p class="nodoc"><${Icon} name="mail" />${t("doc.none")}</p>`
        : room > 0 && html`<div class="pages" style=${{ inlineSize: `${wide}px` }}>${Array.from({ length: pages }, (_, page) => html`<${Page} key=${`${receipt.id} ${page}`} receipt=${receipt} page=${page}
          wide=${wide} lit=${lit} known=${known} turn=${turn} words=${words[page]} onWord=${onWord} />`)}</div>`}
    </div>
    ${doc && html`<div class="dtools" role="toolbar" aria-label=${t("doc.tools")}>
      <button type="button" class="icon zm" aria-label=${t("doc.out")} disabled=${zoom <= 0.5} onClick=${() => setZoom(Math.max(0.5, zoom - 0.25))}><${Icon} name="zout" /></button>
      <span class="num zm" aria-live="polite">${percent(zoom)}</span>
      <button type="button" class="icon zm" aria-label=${t("doc.in")} disabled=${zoom >= 3} onClick=${() => setZoom(Math.min(3, zoom + 0.25))}><${Icon} name="zin" /></button>
      <button type="button" class="icon dsk" aria-label=${t("doc.turn")} onClick=${() => setTurn((turn + 90) % 360)}><${Icon} name="rotate" /></button>
      <button type="button" class="icon" aria-label=${t("doc.full")} onClick=${full}><${Icon} name="full" /></button>
      <a class="icon dsk" aria-label=${t("doc.download")} title=${doc.filename} download href=${fileUrl(`/api/receipts/${receipt.id}/original`)}><${Icon} name="dl" /></a>
      ${pages > 1 && html`<span class="num dsk">${t("doc.pages", { n: pages, n_text: num(pages) })}</span>`}
    </div>`}
  </div>`;
}
