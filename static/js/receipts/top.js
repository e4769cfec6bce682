/* The head of the receipts page: search, sync with its progress, adding receipts. */
import { html, useEffect, useRef, useState } from "../core/signals.js";
import { at, mailSources, mayWrite } from "../core/business.js";
import { go } from "../core/router.js";
import { t } from "../core/i18n.js";
import { num } from "../core/fmt.js";
import { useKeys } from "../core/keys.js";
import { run, active, progress, startSync, cancelSync, runError } from "../core/sync.js";
import { connectGmail } from "../core/connect.js";
import { Icon } from "../ui/icons.js";
import { Menu } from "../ui/parts.js";
import { pick, capture } from "../uploads.js";
import { toQuery } from "./filters.js";

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
  useKeys(t("nav.receipts"), { "/": [t("keys.search"), () => { setOpen(true); requestAnimationFrame(() => { field.current.focus(); field.current.select(); }); }] });
  const keys = (event) => {
    if (event.key === "Enter") { apply(false); field.current.blur(); }
    if (event.key === "Escape") { event.stopPropagation(); setOpen(false); field.current.blur(); }
  };
  return html`<div class=${`search${open || filter.q ? " open" : ""}`} role="search">
      <${Icon} name="search" /><input ref=${field} type="search" id="q" placeholder=${t("search.hint")} aria-label=${t("search.label")} dir="auto" autocomplete="off"
      defaultValue=${filter.q || ""} onInput=${() => { clearTimeout(timer.current); timer.current = setTimeout(() => apply(Boolean(filter.q)), 250); }}
      onKeyDown=${keys} onBlur=${() => { apply(true); setOpen(false); }} /><kbd aria-hidden="true">/</kbd></div>
    <button type="button" class="icon mob" aria-label=${t("search.label")} onClick=${() => { setOpen(true); requestAnimationFrame(() => field.current.focus()); }}><${Icon} name="search" /></button>`;
}

function Line({ icon, text, n, bad, extra }) {
  return html`<li class=${bad ? "bad" : ""}><${Icon} name=${icon} /><span>${text}</span><span class="num">${n}${extra}</span></li>`;
}

/* What the running (or the newest) sync has done, in numbers. */
function SyncPanel({ close }) {
  const ref = useRef(null);
  useEffect(() => {
    const away = (event) => { if (!ref.current?.parentNode.contains(event.target)) close(); };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, []);
  const one = run.value;
  const c = one?.counters || {};
  const share = progress.value.share;
  const left = active.value && one?.eta_s > 0 ? t("sync.eta", { t: one.eta_s < 90 ? t("sync.s", { n: num(Math.ceil(one.eta_s / 5) * 5) }) : t("sync.min", { n: num(Math.round(one.eta_s / 60)) }) }) : "";
  const title = active.value ? t(one?.status === "queued" ? "sync.queued" : "sync.running") : t(`sync.was.${one?.status || "none"}`);
  return html`<div class="pop syncpop" ref=${ref} role="dialog" aria-label=${title}>
    <h2><span>${title}</span>${one && html`<span class="num">${num(share)}%</span>`}</h2>
    ${one && html`<div class="pbar" role="progressbar" aria-valuenow=${share} aria-valuemin="0" aria-valuemax="100" aria-label=${title}><i style=${{ "--w": share }}></i></div>
    <ul><${Line} icon="mail" text=${t("sync.found")} n=${num(c.found || 0)} />
      <${Line} icon="dl" text=${t("sync.fetched")} n=${num(c.fetched || 0)} />
      <${Line} icon="receipt" text=${t("sync.receipts")} n=${num(c.receipts || 0)} />
      <${Line} icon="clock" text=${t("sync.left")} n=${num(c.left || 0)} />
      ${c.failed > 0 && html`<${Line} icon="warn" bad text=${t("sync.failed_n")} n=${num(c.failed)}
        extra=${html` <a class="lnk" href=${at("mail", "?outcome=failed")} onClick=${close}>${t("act.show")}</a>`} />`}</ul>`}
    ${one?.status === "failed" && html`<p class="bad"><bdi>${runError(one)}</bdi></p>`}
    ${active.value ? html`<p class="foot">${t("sync.foot")} ${left}</p>` : html`<p class="foot">${mailSources.value.length ? t("sync.idle") : t("sync.nobox")}</p>`}
    <div class="acts">
      ${active.value && one && html`<button type="button" class="btn" onClick=${cancelSync}><${Icon} name="stop" />${t("sync.cancel")}</button>`}
      ${!active.value && mailSources.value.length > 0 && html`<button type="button" class="btn" onClick=${() => { startSync({ mode: "full" }); }}>${t("sync.full")}</button>
        <button type="button" class="btn pri" onClick=${() => startSync()}>${t("sync.now")}</button>`}
    </div>
  </div>`;
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
    ${open && html`<${SyncPanel} close=${close} />`}
  </span>`;
}

export function Top({ filter, onExport }) {
  return html`<header class="top"><h1 class="h1">${t("nav.receipts")}</h1><span class="sp mobonly"></span>
    <${Search} filter=${filter} />
    <${SyncButton} />
    ${onExport && html`<button type="button" class="btn dsk" onClick=${onExport}><${Icon} name="export" /><span class="lbl2">${t("act.export")}</span></button>`}
    ${mayWrite.value && html`<${Menu} class="btn pri dsk" label=${t("act.add")} icon="plus" text=${t("act.add")} items=${[
    { label: t("add.files"), icon: "upload", act: pick },
    { label: t("add.photo"), icon: "camera", act: capture },
    { label: t("add.gmail"), icon: "mail", act: () => connectGmail() },
  ]} />`}</header>`;
}
