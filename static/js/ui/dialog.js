/* Dialogs on the browser's own <dialog>, and loading what a page needs. */
import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/signals.js";
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

/** Run `act` when the component is shown and whenever `deps` change; gives [value, error, reload]. */
export function useLoad(act, deps) {
  const [state, set] = useState([undefined, null]);
  const serial = useRef(0);
  const reload = async () => {
    const mine = (serial.current += 1);
    try {
      const value = await act();
      if (mine === serial.current) set([value, null]);
    } catch (error) {
      if (mine === serial.current) set([undefined, error]);
    }
  };
  useEffect(() => {
    reload();
    return () => { serial.current += 1; };
  }, deps);
  return [state[0], state[1], reload];
}
