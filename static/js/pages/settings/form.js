/* Parts of the settings forms. */
import { html } from "../../core/signals.js";

/** A field with its label and hint. */
export function Labelled({ id, label, hint, children }) {
  return html`<div class="f"><label for=${id}>${label}</label>${children}${hint && html`<p class="hint" id=${`${id}-h`}>${hint}</p>`}</div>`;
}
/** A select of [value, text] pairs. */
export const choose = (id, value, options, disabled, onChange) => html`<select class="in" id=${id} name=${id} disabled=${disabled} onChange=${onChange}>
  ${options.map(([key, text]) => html`<option value=${key} key=${key} selected=${key === value}>${text}</option>`)}</select>`;
