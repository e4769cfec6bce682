/* What is known of the newest sync: its row, whether it runs, how far it is. The engine comes when it is needed. */
import { signal, computed } from "./signals.js";
import { get, slug } from "./api.js";
import { worded } from "./i18n.js";

export const run = signal(null); // the newest sync_run of the business, or null
export const asking = signal(false);
export const workerOffline = signal(false);
export const reconnecting = signal(false); // polls fail; we keep trying

/** Whether a run is on its way. */
export const isActive = (one) => one?.status === "queued" || one?.status === "running";
export const active = computed(() => asking.value || isActive(run.value));

/** What the button says: "Syncing 46 of 120". */
export const progress = computed(() => {
  const counters = run.value?.counters;
  if (!counters) return { done: 0, all: 0, share: 0 };
  const all = counters.found || 0;
  return { done: Math.max(0, all - (counters.left ?? 0)), all, share: run.value.progress_percentage || 0 };
});

/** What is known of the business's newest run; it is followed while it runs. */
export async function loadLatest() {
  const business = slug.value;
  run.value = null;
  const { sync_run: latest } = await get("/api/receipts/sync/latest");
  if (!latest || business !== slug.value) return;
  run.value = latest;
  if (isActive(latest)) worded(import("./syncing.js")).then((m) => m.follow(latest.id));
}

/** Ask for a sync; a sentence tells when it cannot be. */
export const startSync = (options) => worded(import("./syncing.js")).then((m) => m.startSync(options));
