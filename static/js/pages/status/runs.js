/* The history of syncs: every run, page by page, and one of them in full (its number is in the address). */
import { html, useEffect, useRef } from "../../core/signals.js";
import { get, sentence } from "../../core/api.js";
import { at } from "../../core/business.js";
import { go, place } from "../../core/router.js";
import { t } from "../../core/i18n.js";
import { duration, moment, num } from "../../core/fmt.js";
import { run as newest, isActive } from "../../core/sync.js";
import { troubleText } from "../../receipts/lists.js";
import { Icon } from "../../ui/icons.js";
import { Dialog } from "../../ui/dialog.js";
import { Wrong } from "../../ui/form.js";
import { MoreOf, useLoad, usePaged } from "../../ui/load.js";
import { Wait } from "../../ui/parts.js";

const TONE = { completed: ["check", "ok"], failed: ["warn", "bad"], cancelled: ["stop", "ok"], running: ["sync", "info"], queued: ["clock", "info"] };
const State = ({ run }) => html`<span class=${`flag ${TONE[run.status]?.[1] || "ok"}`}><${Icon} name=${TONE[run.status]?.[0] || "clock"} />${t(`run.${run.status}`)}</span>`;
const took = (run) => (run.started_at && run.finished_at ? duration((new Date(run.finished_at) - new Date(run.started_at)) / 1000) : "—");
const failedLink = (run) => (run.counters.failed ? html`<a class="lnk" href=${at("mail", "?outcome=failed")}>${num(run.counters.failed)}</a>` : num(0));

function Run({ id, onClose }) {
  const [run, error] = useLoad(() => get("/api/receipts/sync/status", { run_id: id }).then((answer) => answer.sync_run), [id, newest.value?.status]);
  const { counters } = run || {};
  return html`<${Dialog} title=${t("runs.one", { n: id })} onClose=${onClose} class="small">
    ${error && html`<${Wrong} text=${error.status === 404 ? t("error.gone") : sentence(error)} />`}
    ${!run && !error && html`<${Wait} rows=${4} />`}
    ${run && html`<dl class="facts">
      <dt>${t("status.run.state")}</dt><dd class="inl"><${State} run=${run} />${t(`sync.mode.${run.mode}`)}</dd>
      ${run.error && html`<dt>${t("runs.error")}</dt><dd><bdi>${troubleText(run.error)}</bdi></dd>`}
      <dt>${t("runs.asked")}</dt><dd>${moment(run.created_at)}</dd>
      ${run.started_at && html`<dt>${t("runs.began")}</dt><dd>${moment(run.started_at)}</dd>`}
      ${run.finished_at && html`<dt>${t("runs.ended")}</dt><dd>${moment(run.finished_at)} (${took(run)})</dd>`}
      <dt>${t("sync.found")}</dt><dd class="num">${num(counters.found)}</dd>
      <dt>${t("sync.fetched")}</dt><dd class="num">${num(counters.fetched)}</dd>
      <dt>${t("sync.receipts")}</dt><dd class="num">${num(counters.receipts)}</dd>
      <dt>${t("runs.skipped")}</dt><dd class="num">${num(counters.skipped)}</dd>
      <dt>${t("sync.failed_n")}</dt><dd class="num">${failedLink(run)}</dd>
      ${isActive(run) && html`<dt>${t("sync.left")}</dt><dd class="num">${num(counters.left)}</dd>`}</dl>`}
  </${Dialog}>`;
}

export function Runs() {
  const [list, { more, reload }] = usePaged("/api/receipts/sync/runs", { limit: 20 });
  const now = `${newest.value?.id} ${newest.value?.status}`;
  const seen = useRef(now);
  useEffect(() => {
    if (seen.current !== now) reload();
    seen.current = now;
  }, [now]);
  const open = Number(new URLSearchParams(place.value.query).get("run")) || null;
  if (list.error && !list.items) return html`<p class="bad">${sentence(list.error)} <button type="button" class="lnk" onClick=${reload}>${t("act.retry")}</button></p>`;
  if (!list.items) return html`<${Wait} rows=${3} />`;
  return html`${!list.items.length ? html`<p class="hint">${t("status.noruns")}</p>` : html`<div class="scrollx"><table class="plain runs"><thead><tr>
      <th scope="col">${t("status.run.at")}</th><th scope="col">${t("status.run.state")}</th><th scope="col" class="r">${t("runs.took")}</th>
      <th scope="col" class="r">${t("sync.found")}</th><th scope="col" class="r">${t("sync.receipts")}</th><th scope="col" class="r">${t("sync.failed_n")}</th></tr></thead>
    <tbody>${list.items.map((run) => html`<tr key=${run.id}><th scope="row"><a class="lnk" href=${at("status", `?run=${run.id}`)}>${moment(run.started_at || run.created_at)}</a><small>${t(`sync.mode.${run.mode}`)}</small></th>
      <td><${State} run=${run} />${run.error && html`<small class="bad"><bdi>${troubleText(run.error)}</bdi></small>`}</td><td class="r num">${took(run)}</td>
      <td class="r num">${num(run.counters.found)}</td><td class="r num">${num(run.counters.receipts)}</td><td class="r num">${failedLink(run)}</td></tr>`)}</tbody></table></div>
    <${MoreOf} list=${list} more=${more} />`}
    ${open && html`<${Run} id=${open} onClose=${() => go(at("status"))} />`}`;
}
