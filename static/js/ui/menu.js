/* The list of an open menu: arrows move, Escape and Tab leave. */
import { html, useEffect, useRef } from "../core/signals.js";
import { Icon } from "./icons.js";
import { Keys } from "./keys.js";

export function MenuList({ label, items, wrap, shut, place }) {
  const list = useRef(null);
  useEffect(() => {
    list.current.querySelector("[role^=menuitem]")?.focus();
    const away = (event) => { if (!wrap.current?.contains(event.target)) shut(false); };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, []);
  const keys = (event) => {
    const all = [...list.current.querySelectorAll("[role^=menuitem]")];
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
  return html`<div class=${`menu ${place}`} role="menu" aria-label=${label} ref=${list} onKeyDown=${keys}>
    ${items.filter((item) => item && !item.hidden).map((item) => (item === "-" ? html`<hr />` : html`
      <button type="button" role=${item.checked === undefined ? "menuitem" : "menuitemradio"} tabindex="-1"
        aria-checked=${item.checked === undefined ? null : item.checked}
        class=${item.danger ? "danger" : ""} onClick=${() => { shut(true); item.act(); }}>
        ${item.icon ? html`<${Icon} name=${item.icon} />` : html`<span class="noicon">${item.checked ? html`<${Icon} name="check" />` : ""}</span>`}
        <span class="grow">${item.label}</span>${item.key && html`<${Keys} of=${item.key} />`}
      </button>`))}
  </div>`;
}
