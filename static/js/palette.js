/* The command palette and the sheet of keys that are valid here. */
import { html, useEffect, useRef, useState } from "./core/signals.js";
import { get } from "./core/api.js";
import { speakLanguage, signOut } from "./core/account.js";
import { at, mailSources, mayWrite, today } from "./core/business.js";
import { go, place } from "./core/router.js";
import { t, otherLanguages } from "./core/i18n.js";
import { theme, isDark, singleKeys } from "./core/prefs.js";
import { month as monthName } from "./core/fmt.js";
import { validKeys } from "./core/keys.js";
import { undoLast } from "./core/undo.js";
import { startSync } from "./core/sync.js";
import { connectGmail } from "./core/connect.js";
import { Icon } from "./ui/icons.js";
import { Dialog } from "./ui/dialog.js";
import { Keys } from "./ui/keys.js";
import { pick } from "./uploads.js";
import { PAGES } from "./pages.js";
import { fromQuery, toQuery } from "./receipts/filters.js";

/** How well `text` answers what was typed: letters in order, starts of words count more; -1: not at all. */
export function score(typed, text) {
  const a = typed.toLowerCase().trim(), b = text.toLowerCase();
  if (!a) return 0;
  const at0 = b.indexOf(a);
  if (at0 >= 0) return 100 - at0 - (at0 && /\S/.test(b[at0 - 1]) ? 20 : 0);
  let n = 0, sum = 0, last = -2;
  for (const letter of a) {
    n = b.indexOf(letter, n);
    if (n < 0) return -1;
    sum += n === last + 1 ? 3 : n === 0 || /\W/.test(b[n - 1]) ? 2 : 0;
    last = n;
    n += 1;
  }
  return sum;
}

function commands() {
  const filter = fromQuery(place.value.query);
  const list = (values) => () => go(at("receipts", toQuery(values)));
  return [
    mayWrite.value && mailSources.value.length && ["sync", t("pal.sync"), () => startSync(), "s"],
    mayWrite.value && ["upload", t("pal.upload"), pick],
    mayWrite.value && ["mail", t("add.gmail"), () => connectGmail()],
    ["export", t("pal.export"), () => go(at("exports", `?export=1${place.value.path.includes("/receipts") ? toQuery(filter).replace("?", "&") : ""}`))],
    ["hist", t("keys.undo"), undoLast, "z"],
    ...Object.values(PAGES).map(({ name, icon, key }) => [icon, t("keys.go", { p: t(`nav.${name}`) }), () => go(at(name)), key && `g ${key}`]),
    ["warn", t("pal.tab", { p: t("tab.review") }), list({ status: "to_review" })],
    ["check", t("pal.tab", { p: t("tab.ready") }), list({ status: "ready" })],
    ["calendar", t("pal.tab", { p: monthName(today.value.slice(0, 7)) }), list({ ...filter, month: today.value.slice(0, 7) })],
    ["trash", t("pal.tab", { p: t("tab.trash") }), list({ deleted: "1" })],
    ["warn", t("tab.failed"), () => go(at("mail", "?outcome=failed"))],
    [isDark() ? "sun" : "moon", t(isDark() ? "theme.light" : "theme.dark"), () => { theme.value = isDark() ? "light" : "dark"; }, "t"],
    ...otherLanguages().map((code) => ["globe", `${t(`lang.to.${code}`)} · ${t(`lang.name.${code}`)}`, () => speakLanguage(code)]),
    ["out", t("nav.signout"), signOut],
  ].filter(Boolean).map(([icon, text, act, key]) => ({ icon, text, act, key, group: "actions" }));
}

/* What the search of everything finds: its icon, and where it stands. */
const HITS = {
  receipt: ["receipt", (id) => `receipts/${id}`],
  contact: ["users", (id) => `contacts/${id}`],
  task: ["check", () => "contacts/tasks"],
  mail: ["mail", (id) => `mail/${id}`],
  call: ["phone", (id) => `calls/${id}`],
};

export function Palette({ onClose }) {
  const [typed, setTyped] = useState("");
  const [here, setHere] = useState(0);
  const [vendors, setVendors] = useState([]);
  const [hits, setHits] = useState([]);
  const field = useRef(null), box = useRef(null), serial = useRef(0);
  useEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    field.current.focus();
    return () => before?.focus?.({ preventScroll: true });
  }, []);
  useEffect(() => {
    const mine = (serial.current += 1);
    if (typed.trim().length < 2) { setVendors([]); setHits([]); return undefined; }
    const ask = (path, limit, take) => get(path, { q: typed.trim(), limit }, { tries: 1 }).then((page) => { if (mine === serial.current) take(page.items); }, () => {});
    const timer = setTimeout(() => {
      ask("/api/vendors", 5, (items) => setVendors(items.map((one) => one.name)));
      ask("/api/search", 3, setHits);
    }, 120);
    return () => clearTimeout(timer);
  }, [typed]);
  const found = commands().map((one) => ({ ...one, score: score(typed, one.text) })).filter((one) => one.score >= 0)
    .sort((a, b) => b.score - a.score).slice(0, 12);
  for (const name of vendors) found.push({ icon: "tag", text: name, group: "vendors", act: () => go(at("receipts", toQuery({ vendor: name }))) });
  for (const one of hits) found.push({ icon: HITS[one.type][0], text: [one.title || t("receipt.unnamed"), one.text].filter(Boolean).join(" · "), group: "found", act: () => go(at(HITS[one.type][1](one.id))) });
  if (typed.trim()) found.push({ icon: "search", text: t("pal.search", { q: typed.trim() }), group: "search", act: () => go(at("receipts", toQuery({ q: typed.trim() }))) });
  const now = Math.min(here, found.length - 1);
  const choose = (one) => { box.current.close(); onClose(); one.act(); };
  const keys = (event) => {
    event.stopPropagation();
    if (event.key === "ArrowDown") setHere((now + 1) % found.length);
    else if (event.key === "ArrowUp") setHere((now - 1 + found.length) % found.length);
    else if (event.key === "Enter") { if (found[now]) choose(found[now]); } else return;
    event.preventDefault();
  };
  useEffect(() => { box.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }); }, [now]);
  let group = null;
  return html`<dialog class="pal" ref=${box} aria-label=${t("pal.title")} onCancel=${(event) => { event.preventDefault(); onClose(); }} onClick=${(event) => { if (event.target === box.current) onClose(); }} onKeyDown=${keys}>
    <div class="q"><${Icon} name="search" /><input ref=${field} dir="auto" role="combobox" aria-expanded="true" aria-controls="pal-list" aria-autocomplete="list" autocomplete="off"
      aria-activedescendant=${found.length ? `pal-${now}` : null} aria-label=${t("pal.hint")} placeholder=${t("pal.hint")} value=${typed} onInput=${(event) => { setTyped(event.target.value); setHere(0); }} /><kbd aria-hidden="true">Esc</kbd></div>
    <ul id="pal-list" role="listbox" aria-label=${t("pal.title")}>${found.map((one, n) => {
    const head = one.group !== group ? html`<li class="head" role="presentation" key=${`h${one.group}`}>${t(`pal.${one.group}`)}</li>` : null;
    group = one.group;
    return html`${head}<li key=${n} id=${`pal-${n}`} role="option" aria-selected=${n === now} onPointerMove=${() => { if (n !== now) setHere(n); }} onClick=${() => choose(one)}>
        <${Icon} name=${one.icon} /><bdi class="grow trunc">${one.text}</bdi>${one.key && singleKeys.value && html`<${Keys} of=${one.key} class="k" />`}</li>`;
  })}</ul>
  </dialog>`;
}

export function Help({ onClose }) {
  const [places] = useState(validKeys);
  return html`<${Dialog} title=${t("keys.title")} onClose=${onClose}>
    ${!singleKeys.value && html`<p class="hint">${t("keys.off")}</p>`}
    <div class="keysheet">${places.map((one) => html`<section key=${one.name}><h3>${one.name}</h3><dl>
      ${one.keys.map(([key, label]) => html`<div key=${key}><dt>${label}</dt><dd><${Keys} of=${key} /></dd></div>`)}</dl></section>`)}</div>
  </${Dialog}>`;
}
