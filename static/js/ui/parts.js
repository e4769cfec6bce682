/* Small parts that every page uses: keys, chips, menus, dialogs, toasts, skeletons. */
import { html, useEffect, useRef, useState, useLayoutEffect } from "../core/signals.js";
import { t } from "../core/i18n.js";
import { shown } from "../core/keys.js";
import { toasts, dismiss, spoken } from "../core/feedback.js";
import { Icon } from "./icons.js";

/** The keys of a shortcut, for the eye only. */
export const Keys = ({ of, class: extra = "" }) => html`
  <span class=${`keys ${extra}`} aria-hidden="true">${shown(of).map((key) => html`<kbd>${key}</kbd>`)}</span>`;

/** A person's words (vendor, note, subject): its own direction, cut with an ellipsis. */
export const Bdi = ({ text, class: extra = "trunc" }) => html`<bdi class=${extra}>${text}</bdi>`;

/** An amount, its digits in columns. */
export const Amount = ({ text, class: extra = "" }) => html`<bdi class=${`num ${extra}`}>${text}</bdi>`;

/** A round letter badge. */
export const Avatar = ({ name, class: extra = "" }) => {
  const letters = [...(name || "?").trim()].length
    ? name.trim().split(/\s+/).slice(0, 2).map((word) => [...word][0]).join("") : "?";
  return html`<span class=${`av ${extra}`} aria-hidden="true">${letters.toUpperCase()}</span>`;
};

/**
 * A button that opens a menu. `items`: [{label, icon, key, act, danger, hidden}] or "-" for a line.
 */
export function Menu({ label, icon, text, items, class: extra = "icon", align = "end", up = false }) {
  const [open, setOpen] = useState(false);
  const wrap = useRef(null);
  const shut = (focus) => {
    setOpen(false);
    if (focus) wrap.current?.querySelector("button")?.focus();
  };
  useEffect(() => {
    if (!open) return undefined;
    wrap.current.querySelector("[role^=menuitem]")?.focus();
    const away = (event) => { if (!wrap.current?.contains(event.target)) setOpen(false); };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  const keys = (event) => {
    if (!open) return;
    const all = [...wrap.current.querySelectorAll("[role^=menuitem]")];
    const here = all.indexOf(document.activeElement);
    if (event.key === "Escape") shut(true);
    else if (event.key === "ArrowDown") all[(here + 1) % all.length]?.focus();
    else if (event.key === "ArrowUp") all[(here - 1 + all.length) % all.length]?.focus();
    else if (event.key === "Home") all[0]?.focus();
    else if (event.key === "End") all.at(-1)?.focus();
    else if (event.key === "Tab") { shut(false); return; } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<span class="menuwrap" ref=${wrap} onKeyDown=${keys}>
    <button type="button" class=${extra} aria-haspopup="menu" aria-expanded=${open} aria-label=${text ? null : label}
      title=${text ? null : label} onClick=${() => setOpen(!open)}>
      ${icon && html`<${Icon} name=${icon} />`}${text && html`<span class="lbl2">${text}</span>`}
    </button>
    ${open && html`<div class=${`menu ${align}${up ? " up" : ""}`} role="menu" aria-label=${label}>
      ${items.filter((item) => item && !item.hidden).map((item) => (item === "-" ? html`<hr />` : html`
        <button type="button" role=${item.checked === undefined ? "menuitem" : "menuitemradio"} tabindex="-1"
          aria-checked=${item.checked === undefined ? null : item.checked}
          class=${item.danger ? "danger" : ""} onClick=${() => { shut(true); item.act(); }}>
          ${item.icon ? html`<${Icon} name=${item.icon} />` : html`<span class="noicon">${item.checked ? html`<${Icon} name="check" />` : ""}</span>`}
          <span class="grow">${item.label}</span>${item.key && html`<${Keys} of=${item.key} />`}
        </button>`))}
    </div>`}
  </span>`;
}

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

/** Text while something of a page is on its way; nothing at all for the first 300 ms. */
export const Wait = ({ rows = 6 }) => html`<div class="wait" role="status"><span class="sr">${t("wait")}</span>
  ${Array.from({ length: rows }, (_, n) => html`<span class="sk" key=${n}></span>`)}</div>`;

/** A page's failure: what happened and a way on. */
export const Trouble = ({ text, again }) => html`<div class="empty trouble" role="alert">
  <div><${Icon} name="warn" /><h2>${t("trouble.h")}</h2><p><bdi>${text}</bdi></p>
  ${again && html`<button type="button" class="btn" onClick=${again}>${t("act.retry")}</button>`}</div></div>`;

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
