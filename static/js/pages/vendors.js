/* Vendors: whom receipts came from, what usually comes and did not, and the rules that corrections taught. */
import { html, useState } from "../core/signals.js";
import { get, post, sentence } from "../core/api.js";
import { at, mayWrite, today } from "../core/business.js";
import { place, route, go } from "../core/router.js";
import { t } from "../core/i18n.js";
import { dayShort, money, month as monthName, num } from "../core/fmt.js";
import { failed } from "../core/feedback.js";
import { done } from "../core/undo.js";
import { months } from "../core/days.js";
import { Icon } from "../ui/icons.js";
import { Empty, Frame, SearchBox, Tabs } from "../ui/frame.js";
import { useLoad } from "../ui/load.js";
import { Amount, Trouble, Wait } from "../ui/parts.js";
import { categoryName } from "../receipts/words.js";
import { Card } from "./vendors/card.js";
import { Rules } from "./vendors/rules.js";

const year = () => today.value.slice(0, 4);
/** The address of a vendor: names may hold anything. */
const cardOf = (name) => `vendors?v=${encodeURIComponent(name)}`;

function All({ q, search }) {
  const [page, error, reload] = useLoad(() => get("/api/vendors", { q, full: 1, limit: 200 }), [q]);
  if (error) return html`<${Trouble} text=${sentence(error)} again=${reload} />`;
  if (!page) return html`<${Wait} rows=${8} />`;
  if (!page.items.length) return html`<${Empty} icon="store" title=${t(q ? "vendors.none_match" : "vendors.none")} text=${t(q ? "vendors.none_match.p" : "vendors.none.p")}>
    ${q && html`<button type="button" class="btn" onClick=${() => search("")}>${t("filter.clear")}</button>`}</${Empty}>`;
  return html`<ul class="vendorlist">${page.items.map((one) => html`<li key=${one.id}><a class="vendorrow" href=${at(cardOf(one.name))}>
      <span class="who"><bdi class="trunc" dir="auto">${one.name}</bdi><small>${[one.category && categoryName(one.category), t("vendors.count", { n: one.count, n_text: num(one.count) })].filter(Boolean).join(" · ")}</small></span>
      <span class="beat">${one.rhythm && html`<span class="flag ok"><${Icon} name="calendar" />${t(`vendors.rhythm.${one.rhythm}`)}</span>`}
        ${one.rules > 0 && html`<span class="flag ok"><${Icon} name="bookmark" />${t("vendors.rules.n", { n: one.rules, n_text: num(one.rules) })}</span>`}</span>
      <span class="money">${one.sums.filter((sum) => sum.currency).slice(0, 2).map((sum) => html`<span key=${sum.currency}><${Amount} text=${money(sum.total)} /></span>`)}
        ${one.sums.length > 2 && html`<small>+ ${num(one.sums.length - 2)}</small>`}</span>
      <span class="when num">${one.last ? dayShort(one.last, year()) : "—"}</span></a></li>`)}</ul>`;
}

function Missing({ month, address }) {
  const [page, error, reload] = useLoad(() => get("/api/vendors/missing", { month }), [month]);
  const unexpect = async (vendor) => {
    try {
      await post("/api/vendors/expect", { name: vendor, expected: false });
      done(t("vendors.unexpected", { v: vendor }), async () => { await post("/api/vendors/expect", { name: vendor, expected: true }); reload(); });
      reload();
    } catch (problem) { failed(problem, () => unexpect(vendor)); }
  };
  const choice = html`<div class="f monthpick"><label for="missing-month">${t("vendors.month")}</label>
    <select class="in" id="missing-month" value=${month} onChange=${(event) => go(address({ month: event.target.value }), { replace: true })}>
    ${[...months(today.value.slice(0, 7))].reverse().map((m) => html`<option key=${m} value=${m}>${monthName(m)}</option>`)}</select></div>`;
  if (error) return html`<${Trouble} text=${sentence(error)} again=${reload} />`;
  return html`${choice}${!page ? html`<${Wait} rows=${4} />` : !page.items.length
    ? html`<${Empty} icon="check" title=${t("vendors.missing.none")} text=${t("vendors.missing.none.p")} />`
    : html`<p class="hint">${t("vendors.missing.p")}</p><ul class="checks">${page.items.map((one) => html`<li class=${`check ${one.state === "missing" ? "warn" : ""}`} key=${one.vendor}>
        <span class="mark"><${Icon} name=${one.state === "missing" ? "warn" : "clock"} /></span>
        <span class="grow"><b><a class="lnk" href=${at(cardOf(one.vendor))}><bdi dir="auto">${one.vendor}</bdi></a></b>
          <span>${t(`vendors.state.${one.state}`, { d: dayShort(one.expected_on, year()) })} · ${t(`vendors.rhythm.${one.rhythm}`)}${one.usual && html` · ${t("vendors.usual")} <${Amount} text=${money(one.usual)} />`}${" · "}<a class="lnk" href=${at(`receipts/${one.last.receipt}`)}>${t("vendors.last", { d: dayShort(one.last.date, year()) })}</a></span></span>
        ${mayWrite.value && html`<button type="button" class="btn ghost" onClick=${() => unexpect(one.vendor)}>${t("vendors.unexpect")}</button>`}</li>`)}</ul>`}`;
}

export function Page() {
  const params = new URLSearchParams(place.value.query);
  const tab = ["missing", "rules"].includes(route.value.rest[0]) ? route.value.rest[0] : "all";
  const q = params.get("q") || "", open = params.get("v");
  const [stamp, setStamp] = useState(0); // a new one asks for the list again
  const month = /^\d{4}-\d\d$/.test(params.get("month") || "") ? params.get("month") : today.value.slice(0, 7);
  const address = (changes, path = tab === "all" ? "vendors" : `vendors/${tab}`) => {
    const next = new URLSearchParams();
    for (const [key, value] of Object.entries({ q, month: params.get("month"), ...changes })) if (value) next.set(key, value);
    return at(path, next.size ? `?${next}` : "");
  };
  const search = (text) => go(address({ q: text }), { replace: true });
  const tabs = ["all", "missing", "rules"].map((name) => ({ href: at(name === "all" ? "vendors" : `vendors/${name}`), text: t(`vendors.tab.${name}`), on: tab === name }));
  return html`<${Frame} title=${t("nav.vendors")} class="vendorspage" wide
      tools=${tab === "all" && html`<${SearchBox} value=${q} label=${t("vendors.search")} onSearch=${search} />`} row=${html`<${Tabs} label=${t("nav.vendors")} tabs=${tabs} />`}>
    ${tab === "all" ? html`<${All} key=${`all${stamp}`} q=${q} search=${search} />` : tab === "missing" ? html`<${Missing} month=${month} address=${address} />` : html`<${Rules} />`}
    ${open && html`<${Card} key=${open} name=${open} onClose=${() => go(address({ v: null }))} onChanged=${() => { go(address({ v: null }), { replace: true }); setStamp((n) => n + 1); }} />`}
  </${Frame}>`;
}
