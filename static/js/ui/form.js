/* Parts of forms: a field with its label, a select, what is wrong, a value to copy. */
import { html } from "../core/signals.js";
import { t } from "../core/i18n.js";
import { toast } from "../core/feedback.js";
import { Icon } from "./icons.js";

/** A field with its label and hint. */
export function Labelled({ id, label, hint, children }) {
  return html`<div class="f"><label for=${id}>${label}</label>${children}${hint && html`<p class="hint" id=${`${id}-h`}>${hint}</p>`}</div>`;
}
/** A select of [value, text] pairs. */
export const choose = (id, value, options, disabled, onChange) => html`<select class="in" id=${id} name=${id} disabled=${disabled} onChange=${onChange}>
  ${options.map(([key, text]) => html`<option value=${key} key=${key} selected=${key === value}>${text}</option>`)}</select>`;
/** What is wrong with a form; nothing where nothing is. */
export const Wrong = ({ text }) => text && html`<p class="bad box" role="alert"><${Icon} name="warn" /><bdi>${text}</bdi></p>`;
/** A tick box with its words and a line of explanation. */
export const Switch = ({ id, checked, label, hint, disabled, onChange }) => html`<label class="switch"><input type="checkbox" id=${id} name=${id} checked=${checked} disabled=${disabled} onChange=${onChange} />
  <span><b>${label}</b>${hint && html`<small>${hint}</small>`}</span></label>`;
/** Something to be copied from here, such as a secret that is shown once. */
export function Copied({ label, value }) {
  const copy = async () => {
    await navigator.clipboard?.writeText(value);
    toast(t("act.copied"), { life: 3000 });
  };
  return html`<div class="made"><b>${label}</b><code dir="ltr">${value}</code>
    <button type="button" class="btn" onClick=${copy}><${Icon} name="copy" />${t("act.copy")}</button></div>`;
}
