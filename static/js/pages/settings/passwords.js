/* Settings: passwords of locked documents, kept encrypted and never shown. */
import { html } from "../../core/signals.js";
import { del, get, post, sentence } from "../../core/api.js";
import { mayWrite } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { ago } from "../../core/fmt.js";
import { failed, toast } from "../../core/feedback.js";
import { Icon } from "../../ui/icons.js";
import { useLoad } from "../../ui/load.js";
import { Labelled } from "../../ui/form.js";

export function Body() {
  const [page, error, reload] = useLoad(() => (mayWrite.value ? get("/api/passwords") : { items: [] }), []);
  const add = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      await post("/api/passwords", Object.fromEntries(new FormData(form)));
      form.reset();
      toast(t("vendors.password.kept"));
      reload();
    } catch (problem) { failed(problem); }
  };
  const drop = async (one) => {
    try {
      await del(`/api/passwords/${one.id}`);
      toast(t("vendors.password.gone"));
      reload();
    } catch (problem) { failed(problem, () => drop(one)); }
  };
  if (error) return html`<p class="bad">${sentence(error)}</p>`;
  return html`<div class="stackform"><p class="hint">${t("vendors.passwords.p")}</p>
    ${page?.items.length > 0 && html`<ul class="checks">${page.items.map((one) => html`<li class="check" key=${one.id}>
      <span class="mark"><${Icon} name="key" /></span>
      <span class="grow"><b><bdi dir="auto">${one.vendor || one.domain || t("vendors.password.any")}</bdi></b><span>${one.domain && one.vendor ? html`<bdi dir="ltr">${one.domain}</bdi> · ` : ""}${ago(one.created_at)}</span></span>
      ${mayWrite.value && html`<button type="button" class="btn danger" onClick=${() => drop(one)}>${t("act.remove")}</button>`}</li>`)}</ul>`}
    ${mayWrite.value && html`<form class="inlineform" onSubmit=${add}>
      <${Labelled} id="pw-vendor" label=${t("field.vendor")}><input class="in" id="pw-vendor" name="vendor" dir="auto" maxlength="300" autocomplete="off" /></${Labelled}>
      <${Labelled} id="pw-password" label=${t("vendors.password")}><input class="in" id="pw-password" name="password" type="password" dir="ltr" required maxlength="200" autocomplete="off" /></${Labelled}>
      <button type="submit" class="btn">${t("act.add_it")}</button></form>`}
  </div>`;
}
