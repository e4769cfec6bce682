/* The receipts page: list, summary, filter, review beside it; the address holds its whole state. */
import { html, useEffect, useMemo, useRef } from "../core/signals.js";
import { sentence } from "../core/api.js";
import { at, business, counts, mailboxes, mayWrite, today } from "../core/business.js";
import { place, route, go } from "../core/router.js";
import { t } from "../core/i18n.js";
import { remember } from "../core/prefs.js";
import { useKeys } from "../core/keys.js";
import { greetReturn } from "../core/connect.js";
import { Trouble, Wait } from "../ui/parts.js";
import { withStyles } from "../ui/styles.js";
import { Lazy } from "../app.js";
import { list, load, loadFigures, position, chosenCount, unchoose, rememberSince } from "./list.js";
import { fromQuery, toQuery, isNarrow } from "./filters.js";
import { cursor, editing } from "./row.js";
import { VList, step, pickRow, reveal } from "./vlist.js";
import { Top } from "./top.js";
import { Summary, months } from "./summary.js";
import { FilterBar } from "./filterbar.js";
import { Empty } from "./empty.js";
import { Bulk } from "./bulk.js";

const reviewPanel = () => withStyles("review", import("../review/panel.js")).then((m) => m.Review);

/** The open receipt's id, or null. */
const openIn = (rest) => (/^\d+$/.test(rest[0] || "") ? Number(rest[0]) : null);

export function ReceiptsPage() {
  const query = place.value.query;
  const openId = openIn(route.value.rest);
  const filter = useMemo(() => fromQuery(query), [query]);
  const key = toQuery(filter);
  const since = `${months(today.value.slice(0, 7))[0]}-01`;
  const state = list.value.state;
  const lastOpen = useRef(null);

  useEffect(() => { rememberSince(since); load(filter); loadFigures(filter, since); }, [key, since]);
  useEffect(() => { greetReturn(); }, []);
  useEffect(() => {
    const leave = () => remember("visit", new Date().toISOString());
    window.addEventListener("pagehide", leave);
    return () => window.removeEventListener("pagehide", leave);
  }, []);
  useEffect(() => { // closing a review: the same row, the same place, the keyboard there
    if (openId !== null) { lastOpen.current = openId; cursor.value = openId; return; }
    if (lastOpen.current !== null) {
      const id = lastOpen.current;
      lastOpen.current = null;
      requestAnimationFrame(() => reveal(id, true));
    }
  }, [openId]);
  useEffect(() => { if (openId !== null && position.value.has(openId)) reveal(openId); }, [openId, state]);

  const openReceipt = (id) => go(at(`receipts/${id}`, query), { replace: openId !== null });
  const close = () => go(at("receipts", query));
  const focused = () => (openId === null && !document.activeElement?.closest?.(".pop, .menu, .dialog") ? cursor.value : null);
  const edit = (field) => () => {
    const id = focused();
    if (id === null || !mayWrite.value) return false;
    editing.value = { id, field };
    return true;
  };
  useKeys(t("nav.receipts"), openId !== null ? {} : {
    j: [t("keys.down"), () => step(1)],
    k: [t("keys.up"), () => step(-1)],
    ArrowDown: [null, () => (document.activeElement?.closest?.(".row") || document.activeElement === document.body ? step(1) : false)],
    ArrowUp: [null, () => (document.activeElement?.closest?.(".row") || document.activeElement === document.body ? step(-1) : false)],
    Home: [t("keys.first"), () => step(-Infinity)],
    End: [t("keys.last"), () => step(Infinity)],
    PageDown: [null, () => step(8)],
    PageUp: [null, () => step(-8)],
    Enter: [t("keys.open"), (event) => { const id = focused(); if (id === null || !event.target.closest(".row")) return false; openReceipt(id); return true; }],
    x: [t("keys.choose"), () => { const id = focused(); if (id !== null) pickRow(id, false); }],
    "Shift+x": [t("keys.range"), () => { const id = focused(); if (id !== null) pickRow(id, true); }],
    e: [t("keys.edit"), edit("category")],
    Escape: [t("keys.unchoose"), () => { if (!chosenCount.value) return false; unchoose(); return true; }],
  });

  const empty = state === "ready" && !list.value.rows.length;
  const known = business.value && mailboxes.value && counts.value;
  const bare = empty && !isNarrow(filter) && known && !(counts.value.to_review + counts.value.ready + counts.value.approved);
  const split = openId !== null;
  return html`<main class=${`main${split ? " is-review" : ""}`} id="main" tabindex="-1">
    <${Top} filter=${filter} />
    ${!split && !bare && html`<${Summary} filter=${filter} onMonth=${(m) => go(at("receipts", toQuery({ ...filter, month: m || undefined, from_date: undefined, to_date: undefined })))} />`}
    ${!bare && html`<${FilterBar} filter=${filter} />`}
    <div class=${`work${split ? " split" : ""}${bare ? " bare" : ""}`}>
      <div class="listwrap">
        ${state === "error" ? html`<${Trouble} text=${sentence(list.value.error)} again=${() => load(filter)} />`
          : state !== "ready" ? html`<div class="vscroll"><${Wait} rows=${9} /></div>`
            : empty ? (known ? html`<${Empty} filter=${filter} />` : html`<${Wait} />`)
              : html`<${VList} openId=${openId} onOpen=${openReceipt} hidden=${split} />`}
        ${list.value.capped && html`<p class="capped">${t("list.capped")}</p>`}
        <${Bulk} filter=${filter} />
      </div>
      ${split && html`<${Lazy} name="review" load=${reviewPanel} id=${openId} filter=${filter} onOpen=${openReceipt} onClose=${close} />`}
    </div>
  </main>`;
}
