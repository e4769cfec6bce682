/* Dialogs on the browser's own <dialog>. */
import { html, useLayoutEffect, useRef } from "../core/signals.js";
import { t } from "../core/i18n.js";
import { Icon } from "./icons.js";

/** A modal dialog on the browser's own <dialog>: focus kept in, Escape closes, focus goes back. */
export function Dialog({ title, onClose, children, class: extra = "", foot }) {
  const ref = useRef(null);
  useLayoutEffect(() => {
    const element = ref.current;
    const before = document.activeElement;
    element.showModal();
    return () => {
      element.close();
      before?.focus?.({ preventScroll: true });
    };
  }, []);
  return html`<dialog ref=${ref} class=${`dialog ${extra}`} aria-labelledby="dialog-title"
      onCancel=${(event) => { event.preventDefault(); onClose(); }}
      onKeyDown=${(event) => event.stopPropagation()}
      onClick=${(event) => { if (event.target === ref.current) onClose(); }}>
    <div class="dbody">
      <header><h2 id="dialog-title">${title}</h2>
        <button type="button" class="icon" aria-label=${t("act.close")} onClick=${onClose}><${Icon} name="x" /></button></header>
      <div class="dmain">${children}</div>
      ${foot && html`<footer>${foot}</footer>`}
    </div>
  </dialog>`;
}

/** A dialog for the few things that cannot be taken back. */
export function Confirm({ title, text, label, onYes, onClose }) {
  const foot = html`
    <button type="button" class="btn" onClick=${onClose}>${t("act.cancel")}</button>
    <button type="button" class="btn irrev" onClick=${() => { onClose(); onYes(); }}>${label}</button>`;
  return html`<${Dialog} title=${title} onClose=${onClose} foot=${foot} class="small"><p>${text}</p></${Dialog}>`;
}
