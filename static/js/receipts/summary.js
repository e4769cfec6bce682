/* The month in numbers: its sum, twelve bars, the biggest categories. */
import { html, useState } from "../core/signals.js";
import { base, today } from "../core/business.js";
import { t } from "../core/i18n.js";
import { money, month as monthName, monthOnly, monthTiny, num, percent, sums } from "../core/fmt.js";
import { months } from "../core/days.js";
import { Amount } from "../ui/parts.js";
import { withStyles } from "../ui/styles.js";
import { Lazy, calm } from "../ui/lazy.js";
import { Icon } from "../ui/icons.js";
import { stats } from "./list.js";
import { categoryName, swatch } from "./words.js";

/* What each month cost in the base currency; where the server has not converted, the base currency's own part. */
function perMonth(year, currency) {
  const out = new Map();
  if (year.base_months) for (const one of year.base_months) out.set(one.month, one.total?.minor || 0);
  else for (const one of year.months || []) if (one.currency === currency) out.set(one.month, one.total.minor);
  return out;
}

const missing = () => withStyles("more", import("./missing.js")).then((m) => m.Missing);
const monthTable = () => withStyles("more", import("./months.js")).then((m) => m.MonthTable);

export function Summary({ filter, onMonth }) {
  const [table, setTable] = useState(false);
  const now = today.value.slice(0, 7);
  const all = months(now);
  const year = stats.value?.year;
  const shown = filter.month || now;
  if (!year) return html`<section class="sum" aria-busy="true"><div><div class="k">${monthName(shown)}</div>
    <div class="big"><span class="sk w2"></span></div><div class="sub"><span class="sk w1"></span></div></div><div class="chart"></div></section>`;
  const currency = base.value;
  const sumsBy = perMonth(year, currency);
  const value = (m) => sumsBy.get(m) || 0;
  const most = Math.max(1, ...all.map(value));
  const filled = all.filter((m) => value(m) > 0);
  const mean = filled.reduce((sum, m) => sum + value(m), 0) / Math.max(1, filled.length);
  const mine = (year.months || []).filter((one) => one.month === shown);
  const before = all[all.indexOf(shown) - 1];
  const count = mine.reduce((sum, one) => sum + one.count, 0);
  const known = (year.months || []).reduce((sum, one) => sum + one.count, 0);
  const foreign = mine.filter((one) => one.currency && one.currency !== currency);
  const change = before && value(before) > 0 ? value(shown) / value(before) - 1 : null;
  const telling = change !== null && Math.abs(change) < 5; // five times as much says nothing in per cent
  const tax = taxOf(shown, currency, filter);
  const cats = (filter.month ? stats.value.now : year)?.categories?.filter((c) => (c.total?.currency ?? c.currency) === currency && c.category) || [];
  const top = cats.slice().sort((a, b) => b.total.minor - a.total.minor).slice(0, 3);
  const mostCat = Math.max(1, ...top.map((c) => c.total.minor));
  return html`<section class="sum" aria-label=${t("sum.label")}>
    <div class="head">
      <div class="k">${monthName(shown)}<button type="button" class="icon" aria-label=${t("sum.table")} title=${t("sum.table")} onClick=${() => setTable(true)}><${Icon} name="sheet" /></button></div>
      <div class="big"><${Amount} text=${money({ minor: value(shown), currency })} /></div>
      <div class="sub">${telling && html`<span class="num vs">${t("sum.vs", { p: percent(change, true), m: monthOnly(before) })}</span>`}
        <span class="key num">${t("sum.mean")} <${Amount} text=${money({ minor: mean, currency }, true)} /></span></div>
      <div class="sub">${tax && html`<span>${t("field.tax")} <b><${Amount} text=${money(tax)} /></b></span>`}
        <span>${t("sum.count", { n: count, n_text: num(count) })}</span>
        ${calm.value && html`<${Lazy} name="missing" load=${missing} quiet month=${shown} seen=${known} />`}
        ${foreign.length > 0 && html`<span class="fxs trunc">+ ${sums(Object.fromEntries(foreign.map((one) => [one.currency, one.total.minor]))).slice(0, 2).map((text, n) => html`${n > 0 && " + "}<${Amount} text=${text} />`)}</span>`}
      </div>
    </div>
    <div class="chart">
      ${filled.length > 1 && html`<div class="avg" aria-hidden="true" style=${{ "--a": ((mean / most) * 100).toFixed(1) }}></div>`}
      <ol class="bars" aria-label=${t("sum.chart")}>${all.map((m) => html`<li key=${m}>
        <button type="button" aria-pressed=${m === filter.month} class=${m === shown ? "here" : ""} onClick=${() => onMonth(m === filter.month ? null : m)}>
          <span class="tip num">${money({ minor: value(m), currency }, true)}<span class="sr"> · </span></span>
          <span class="track" aria-hidden="true"><i style=${{ "--h": ((value(m) / most) * 100).toFixed(1) }}></i></span>
          <span class="m">${monthTiny(m)}<span class="sr"> ${m.slice(0, 4)}</span></span></button></li>`)}</ol>
    </div>
    ${top.length > 0 && html`<div class="cats"><ul aria-label=${t("sum.cats")}>${top.map((c) => html`<li key=${c.category}>
        <span class="inl"><span class=${swatch(c.category)}></span>${categoryName(c.category)}</span>
        <${Amount} text=${money(c.total, true)} /><span class="b" aria-hidden="true"><i style=${{ "--w": ((c.total.minor / mostCat) * 100).toFixed(0) }}></i></span></li>`)}</ul></div>`}
    ${table && html`<${Lazy} name="months" load=${monthTable} quiet year=${year} all=${all} onClose=${() => setTable(false)} />`}
  </section>`;
}

function taxOf(shown, currency, filter) {
  const of = filter.month ? stats.value.now : null;
  return of?.currencies?.find((one) => one.currency === currency)?.tax || null;
}
