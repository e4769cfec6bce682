/* What the running (or the newest) sync has done, in numbers. */
import { html, useEffect, useRef, useState } from "../core/signals.js";
import { at, mailSources } from "../core/business.js";
import { t } from "../core/i18n.js";
import { num } from "../core/fmt.js";
import { run, active, progress } from "../core/sync.js";
import { startSync, cancelSync, runError } from "../core/syncing.js";
import { Icon } from "../ui/icons.js";

function Line({ icon, text, n, bad, extra }) {
  return html`<li class=${bad ? "bad" : ""}><${Icon} name=${icon} /><span>${text}</span><span class="num">${n}${extra}</span></li>`;
}

/* Old mail of some days only; either end may be left open. */
function Days() {
  const send = (event) => {
    event.preventDefault();
    const { from, to } = event.currentTarget.elements;
    startSync({ mode: "full", from_date: from.value || null, to_date: to.value || null });
  };
  return html`<form class="days" onSubmit=${send}>
    <label>${t("sync.from")}<input class="in" type="date" name="from" /></label>
    <label>${t("sync.to")}<input class="in" type="date" name="to" /></label>
    <button type="submit" class="btn">${t("sync.fetch")}</button></form>`;
}

export function SyncPanel({ close }) {
  const ref = useRef(null);
  const [days, setDays] = useState(false);
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
      ${c.skipped > 0 && html`<${Line} icon="ban" text=${t("sync.skipped")} n=${num(c.skipped)} />`}
      <${Line} icon="clock" text=${t("sync.left")} n=${num(c.left || 0)} />
      ${c.failed > 0 && html`<${Line} icon="warn" bad text=${t("sync.failed_n")} n=${num(c.failed)}
        extra=${html` <a class="lnk" href=${at("mail", "?outcome=failed")} onClick=${close}>${t("act.show")}</a>`} />`}</ul>`}
    ${one?.status === "failed" && html`<p class="bad"><bdi>${runError(one)}</bdi></p>`}
    ${active.value ? html`<p class="foot">${t("sync.foot")} ${left}</p>` : html`<p class="foot">${mailSources.value.length ? t("sync.idle") : t("sync.nobox")}</p>`}
    ${days && !active.value && html`<${Days} />`}
    <div class="acts">
      ${active.value && one && html`<button type="button" class="btn" onClick=${cancelSync}><${Icon} name="stop" />${t("sync.cancel")}</button>`}
      ${!active.value && mailSources.value.length > 0 && html`<button type="button" class="btn" onClick=${() => { startSync({ mode: "full" }); }}>${t("sync.full")}</button>
        <button type="button" class="btn" aria-expanded=${days} onClick=${() => setDays(!days)}>${t("sync.days")}</button>
        <button type="button" class="btn pri" onClick=${() => startSync()}>${t("sync.now")}</button>`}
    </div>
  </div>`;
}
