/* The undo stack: every reversible act says what it did and can be taken back. */
import { t } from "./i18n.js";
import { dismiss, failed, toast } from "./feedback.js";

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
