/* What is seen of uploads: the target under a drag, pasted pictures, and the tray of files. */
import { html, useEffect, useState } from "./core/signals.js";
import { mayWrite } from "./core/business.js";
import { slug } from "./core/api.js";
import { t } from "./core/i18n.js";
import { num, bytes } from "./core/fmt.js";
import { typing } from "./core/keys.js";
import { Icon } from "./ui/icons.js";
import { files, add, again, clear, flush } from "./uploads.js";

const hasFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");

/** Files dragged anywhere over the page, and pictures pasted. */
export function DropZone() {
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
      add(event.dataTransfer.files);
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
  if (!over || !mayWrite.value) return null;
  return html`<div class="dropzone"><div><${Icon} name="upload" /><b>${t("drop.h")}</b><span>${t("drop.p")}</span></div></div>`;
}

const STATE = { waiting: "clock", sending: "upload", done: "check", failed: "warn", offline: "clock" };

/** Every file on its way: its progress, or what is wrong with it by name. */
export function UploadTray() {
  const all = files.value;
  if (!all.length) return null;
  const bad = all.filter((one) => one.state === "failed").length;
  const going = all.filter((one) => ["waiting", "sending"].includes(one.state)).length;
  const head = going ? t("upload.going", { n: going, n_text: num(going) })
    : bad ? t("upload.bad", { n: bad, n_text: num(bad) }) : t("upload.added", { n: all.length, n_text: num(all.length) });
  return html`<section class="tray" aria-label=${t("upload.title")}>
    <header><b role="status">${head}</b>
      <button type="button" class="icon" aria-label=${t("act.dismiss")} onClick=${clear}><${Icon} name="x" /></button></header>
    <ul>${all.slice(-60).reverse().map((one) => html`<li key=${one.id} class=${one.state}>
      <${Icon} name=${STATE[one.state]} />
      <span class="grow"><bdi class="trunc">${one.name}</bdi>
        ${one.error ? html`<small class="why">${one.error}</small>` : html`<small>${t(`upload.${one.state}`)} · ${bytes(one.size)}</small>`}
        ${one.state === "sending" && html`<span class="pbar"><i style=${{ inlineSize: `${Math.round(one.share * 100)}%` }}></i></span>`}</span>
      ${one.state === "failed" && one.file && one.size && html`<button type="button" class="btn" onClick=${() => again(one.id)}>${t("act.retry")}</button>`}
    </li>`)}</ul>
  </section>`;
}
