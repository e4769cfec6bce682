/* The heartbeat: one tab of the browser polls for changes and the running sync, and tells the others. */
import { get, online, session, slug } from "./api.js";
import { unreadAlerts } from "./business.js";
import { isActive } from "./sync.js";
import { follow } from "./syncing.js";
import { changedElsewhere } from "../receipts/list.js";

const listeners = new Set();
export const onChanges = (act) => { listeners.add(act); return () => listeners.delete(act); };

let channel = null;
let leader = false;
let cursor = null;
let timer = 0;
let fails = 0;
const EVERY = 20000;

const jitter = (ms) => ms * (0.8 + Math.random() * 0.4);
function tell(message) {
  unreadAlerts.value = message.alerts || 0;
  changedElsewhere(message.receipts, message.removed);
  if (isActive(message.run)) follow(message.run.id);
  listeners.forEach((act) => act(message));
}

async function beat() {
  clearTimeout(timer);
  if (document.hidden || session.value !== "in" || !slug.value || !leader) return;
  const business = slug.value;
  try {
    const answer = await get("/api/changes", cursor === null ? {} : { after: cursor }, { tries: 1 });
    if (business !== slug.value) return;
    const first = cursor === null;
    cursor = answer.cursor;
    fails = 0;
    const message = { business, receipts: first ? [] : answer.receipts, removed: first ? [] : answer.removed, run: answer.run, alerts: answer.alerts };
    tell(message);
    channel?.postMessage(message);
  } catch {
    fails += 1;
  } finally {
    clearTimeout(timer);
    timer = setTimeout(beat, jitter(Math.min(EVERY * 2 ** Math.min(fails, 2), 60000)));
  }
}

/* Begin anew for a business. */
function reset() {
  cursor = null;
  fails = 0;
  clearTimeout(timer);
  unreadAlerts.value = 0;
  if (slug.value) timer = setTimeout(beat, 1500);
}

export function start() {
  if ("BroadcastChannel" in window) {
    channel = new BroadcastChannel("prosaas");
    channel.onmessage = ({ data }) => { if (data.business === slug.value) tell(data); };
  }
  if (navigator.locks) navigator.locks.request("prosaas.poll", () => { leader = true; beat(); return new Promise(() => {}); });
  else leader = true;
  document.addEventListener("visibilitychange", () => { if (!document.hidden) beat(); });
  slug.subscribe(reset);
  online.subscribe((now) => { if (now) { fails = 0; beat(); } });
}
