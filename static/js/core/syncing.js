/* The running sync: started, followed by polling, cancelled; its receipts appear as they are read. */
import { batch } from "./signals.js";
import { get, post, slug } from "./api.js";
import { loadMailboxes } from "./business.js";
import { toast, failed } from "./feedback.js";
import { speak } from "./speak.js";
import { num } from "./fmt.js";
import { t } from "./i18n.js";
import { run, asking, active, isActive, progress, reconnecting, workerOffline } from "./sync.js";
import { troubleText } from "../receipts/lists.js";
import { changedElsewhere, refresh } from "../receipts/list.js";

let timer = 0;
let began = 0;
let after = 0;
let fails = 0;
let following = null;

/** Ask for a sync; a sentence tells when it cannot be. */
export async function startSync(options = {}) {
  if (active.value) return;
  asking.value = true;
  try {
    const answer = await post("/api/receipts/sync", options);
    workerOffline.value = answer.worker === "offline";
    follow(answer.run_id);
    tellTabs(answer.run_id);
  } catch (error) {
    if (error.status === 409 && error.body.run_id) {
      toast(t("sync.already"));
      follow(error.body.run_id);
    } else failed(error, error.status === 400 ? null : () => startSync(options));
  } finally {
    asking.value = false;
  }
}

/* The other tabs follow at once, without waiting for their next look around. */
function tellTabs(id) {
  if (!("BroadcastChannel" in window)) return;
  const channel = new BroadcastChannel("prosaas");
  channel.postMessage({ business: slug.value, receipts: [], removed: [], run: { id, status: "queued" } });
  channel.close();
}

export async function cancelSync() {
  const id = run.value?.id;
  if (!id) return;
  try {
    await post(`/api/receipts/sync/${id}/cancel`);
    poll();
  } catch (error) { failed(error, cancelSync); }
}

/** Follow a run until it ends. */
export function follow(id) {
  if (following === id) return;
  following = id;
  began = Date.now();
  after = 0;
  fails = 0;
  poll();
}

async function poll() {
  clearTimeout(timer);
  if (!following || document.hidden) return;
  const id = following, business = slug.value;
  try {
    const { sync_run: fresh } = await get("/api/receipts/sync/status", { run_id: id, after }, { tries: 1 });
    if (business !== slug.value) following = null;
    if (id !== following || !fresh) return;
    fails = 0;
    after = fresh.seq ?? after;
    const was = run.value?.id === id ? run.value.status : null;
    batch(() => { run.value = fresh; reconnecting.value = false; });
    if (fresh.new?.length) changedElsewhere(fresh.new);
    if (fresh.status === "running") workerOffline.value = false;
    if (isActive(fresh)) {
      speak(t("sync.speak", { a: num(progress.value.done), b: num(progress.value.all) }));
    } else ended(fresh, was);
  } catch (error) {
    fails += 1;
    if (error.status === 404) { following = null; return; }
    reconnecting.value = fails > 1;
  }
  if (following) {
    const age = Date.now() - began;
    const base = fails ? Math.min(30000, 1500 * 2 ** fails) : age < 5000 ? 700 : age < 60000 ? 1500 : 5000;
    timer = setTimeout(poll, base * (0.8 + Math.random() * 0.4));
  }
}

function ended(fresh, was) {
  following = null;
  loadMailboxes().catch(() => {});
  refresh(undefined, 0);
  if (was === null) return; // it had ended before we looked
  if (fresh.status === "completed") {
    const text = t("sync.done", { n: fresh.counters.receipts, n_text: num(fresh.counters.receipts) });
    toast(text, { life: 6000 });
    speak(text);
  } else if (fresh.status === "failed") {
    toast(runError(fresh) || t("sync.failed"), { kind: "bad", life: 15000, action: { label: t("act.retry"), act: () => startSync() } });
  } else toast(t("sync.cancelled"), { life: 5000 });
}

/** Why the newest run failed, in words. */
export const runError = (one) => troubleText(one?.error);

document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
