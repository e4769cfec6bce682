/* Tabs, filter chips, the filter form and the order of the list. */
import { html, useState, useRef, useEffect } from "../core/signals.js";
import { at, mailSources } from "../core/business.js";
import { go } from "../core/router.js";
import { t } from "../core/i18n.js";
import { density } from "../core/prefs.js";
import { num, month as monthName, dayShort } from "../core/fmt.js";
import { Icon } from "../ui/icons.js";
import { Menu } from "../ui/parts.js";
import { Lazy } from "../ui/lazy.js";
import { withStyles } from "../ui/styles.js";
import { list, tabCounts } from "./list.js";
import { MAIN_TABS, MORE_TABS, tabOf, withTab, toQuery } from "./filters.js";
import { categoryName, sourceName } from "./words.js";

const filterForm = () => withStyles("more", import("./filterform.js")).then((m) => m.FilterForm);

const COUNT = { review: "to_review", ready: "ready", approved: "approved", rejected: "rejected", not_receipt: "not_receipt", trash: "deleted" };

function countOf(tab) {
  const all = tabCounts.value;
  if (!all) return null;
  return tab === "all" ? all.to_review + all.ready + all.approved : all[COUNT[tab]] ?? null;
}

function Tab({ name, filter, now }) {
  const n = countOf(name);
  const href = at("receipts", toQuery(withTab(filter, name)));
  return html`<a href=${href} aria-current=${now === name ? "true" : null}>${t(`tab.${name}`)}
    <span class=${`n${name === "review" && n ? " hot" : ""}`}>${n === null ? "\u2007" : num(n)}</span></a>`;
}

/* The chips: [keys that the chip stands for, its words]. */
function chips(filter) {
  const out = [];
  if (filter.month) out.push([["month"], monthName(filter.month)]);
  if (filter.from_date || filter.to_date) {
    out.push([["from_date", "to_date"], t("filter.between", {
      a: filter.from_date ? dayShort(filter.from_date, "0") : "…", b: filter.to_date ? dayShort(filter.to_date, "0") : "…" })]);
  }
  if (filter.q) out.push([["q"], `“${filter.q}”`]);
  if (filter.vendor) out.push([["vendor"], filter.vendor]);
  if (filter.category) out.push([["category"], filter.category === "none" ? t("cat.none") : categoryName(filter.category)]);
  if (filter.currency) out.push([["currency"], filter.currency]);
  if (filter.min_amount || filter.max_amount) {
    out.push([["min_amount", "max_amount"], t("filter.amounts", { a: filter.min_amount || "0", b: filter.max_amount || "∞" })]);
  }
  if (filter.source) out.push([["source"], sourceName(filter.source)]);
  if (filter.mailbox) out.push([["mailbox"], mailSources.value.find((box) => String(box.id) === filter.mailbox)?.address || t("filter.mailbox")]);
  if (filter.flag) out.push([["flag"], t(`filter.flag.${filter.flag}`)]);
  return out;
}

const SORTS = ["-date", "date", "-total", "total", "vendor", "-created"];

export function FilterBar({ filter }) {
  const [open, setOpen] = useState(false);
  const wrap = useRef(null);
  const now = tabOf(filter);
  const set = (next, replace = false) => go(at("receipts", toQuery(next)), { replace });
  useEffect(() => {
    if (!open) return undefined;
    const away = (event) => { if (!wrap.current?.contains(event.target)) setOpen(false); };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  useEffect(() => { document.querySelector(".fb [aria-current=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" }); }, [now]);
  const close = () => { setOpen(false); wrap.current?.querySelector("button")?.focus(); };
  const drop = (keys) => set(Object.fromEntries(Object.entries(filter).filter(([key]) => !keys.includes(key))));
  const sort = filter.sort || "-date";
  return html`<div class="fb">
    <nav class="tabs" aria-label=${t("tab.label")}>
      ${MAIN_TABS.map((name) => html`<${Tab} key=${name} name=${name} filter=${filter} now=${now} />`)}
      ${MORE_TABS.includes(now) && html`<${Tab} name=${now} filter=${filter} now=${now} />`}
    </nav>
    <${Menu} label=${t("tab.more")} icon="more" align="start" class="icon tabmore" items=${[
    ...MORE_TABS.map((name) => ({ label: countOf(name) ? `${t(`tab.${name}`)} · ${num(countOf(name))}` : t(`tab.${name}`),
      checked: now === name, act: () => set(withTab(filter, name)) })),
    "-",
    { label: tabCounts.value?.failed_mail ? t("tab.failed_n", { n: num(tabCounts.value.failed_mail) }) : t("tab.failed"), icon: "warn", act: () => go(at("mail", "?outcome=failed")) },
  ]} />
    ${chips(filter).map(([keys, text]) => html`<span class="chip" key=${keys[0]}><bdi class="trunc">${text}</bdi>
      <button type="button" aria-label=${t("filter.remove", { f: text })} onClick=${() => drop(keys)}><${Icon} name="x" /></button></span>`)}
    <span class="menuwrap" ref=${wrap}>
      <button type="button" class="chip add" aria-haspopup="dialog" aria-expanded=${open} onClick=${() => setOpen(!open)}><${Icon} name="plus" />${t("filter.add")}</button>
      ${open && html`<${Lazy} name="filterform" load=${filterForm} quiet filter=${filter} close=${close} onDone=${(next) => { close(); set(next); }} />`}
    </span>
    <span class="grow"></span>
    <span class="total num" role="status">${list.value.state === "ready" ? t("list.n", { n: list.value.total, n_text: num(list.value.total) }) : ""}</span>
    <${Menu} label=${t("sort.label")} class="btn ghost grp" text=${html`${t(`sort.${sort}`)}<${Icon} name="down" />`} items=${SORTS.map((name) => ({
    label: t(`sort.${name}`), checked: sort === name, act: () => set({ ...filter, sort: name === "-date" ? undefined : name }) }))} />
    <div class="seg" role="group" aria-label=${t("density.label")}>
      <button type="button" aria-pressed=${density.value === "comfortable"} aria-label=${t("density.comfortable")} onClick=${() => { density.value = "comfortable"; }}><${Icon} name="rows" /></button>
      <button type="button" aria-pressed=${density.value === "compact"} aria-label=${t("density.compact")} onClick=${() => { density.value = "compact"; }}><${Icon} name="rows2" /></button>
    </div>
  </div>`;
}
