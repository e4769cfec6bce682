/* Shortcuts as they are shown. */
import { html } from "../core/signals.js";
import { shown } from "../core/keys.js";

/** The keys of a shortcut, for the eye only. */
export const Keys = ({ of, class: extra = "" }) => html`
  <span class=${`keys ${extra}`} aria-hidden="true">${shown(of).map((key) => html`<kbd>${key}</kbd>`)}</span>`;
