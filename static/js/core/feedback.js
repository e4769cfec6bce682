/* Toasts: what was done, what failed. */
import { signal } from "./signals.js";
import { t } from "./i18n.js";
import { sentence } from "./api.js";

export const toasts = signal([]); // [{id, text, kind, action: {label, key, act}, life}]
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
