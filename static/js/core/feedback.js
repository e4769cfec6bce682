/* Toasts and the undo stack: every reversible act says what it did and can be taken back. */
import { signal } from "./signals.js";
import { t } from "./i18n.js";
import { sentence } from "./api.js";

export const toasts = signal([]); // [{id, text, kind, action: {label, key, act}, life}]
export const spoken = signal(""); // read out politely, at most every 5 seconds
let serial = 0;

export function dismiss(id) {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Show a toast; at most three stand at a time. */
export function toast(text, { kind = "info", action = null, life = 8000 } = {}) {
  const id = (serial += 1);
  toasts.value = [...toasts.value.slice(-2), { id, text, kind, action, life }];
  return id;
}

/** Tell of a failure, with a way to try again where there is one. */
export function failed(error, again) {
  return toast(sentence(error), {
    kind: "bad",
    life: 12000,
    action: again ? { label: t("act.retry"), act: again } : null,
  });
}

const stack = []; // [{text, undo, toast}]

/** Say what was done and offer to take it back: `undo` is an async function. */
export function done(text, undo) {
  const entry = { text, undo };
  entry.toast = toast(text, { action: { label: t("act.undo"), key: "Z", act: () => takeBack(entry) } });
  stack.push(entry);
  if (stack.length > 50) stack.shift();
}

async function takeBack(entry) {
  const place = stack.indexOf(entry);
  if (place < 0) return;
  stack.splice(place, 1);
  dismiss(entry.toast);
  try {
    await entry.undo();
    toast(t("toast.undone"), { life: 3000 });
  } catch (error) {
    stack.push(entry);
    failed(error, () => takeBack(entry));
  }
}

/** Take back the newest act; false when there is none. */
export function undoLast() {
  const entry = stack.at(-1);
  if (!entry) return false;
  takeBack(entry);
  return true;
}

let lastSpoken = 0;
let speakTimer = 0;
/** For screen readers: progress at most every five seconds, the newest wins. */
export function speak(text) {
  clearTimeout(speakTimer);
  const rest = Math.max(0, lastSpoken + 5000 - Date.now());
  speakTimer = setTimeout(() => { lastSpoken = Date.now(); spoken.value = text; }, rest);
}
