/* Toasts: what was done, with a way back; what failed, with a way to try again. */
import { html, useEffect, useRef } from "../core/signals.js";
import { t } from "../core/i18n.js";
import { toasts, dismiss } from "../core/feedback.js";
import { spoken } from "../core/speak.js";
import { Icon } from "./icons.js";

function Toast({ toast }) {
  const timer = useRef(0);
  const stop = () => clearTimeout(timer.current);
  const run = () => {
    stop();
    if (toast.life) timer.current = setTimeout(() => dismiss(toast.id), toast.life);
  };
  useEffect(() => { run(); return stop; }, []);
  return html`<div class=${`toast ${toast.kind}`} onPointerEnter=${stop} onPointerLeave=${run} onFocusIn=${stop} onFocusOut=${run}>
    ${toast.kind === "bad" && html`<${Icon} name="warn" />`}
    <span class="grow"><bdi>${toast.text}</bdi></span>
    ${toast.action && html`<button type="button" class="act" onClick=${() => { dismiss(toast.id); toast.action.act(); }}>
      ${toast.action.label}${toast.action.key && html`<kbd aria-hidden="true">${toast.action.key}</kbd>`}</button>`}
    <button type="button" class="shut" aria-label=${t("act.dismiss")} onClick=${() => dismiss(toast.id)}><${Icon} name="x" /></button>
  </div>`;
}

/** All toasts, and the polite voice for screen readers. */
export const Toasts = () => html`
  <div class="toasts" role="region" aria-label=${t("toast.region")}>
    <div role="status" class="stack">${toasts.value.map((toast) => html`<${Toast} key=${toast.id} toast=${toast} />`)}</div>
    <p class="sr" aria-live="polite">${spoken.value}</p>
  </div>`;
