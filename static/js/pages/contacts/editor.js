/* A contact's own values, new or changed. */
import { html, useState } from "../../core/signals.js";
import { patch, post, sentence } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { Dialog } from "../../ui/dialog.js";
import { Labelled, Wrong, choose } from "../../ui/form.js";

const LISTS = ["phones", "emails", "tags"];
const several = (text) => text.split(/[\n;,]/).map((one) => one.trim()).filter(Boolean);

/** A dialog that makes a contact, or changes the one that is given. */
export function Editor({ contact, onClose, onSaved }) {
  const [error, setError] = useState("");
  const save = async (event) => {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.target));
    const values = Object.fromEntries(Object.entries(form).map(([key, value]) => [key, LISTS.includes(key) ? several(value) : value.trim()]));
    values.tax_id = values.tax_id || null;
    try {
      onSaved(contact ? await patch(`/api/contacts/${contact.id}`, values, contact.version) : await post("/api/contacts", values));
    } catch (problem) { setError(sentence(problem)); }
  };
  const field = (name, extra = {}) => html`<${Labelled} id=${`c-${name}`} label=${t(`contacts.f.${name}`)} hint=${extra.hint}>
    <input class="in" id=${`c-${name}`} name=${name} dir=${extra.dir || "auto"} required=${extra.required} type=${extra.type || "text"} autocomplete="off"
      defaultValue=${contact ? (LISTS.includes(name) ? contact[name].join(", ") : contact[name] ?? "") : ""} /></${Labelled}>`;
  const foot = html`<button type="button" class="btn" onClick=${onClose}>${t("act.cancel")}</button><button type="submit" form="contact-form" class="btn pri">${t("act.save")}</button>`;
  return html`<${Dialog} title=${t(contact ? "contacts.edit" : "contacts.new")} onClose=${onClose} foot=${foot}>
    <form id="contact-form" class="stackform" onSubmit=${save}><${Wrong} text=${error} />
      ${field("name", { required: true })}
      <div class="f2"><${Labelled} id="kind" label=${t("contacts.f.kind")}>${choose("kind", contact?.kind || "customer", ["vendor", "customer", "lead"].map((one) => [one, t(`contacts.kind.${one}`)]))}</${Labelled}>
        <${Labelled} id="form" label=${t("contacts.f.form")}>${choose("form", contact?.form || "person", ["person", "company"].map((one) => [one, t(`contacts.form.${one}`)]))}</${Labelled}></div>
      ${field("phones", { dir: "ltr", hint: t("contacts.f.several") })}${field("emails", { dir: "ltr", hint: t("contacts.f.several") })}
      <div class="f2">${field("company")}${field("tax_id", { dir: "ltr" })}</div>
      ${field("address")}${field("tags", { hint: t("contacts.f.several") })}
      <${Labelled} id="c-notes" label=${t("contacts.f.notes")}><textarea class="in" id="c-notes" name="notes" rows="3" dir="auto">${contact?.notes || ""}</textarea></${Labelled}>
    </form></${Dialog}>`;
}
