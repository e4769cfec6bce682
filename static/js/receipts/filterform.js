/* The form behind "Filter": one field for each thing a list can be narrowed by. */
import { html, useState, useRef, useEffect } from "../core/signals.js";
import { mailSources, today } from "../core/business.js";
import { t } from "../core/i18n.js";
import { months } from "../core/days.js";
import { month as monthName } from "../core/fmt.js";
import { parseDay, parseAmount } from "../core/parse.js";
import { tabOf, withTab } from "./filters.js";
import { CURRENCIES } from "./lists.js";
import { CATEGORIES, categoryName, sourceName } from "./words.js";

const FLAGS = ["total", "date", "vendor", "currency", "tax_total", "duplicate", "waiting_for_document"];

export function FilterForm({ filter, onDone, close }) {
  const form = useRef(null);
  const [wrong, setWrong] = useState({});
  useEffect(() => { form.current.querySelector("select, input")?.focus(); }, []);
  const submit = (event) => {
    event.preventDefault();
    const data = Object.fromEntries(new FormData(form.current));
    const next = { ...filter }, bad = {};
    for (const key of ["month", "vendor", "category", "currency", "source", "mailbox", "flag"]) next[key] = data[key]?.trim() || undefined;
    for (const key of ["from_date", "to_date"]) {
      next[key] = data[key] ? parseDay(data[key], today.value) : undefined;
      if (data[key] && !next[key]) bad[key] = t("wrong.date");
    }
    for (const key of ["min_amount", "max_amount"]) {
      next[key] = data[key] ? parseAmount(data[key]) : undefined;
      if (data[key] && next[key] === null) bad[key] = t("wrong.amount");
    }
    if (next.from_date || next.to_date) next.month = undefined;
    setWrong(bad);
    if (!Object.keys(bad).length) onDone(next);
  };
  const select = (name, options) => html`<div class="f"><label for=${`fl-${name}`}>${t(`filter.${name}`)}</label>
    <select id=${`fl-${name}`} name=${name} class="in"><option value="">${t("filter.any")}</option>
    ${options.map(([value, text]) => html`<option value=${value} selected=${filter[name] === value}>${text}</option>`)}</select></div>`;
  const input = (name, value, extra = {}) => html`<div class="f"><label for=${`fl-${name}`}>${t(`filter.${name}`)}</label>
    <input id=${`fl-${name}`} name=${name} class="in" autocomplete="off" defaultValue=${value || ""} aria-invalid=${wrong[name] ? "true" : null}
      aria-describedby=${wrong[name] ? `fl-${name}-w` : null} ...${extra} />
    ${wrong[name] && html`<p class="bad" id=${`fl-${name}-w`}>${wrong[name]}</p>`}</div>`;
  const keys = (event) => { if (event.key === "Escape") { event.stopPropagation(); event.preventDefault(); close(); } };
  return html`<div class="pop filterpop" role="dialog" aria-label=${t("filter.title")} onKeyDown=${keys}><form ref=${form} onSubmit=${submit}>
    ${select("month", [...months(today.value.slice(0, 7))].reverse().map((m) => [m, monthName(m)]))}
    <div class="f2">${input("from_date", filter.from_date, { dir: "ltr", placeholder: t("field.date.hint") })}${input("to_date", filter.to_date, { dir: "ltr", placeholder: t("field.date.hint") })}</div>
    ${input("vendor", filter.vendor, { dir: "auto" })}
    <div class="f2">${select("category", [...CATEGORIES.map((c) => [c, categoryName(c)])])}${select("currency", CURRENCIES.map((c) => [c, c]))}</div>
    <div class="f2">${input("min_amount", filter.min_amount, { dir: "ltr", inputmode: "decimal" })}${input("max_amount", filter.max_amount, { dir: "ltr", inputmode: "decimal" })}</div>
    <div class="f2">${select("source", ["gmail", "imap", "upload", "message"].map((s) => [s, sourceName(s)]))}${select("flag", FLAGS.map((f) => [f, t(`filter.flag.${f}`)]))}</div>
    ${mailSources.value.length > 1 && select("mailbox", mailSources.value.map((box) => [String(box.id), box.address]))}
    <div class="acts"><button type="button" class="btn ghost" onClick=${() => onDone(withTab({ sort: filter.sort }, tabOf(filter)))}>${t("filter.clear")}</button>
      <button type="submit" class="btn pri">${t("filter.apply")}</button></div>
  </form></div>`;
}
