/* What is seen of uploads: the target under a drag, pasted pictures, and the tray of files. */
import { html, useEffect, useState } from "./core/signals.js";
import { mayWrite } from "./core/business.js";
import { slug } from "./core/api.js";
import { t } from "./core/i18n.js";
import { num, bytes } from "./core/fmt.js";
import { typing } from "./core/keys.js";
import { place, go } from "./core/router.js";
import { Icon } from "./ui/icons.js";
import { files, add, again, clear, flush, insist, takeShared, taker } from "./uploads.js";

const hasFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");

/** Files dragged anywhere over the page, and pictures pasted. */
function DropZone() {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const enter = (event) => { if (hasFiles(event)) { depth += 1; setOver(true); } };
    const leave = (event) => { if (hasFiles(event)) { depth -= 1; if (depth <= 0) { depth = 0; setOver(false); } } };
    const move = (event) => { if (hasFiles(event)) event.preventDefault(); };
    const drop = (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      const dropped = event.dataTransfer.files;
      if (taker.take && dropped.length === 1) taker.take(dropped[0]);
      else add(dropped);
    };
    const paste = (event) => {
      const got = [...(event.clipboardData?.files || [])];
      if (!got.length || (typing(event.target) && event.clipboardData.types.includes("text/plain"))) return;
      event.preventDefault();
      add(got);
    };
    const all = { dragenter: enter, dragleave: leave, dragover: move, drop, paste };
    for (const [name, act] of Object.entries(all)) window.addEventListener(name, act);
    return () => { for (const [name, act] of Object.entries(all)) window.removeEventListener(name, act); };
  }, []);
  useEffect(() => { flush(); }, [slug.value]);
  useEffect(() => {
    const params = new URLSearchParams(place.value.query);
    if (!params.has("shared")) return;
    params.delete("shared");
    go(`${place.value.path}${params.size ? `?${params}` : ""}`, { replace: true });
    takeShared();
  }, []);
  if (!over || !mayWrite.value) return null;
  return html`<div class="dropzone"><div><${Icon} name="upload" /><b>${t("drop.h")}</b><span>${t("drop.p")}</span></div></div>`;
}

const STATE = { waiting: "clock", sending: "upload", reading: "sync", done: "check", same: "copy", nothing: "ban", failed: "warn", offline: "clock" };

/* What went wrong first, then the newest. */
const wrong = (one) => ["failed", "nothing", "offline"].includes(one.state);
const ranked = (all) => [...all].sort((a, b) => wrong(b) - wrong(a) || b.id - a.id);

/** Every file on its way: its progress, or what is wrong with it by name. */
function UploadTray() {
  const all = files.value;
  if (!all.length) return null;
  const bad = all.filter((one) => ["failed", "nothing"].includes(one.state)).length;
  const going = all.filter((one) => ["waiting", "sending", "reading"].includes(one.state)).length;
  const head = going ? t("upload.going", { n: going, n_text: num(going) })
    : bad ? t("upload.bad", { n: bad, n_text: num(bad) }) : t("upload.added", { n: all.length, n_text: num(all.length) });
  return html`<section class="tray" aria-label=${t("upload.title")}>
    <header><b role="status">${head}</b>
      <button type="button" class="icon" aria-label=${t("act.dismiss")} onClick=${clear}><${Icon} name="x" /></button></header>
    <ul>${ranked(all).slice(0, 60).map((one) => html`<li key=${one.id} class=${one.state}>
      <${Icon} name=${STATE[one.state]} class=${one.state === "reading" ? "spin" : ""} />
      <span class="grow"><bdi class="trunc" dir="auto">${one.name}</bdi>
        ${one.error ? html`<small class="why">${one.error}</small>` : html`<small>${t(`upload.${one.state}`)} · ${bytes(one.size)}</small>`}
        ${one.state === "sending" && html`<span class="pbar"><i style=${{ inlineSize: `${Math.round(one.share * 100)}%` }}></i></span>`}</span>
      ${one.state === "failed" && one.file && one.size && html`<button type="button" class="btn" onClick=${() => again(one.id)}>${t("act.retry")}</button>`}
      ${one.state === "nothing" && html`<button type="button" class="btn" onClick=${() => insist(one.id)}>${t("upload.insist")}</button>`}
    </li>`)}</ul>
    ${all.length > 60 && html`<p class="capped">${t("upload.more", { n: all.length - 60, n_text: num(all.length - 60) })}</p>`}
  </section>`;
}

/** Rows of what is on its way: there at once, and gone when the receipt stands in the list. */
export function Pending() {
  const all = files.value.filter((one) => ["waiting", "sending", "reading"].includes(one.state));
  if (!all.length) return null;
  return html`<div class="pending" role="group" aria-label=${t("upload.pending")}>${all.slice(0, 3).map((one) => html`<div class="row" key=${one.id}>
    <span class="ck"></span><span class="thumb sk0"></span>
    <div class="v"><div class="a"><span class="sk w1"></span></div><div class="b"><bdi class="trunc" dir="auto">${one.name}</bdi></div></div>
    <span class="c-cat"><span class="sk w3"></span></span><span class="c-src"></span><span class="c-date"></span>
    <span class="c-st"><span class="flag info"><${Icon} name="sync" class="spin" />${t("flag.reading")}</span></span>
    <span class="amt"><span class="sk w3"></span></span></div>`)}
    ${all.length > 3 && html`<p class="capped">${t("upload.more", { n: all.length - 3, n_text: num(all.length - 3) })}</p>`}</div>`;
}

export const Uploads = () => html`<${DropZone} /><${UploadTray} />`;
