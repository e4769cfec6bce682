/* The head of the receipts page: search, sync with its progress, adding receipts. */
import { html, useEffect, useRef, useState } from "../core/signals.js";
import { at, mailSources, mayWrite } from "../core/business.js";
import { go } from "../core/router.js";
import { t, worded } from "../core/i18n.js";
import { num } from "../core/fmt.js";
import { active, progress, startSync } from "../core/sync.js";
import { Icon } from "../ui/icons.js";
import { Menu } from "../ui/parts.js";
import { Lazy } from "../ui/lazy.js";
import { withStyles } from "../ui/styles.js";
import { toQuery } from "./filters.js";

const panel = () => withStyles("more", import("./syncpanel.js")).then((m) => m.SyncPanel);
const pick = () => worded(import("../uploads.js")).then((m) => m.pick());
const capture = () => worded(import("../uploads.js")).then((m) => m.capture());
const connectGmail = (id) => worded(import("../core/connect.js")).then((m) => m.connectGmail(id));

/** The search field: the address follows as one types, without a step for each letter. */
export function Search({ filter }) {
  const field = useRef(null);
  const timer = useRef(0);
  const [open, setOpen] = useState(false);
  useEffect(() => { if (field.current && document.activeElement !== field.current) field.current.value = filter.q || ""; }, [filter.q]);
  const apply = (replace) => {
    clearTimeout(timer.current);
    const q = field.current.value.trim();
    if (q !== (filter.q || "")) go(at("receipts", toQuery({ ...filter, q: q || undefined })), { replace });
  };
  const keys = (event) => {
    if (event.key === "Enter") { apply(false); field.current.blur(); }
    if (event.key === "Escape") { event.stopPropagation(); setOpen(false); field.current.blur(); }
  };
  return html`<div class=${`search${open ? " open" : ""}`} role="search">
      <${Icon} name="search" /><input ref=${field} type="search" id="q" placeholder=${t("search.hint")} aria-label=${t("search.label")} dir="auto" autocomplete="off"
      defaultValue=${filter.q || ""} onInput=${() => { clearTimeout(timer.current); timer.current = setTimeout(() => apply(Boolean(filter.q)), 250); }}
      onFocus=${() => setOpen(true)} onKeyDown=${keys} onBlur=${() => { apply(true); setOpen(false); }} /><kbd aria-hidden="true">/</kbd></div>
    <button type="button" class="icon mob" aria-label=${t("search.label")} onClick=${() => { setOpen(true); requestAnimationFrame(() => field.current.focus()); }}><${Icon} name="search" /></button>`;
}

/** "Sync now", then "Syncing 46 of 120" with a bar; a press while it runs shows the numbers. */
export function SyncButton() {
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  const { done, all, share } = progress.value;
  const press = () => {
    if (active.value) { setOpen(!open); return; }
    if (!mailSources.value.length) { connectGmail(); return; }
    startSync();
    setOpen(true);
  };
  const close = () => setOpen(false);
  const keys = (event) => { if (event.key === "Escape" && open) { event.stopPropagation(); close(); box.current.querySelector("button").focus(); } };
  const text = !active.value ? t("sync.now") : all > 0 ? t("sync.of", { a: num(done), b: num(all) }) : t("sync.begin");
  return html`<span class="menuwrap syncwrap" ref=${box} onKeyDown=${keys}>
    <button type="button" class="btn sync" id="sync" disabled=${!mayWrite.value} aria-haspopup="dialog" aria-expanded=${open} style=${{ "--p": active.value ? share : 0 }} onClick=${press}>
      <${Icon} name="sync" class=${active.value ? "spin" : ""} /><span class="stx num">${text}</span><span class="bar"></span></button>
    ${open && html`<${Lazy} name="syncpanel" load=${panel} quiet close=${close} />`}
  </span>`;
}

export function Top({ filter, onExport }) {
  return html`<header class="top"><div class="h1" aria-hidden="true">${t("nav.receipts")}</div><span class="sp mobonly"></span>
    <${Search} filter=${filter} />
    <${SyncButton} />
    ${onExport && html`<button type="button" class="btn dsk" onClick=${onExport}><${Icon} name="export" /><span class="lbl2">${t("act.export")}</span></button>`}
    ${mayWrite.value && html`<${Menu} class="btn pri dsk" label=${t("act.add")} icon="plus" text=${t("act.add")} items=${[
    { label: t("add.files"), icon: "upload", act: pick },
    { label: t("add.photo"), icon: "camera", act: capture },
    { label: t("add.gmail"), icon: "mail", act: () => connectGmail() },
  ]} />`}</header>`;
}
