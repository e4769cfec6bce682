/* Status: whether everything works, in words; and the history of syncs. */
import { html, useEffect } from "../core/signals.js";
import { get, me, sentence, ApiError } from "../core/api.js";
import { mailSources, loadMailboxes, mayWrite } from "../core/business.js";
import { t, lang } from "../core/i18n.js";
import { ago, num } from "../core/fmt.js";
import { connectGmail } from "../core/connect.js";
import { troubleText } from "../receipts/lists.js";
import { Icon } from "../ui/icons.js";
import { useLoad } from "../ui/load.js";
import { Trouble, Wait } from "../ui/parts.js";
import { Runs } from "./status/runs.js";
import { SyncButton } from "../receipts/top.js";

/* Health is an answer even when it says 503. */
async function health() {
  try {
    return await get("/api/health", {}, { tries: 1 });
  } catch (error) {
    if (error instanceof ApiError && error.body?.redis) return error.body;
    throw error;
  }
}

function Check({ good, warn, title, text, extra }) {
  const tone = good ? "good" : warn ? "warn" : "bad";
  return html`<li class=${`check ${tone}`}><span class="mark"><${Icon} name=${good ? "check" : "warn"} /></span>
    <span class="grow"><b>${title}</b><span>${text}</span></span>${extra}</li>`;
}

function Checks({ h }) {
  const worker = h.worker || {};
  const queue = h.queue || {};
  const waiting = (queue.high || 0) + (queue.default || 0) + (queue.low || 0);
  const seen = worker.last_seen_s === null || worker.last_seen_s === undefined ? t("status.never") : ago(new Date(Date.now() - worker.last_seen_s * 1000).toISOString());
  return html`<ul class="checks">
    <${Check} good=${h.database === "ok"} title=${t("status.database")} text=${t(h.database === "ok" ? "status.database.ok" : "status.database.down")} />
    <${Check} good=${h.redis === "ok"} title=${t("status.redis")} text=${t(h.redis === "ok" ? "status.redis.ok" : "status.redis.down")} />
    <${Check} good=${worker.alive} title=${t("status.worker")} text=${t(worker.alive ? "status.worker.ok" : "status.worker.down", { t: seen })} />
    <${Check} good=${waiting < 500} warn title=${t("status.queue")} text=${h.redis !== "ok" ? t("status.queue.unknown") : waiting
      ? t("status.queue.n", { n: waiting, n_text: num(waiting), a: num(queue.high || 0), b: num(queue.default || 0), c: num(queue.low || 0) }) : t("status.queue.empty")} />
    ${mailSources.value.map((box) => html`<${Check} key=${box.id} good=${box.status === "connected"} warn=${box.status === "disconnected"} title=${box.address}
      text=${box.status === "connected" ? (box.last_sync_at ? t("status.box.ok", { t: ago(box.last_sync_at) }) : t("src.never"))
        : box.error ? troubleText(box.error) : t(`box.${box.status}`)}
      extra=${box.status !== "connected" && mayWrite.value && html`<button type="button" class="btn" onClick=${() => connectGmail(box.id)}>${t("act.reconnect")}</button>`} />`)}
    ${!mailSources.value.length && html`<${Check} warn title=${t("status.nobox")} text=${t("status.nobox.p")}
      extra=${mayWrite.value && html`<button type="button" class="btn" onClick=${() => connectGmail()}>${t("add.gmail")}</button>`} />`}
  </ul>`;
}

/* What the doctor found is told in English; others read its verdict first, in their own words. */
const told = (one) => [one.text, one.remedy].filter(Boolean).join(" ");
const inWords = (one) => (lang.value === "en" ? html`<bdi>${told(one)}</bdi>`
  : html`${t(`status.verdict.${one.verdict}`)} <small lang="en" dir="ltr">${told(one)}</small>`);

/** For operators: what the doctor looks at, in words. */
function Doctor() {
  const [found] = useLoad(() => get("/api/doctor"), []);
  if (!found) return null;
  return html`<section class="panel"><h2>${t("status.doctor")}</h2>
    <p class="hint">${t(found.ok ? "status.doctor.ok" : "status.doctor.bad")}</p>
    <ul class="checks">${found.checks.map((one) => html`<${Check} key=${one.name} good=${one.verdict === "ok"} warn=${one.verdict === "warn"}
      title=${t(`status.check.${one.name.replaceAll(" ", "_")}`)} text=${inWords(one)} />`)}</ul></section>`;
}

export function Page() {
  const [h, error, reload] = useLoad(health, []);
  useEffect(() => {
    loadMailboxes().catch(() => {});
    const timer = setInterval(() => { if (!document.hidden) reload(); }, 10000);
    return () => clearInterval(timer);
  }, []);
  const fine = h && h.status === "ok" && mailSources.value.every((box) => box.status === "connected");
  return html`<main class="main page" id="main" tabindex="-1">
    <header class="top"><h1 class="h1">${t("nav.status")}</h1><span class="grow"></span><${SyncButton} /></header>
    <div class="body">
      ${error && !h ? html`<${Trouble} text=${sentence(error)} again=${reload} />` : !h ? html`<${Wait} /> ` : html`
      <section class="panel"><h2 class=${`verdict ${fine ? "good" : "bad"}`}><span class="dot"></span><span role="status">${t(fine ? "status.fine" : "status.notfine")}</span></h2><${Checks} h=${h} /></section>`}
      ${me.value?.user.operator && html`<${Doctor} />`}
      <section class="panel"><h2>${t("status.runs")}</h2><${Runs} /></section>
      ${h && html`<p class="hint">${t("status.version", { v: h.version })}</p>`}
    </div></main>`;
}
