/* Parts that are fetched on first use, and the moment when there is time for them. */
import { Component, html, signal, useEffect, useState } from "../core/signals.js";
import { t } from "../core/i18n.js";
import { Icon } from "./icons.js";

/** Text while something of a page is on its way; nothing at all for the first 300 ms. */
export const Wait = ({ rows = 6 }) => html`<div class="wait" role="status"><span class="sr">${t("wait")}</span>
  ${Array.from({ length: rows }, (_, n) => html`<span class="sk" key=${n}></span>`)}</div>`;

/** A page's failure: what happened and a way on. */
export const Trouble = ({ text, again }) => html`<div class="empty trouble" role="alert">
  <div><${Icon} name="warn" /><h2>${t("trouble.h")}</h2><p><bdi>${text}</bdi></p>
  ${again && html`<button type="button" class="btn" onClick=${again}>${t("act.retry")}</button>`}</div></div>`;

const loaded = new Map();

/** A page or panel that is fetched on first use; `quiet` shows nothing meanwhile. */
export function Lazy({ name, load, quiet, ...props }) {
  const [state, set] = useState(() => loaded.get(name) || null);
  useEffect(() => {
    let live = true;
    if (loaded.get(name)) { set(() => loaded.get(name)); return undefined; }
    set(null);
    Promise.resolve(load()).then(
      (page) => { loaded.set(name, page); if (live) set(() => page); },
      () => { if (live) set("failed"); },
    );
    return () => { live = false; };
  }, [name]);
  if (state === "failed") return html`<${Trouble} text=${t("error.page")} again=${() => window.location.reload()} />`;
  if (!state) return quiet ? null : html`<${Wait} />`;
  return html`<${state} ...${props} />`;
}

/** What goes wrong in a page stays in it: the frame around it, and what was typed elsewhere, stand. */
export class Boundary extends Component {
  componentDidCatch(error) {
    this.setState({ error });
    reportError(error);
  }

  render({ children }, { error }) {
    return error ? html`<${Trouble} text=${t("error.page")} again=${() => window.location.reload()} />` : children;
  }
}

/** True once the first screen stands and the browser has nothing better to do. */
export const calm = signal(false);

/** The first screen stands. */
export function settleDown() {
  if (calm.value || settleDown.asked) return;
  settleDown.asked = true;
  const idle = window.requestIdleCallback || ((act) => act());
  setTimeout(() => idle(() => { calm.value = true; }, { timeout: 1000 }), 300);
}
