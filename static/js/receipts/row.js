/* One row of the list, and the head of a day. */
import { html, computed, signal } from "../core/signals.js";
import { fileUrl, pictureLater } from "../core/api.js";
import { today, base, at } from "../core/business.js";
import { t } from "../core/i18n.js";
import { money, dayShort, dayLong, sums } from "../core/fmt.js";
import { addDays } from "../core/days.js";
import { stored } from "../core/prefs.js";
import { Icon } from "../ui/icons.js";
import { withStyles } from "../ui/styles.js";
import { Bdi, Amount } from "../ui/parts.js";
import { briefOf, chosen, chosenAll, list } from "./list.js";
import { daySums } from "./offsets.js";
import { StatusChip, categoryName, sourceIcon, sourceName, subtitle, swatch, isLocked } from "./words.js";

export const cursor = signal(null); // id of the row that has the keyboard
export const editing = signal(null); // {id, field} while a cell of the list is edited in place
export const peek = signal(null); // {id, top} of the row whose document is looked at in passing
const year = computed(() => today.value.slice(0, 4));
const lastVisit = stored("visit");
export const isNew = (receipt) => Boolean(lastVisit && receipt.created_at > lastVisit && receipt.status === "to_review");

/** The picture of a document, small; a placeholder where there is none. */
export function Thumb({ receipt }) {
  const doc = receipt.document;
  if (!doc || isLocked(receipt)) return html`<span class="thumb none"><${Icon} name=${sourceIcon(receipt.source)} /></span>`;
  return html`<span class="thumb"><img src=${fileUrl(`/api/receipts/${receipt.id}/thumbnail`, { v: doc.id })}
    width="38" height="46" alt="" loading="lazy" decoding="async" onError=${({ target }) => pictureLater(target, () => { target.hidden = true; })} /></span>`;
}

function Skeleton() {
  return html`<span class="thumb sk0"></span><div class="v"><div class="a"><span class="sk w1"></span></div>
    <div class="b"><span class="sk w2"></span></div></div><span class="c-cat"><span class="sk w3"></span></span>
    <span class="c-src"></span><span class="c-date"></span><span class="c-st"></span><span class="amt"><span class="sk w3"></span></span>`;
}

let Cell = null;
/** Edit a cell in place; what that takes comes with the first use. */
export async function startEdit(id, field) {
  Cell ||= await withStyles("more", import("./cell.js")).then((m) => m.Cell);
  editing.value = { id, field };
}

export function Row({ id, n, top, open, tab }) {
  const receipt = briefOf(id).value;
  const picked = chosenAll.value || chosen.value.has(id);
  const edit = editing.value?.id === id ? editing.value.field : null;
  const common = { "data-id": id, role: "row", "aria-rowindex": n + 1, style: { insetBlockStart: `${top}px` } };
  if (!receipt) return html`<div class="row" ...${common} tabindex=${tab ? 0 : -1}><div class="ck" role="gridcell"></div><${Skeleton} /></div>`;
  const name = receipt.vendor || t("receipt.unnamed");
  const amount = money(receipt.total);
  const fx = receipt.base_total && receipt.total && receipt.base_total.currency !== receipt.total.currency ? receipt.base_total : null;
  const date = receipt.date ? dayShort(receipt.date, year.value) : "—";
  return html`<div class=${`row${open ? " cur" : ""}`} ...${common} tabindex=${tab ? 0 : -1} aria-selected=${picked}>
    <div class="ck" role="gridcell"><label><input type="checkbox" tabindex="-1" checked=${picked} aria-label=${t("list.pick", { v: name, a: amount })} /></label></div>
    <div role="gridcell" class="tcell"><${Thumb} receipt=${receipt} /></div>
    <div class="v" role="gridcell">
      <div class="a"><a class="trunc" dir="auto" tabindex="-1" href=${at(`receipts/${id}`, window.location.search)}>${name}</a>
        ${isNew(receipt) && html`<span class="new"><span class="sr">${t("list.new")}</span></span>`}</div>
      <div class="b"><span class="nar">${receipt.status === "to_review"
        ? html`<${StatusChip} receipt=${receipt} />`
        : html`<${Icon} name=${sourceIcon(receipt.source)} /><span class="trunc">${sourceName(receipt.source)}${receipt.category ? ` · ${categoryName(receipt.category)}` : ""}</span>`}</span>
        <${Bdi} text=${subtitle(receipt)} class="trunc wide" /></div>
    </div>
    <div class="c-cat" role="gridcell" data-field="category">${edit === "category" ? html`<${Cell} receipt=${receipt} field="category" />`
      : receipt.category ? html`<span class="inl"><span class=${swatch(receipt.category)}></span><span class="trunc">${categoryName(receipt.category)}</span></span>`
        : html`<span class="inl none">—<span class="sr"> ${t("cat.none")}</span></span>`}</div>
    <div class="c-src" role="gridcell"><span class="inl"><${Icon} name=${sourceIcon(receipt.source)} />${sourceName(receipt.source)}</span></div>
    <div class="c-date" role="gridcell" data-field="date">${edit === "date" ? html`<${Cell} receipt=${receipt} field="date" />`
      : html`<span class="inl num">${date}</span>`}</div>
    <div class="c-st" role="gridcell"><${StatusChip} receipt=${receipt} /></div>
    <div class="amt" role="gridcell" data-field="total">${edit === "total" ? html`<${Cell} receipt=${receipt} field="total" />` : html`
      <div class="x"><${Amount} text=${amount || "—"} /></div>
      ${fx ? html`<div class="y fx"><${Amount} text=${`≈ ${money(fx)}`} /></div>` : ""}<div class="y d num">${date}</div>`}</div>
  </div>`;
}

/** The head of a day: its name, and what was spent per currency. */
export function DayHead({ day, first, top }) {
  const { rows } = list.value;
  const spent = sums(daySums(rows, first), base.value);
  const name = !day ? t("day.none") : day === today.value ? t("day.today")
    : day === addDays(today.value, -1) ? t("day.yesterday") : dayLong(day, year.value);
  return html`<div class="ghead" role="row" style=${{ insetBlockStart: `${top}px` }}>
    <span role="rowheader"><b>${name}</b></span>
    <span role="gridcell" class="trunc">${spent.map((text, n) => html`${n > 0 && " + "}<${Amount} text=${text} />`)}</span></div>`;
}
