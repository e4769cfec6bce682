/* Small parts that every page uses: chips, menus, skeletons. */
import { html, useRef, useState } from "../core/signals.js";
import { Icon } from "./icons.js";
import { Lazy } from "./lazy.js";
import { withStyles } from "./styles.js";

const menuList = () => withStyles("more", import("./menu.js")).then((m) => m.MenuList);

/** A person's words (vendor, note, subject): its own direction, cut with an ellipsis. */
export const Bdi = ({ text, class: extra = "trunc" }) => html`<bdi class=${extra} dir="auto">${text}</bdi>`;

/** An amount, its digits in columns. */
export const Amount = ({ text, class: extra = "" }) => html`<bdi class=${`num ${extra}`}>${text}</bdi>`;

/** A round letter badge. */
export const Avatar = ({ name, class: extra = "" }) => {
  const letters = [...(name || "?").trim()].length
    ? name.trim().split(/\s+/).slice(0, 2).map((word) => [...word][0]).join("") : "?";
  return html`<span class=${`av ${extra}`} aria-hidden="true">${letters.toUpperCase()}</span>`;
};

/** A button that opens a menu. `items`: [{label, icon, key, act, danger, checked, hidden}] or "-" for a line. */
export function Menu({ label, icon, text, items, class: extra = "icon", align = "end", up = false }) {
  const [open, setOpen] = useState(false);
  const wrap = useRef(null);
  const shut = (focus) => {
    setOpen(false);
    if (focus) wrap.current?.querySelector("button")?.focus();
  };
  return html`<span class="menuwrap" ref=${wrap}>
    <button type="button" class=${extra} aria-haspopup="menu" aria-expanded=${open} aria-label=${text ? null : label}
      title=${text ? null : label} onClick=${() => setOpen(!open)}>
      ${icon && html`<${Icon} name=${icon} />`}${text && html`<span class="lbl2">${text}</span>`}
    </button>
    ${open && html`<${Lazy} name="menu" load=${menuList} quiet label=${label} items=${items} wrap=${wrap} shut=${shut} place=${`${align}${up ? " up" : ""}`} />`}
  </span>`;
}

export { Trouble, Wait } from "./lazy.js";
