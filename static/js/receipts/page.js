/* The receipts page: list, summary, filter, review beside it; the address holds its whole state. */
import { html, useEffect, useMemo, useRef, useState } from "../core/signals.js";
import { sentence } from "../core/api.js";
import { at, business, counts, mailboxes, today } from "../core/business.js";
import { place, route, go } from "../core/router.js";
import { loadWords, t, worded } from "../core/i18n.js";
import { months } from "../core/days.js";
import { remember } from "../core/prefs.js";
import { Trouble, Wait } from "../ui/parts.js";
import { withStyles } from "../ui/styles.js";
import { Lazy, calm, settleDown } from "../ui/lazy.js";
import { list, load, loadFigures, position, chosenCount, rememberSince } from "./list.js";
import { fromQuery, toQuery, isNarrow } from "./filters.js";
import { cursor, peek } from "./row.js";
import { VList, reveal } from "./vlist.js";
import { Top } from "./top.js";
import { Summary } from "./summary.js";
import { FilterBar } from "./filterbar.js";

const emptyState = () => withStyles("more", import("./empty.js")).then((m) => m.Empty);
const bulkBar = () => withStyles("more", import("./bulk.js")).then((m) => m.Bulk);
const pending = () => withStyles("more", import("../uploads_view.js")).then((m) => m.Pending);
const exportDialog = () => import("../pages/exports/open.js").then((m) => m.load());
const peekCard = () => withStyles("more", import("./peek.js")).then((m) => m.Peek);
const listKeys = () => withStyles("more", import("./listkeys.js")).then((m) => m.ListKeys);
const reviewPanel = () => Promise.all([withStyles("review", import("../review/panel.js")), loadWords("why")]).then(([m]) => m.Review);

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
  const [handing, setHanding] = useState(false);

  useEffect(() => { rememberSince(since); load(filter); loadFigures(filter, since); }, [key, since]);
  useEffect(() => { if (/[?&](connected|error)=/.test(query)) worded(import("../core/connect.js")).then((m) => m.greetReturn()); }, []);
  useEffect(() => { if (state !== "loading" && state !== "idle") settleDown(); }, [state]);
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
  const empty = state === "ready" && !list.value.rows.length;
  const known = business.value && mailboxes.value && counts.value;
  const bare = empty && !isNarrow(filter) && known && !(counts.value.to_review + counts.value.ready + counts.value.approved);
  const split = openId !== null;
  return html`<main class=${`main${split ? " is-review" : ""}`} id="main" tabindex="-1">
    <h1 class="sr">${t("nav.receipts")}</h1>
    <${Top} filter=${filter} onExport=${!filter.deleted && (() => setHanding(true))} />
    ${!split && !bare && html`<${Summary} filter=${filter} onMonth=${(m) => go(at("receipts", toQuery({ ...filter, month: m || undefined, from_date: undefined, to_date: undefined })))} />`}
    ${!bare && html`<${FilterBar} filter=${filter} />`}
    <div class=${`work${split ? " split" : ""}${bare ? " bare" : ""}`}>
      <div class="listwrap">
        ${calm.value && html`<${Lazy} name="pending" load=${pending} quiet />`}
        ${state === "error" ? html`<${Trouble} text=${sentence(list.value.error)} again=${() => load(filter)} />`
          : state !== "ready" ? html`<div class="vscroll"><${Wait} rows=${9} /></div>`
            : empty ? (known ? html`<${Lazy} name="empty" load=${emptyState} quiet filter=${filter} />` : html`<${Wait} />`)
              : html`<${VList} openId=${openId} onOpen=${openReceipt} hidden=${split} />`}
        ${list.value.capped && html`<p class="capped">${t("list.capped")}</p>`}
        ${(calm.value || chosenCount.value > 0) && html`<${Lazy} name="bulk" load=${bulkBar} quiet filter=${filter} />`}
      </div>
      ${split && html`<${Lazy} name="review" load=${reviewPanel} id=${openId} filter=${filter} onOpen=${openReceipt} onClose=${close} />`}
    </div>
    ${calm.value && html`<${Lazy} name="listkeys" load=${listKeys} quiet openId=${openId} onOpen=${openReceipt} />`}
    ${handing && html`<${Lazy} name="exportdialog" load=${exportDialog} quiet filter=${filter} onClose=${() => setHanding(false)} />`}
    ${peek.value && !split && html`<${Lazy} name="peek" load=${peekCard} quiet />`}
  </main>`;
}
