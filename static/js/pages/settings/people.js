/* Settings: who may use this business, and as what. */
import { html, useState } from "../../core/signals.js";
import { api, get, post, del, me, sentence } from "../../core/api.js";
import { mayManage } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { toast, failed } from "../../core/feedback.js";
import { Icon } from "../../ui/icons.js";
import { Avatar } from "../../ui/parts.js";
import { Confirm } from "../../ui/dialog.js";
import { useLoad } from "../../ui/load.js";
import { Labelled } from "../../ui/form.js";

const ROLES = ["accountant", "member", "owner"];

export function Body() {
  const [page, error, reload] = useLoad(() => (mayManage.value ? get("/api/users") : { items: [] }), []);
  const [asked, , reask] = useLoad(() => (mayManage.value ? get("/api/invitations") : { items: [] }), []);
  const withdraw = async (one) => {
    try {
      await del(`/api/invitations/${one.id}`);
      toast(t("access.withdrawn", { n: one.email }));
    } catch (problem) { failed(problem); }
    reask();
  };
  const [link, setLink] = useState(null);
  const [leaving, setLeaving] = useState(null);
  const add = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      const made = await post("/api/invitations", Object.fromEntries([...new FormData(form)].filter(([, value]) => value)));
      setLink({ name: made.email, link: made.link });
      if (made.mailed) toast(t("access.mailed", { n: made.email }));
      form.reset();
      reask();
    } catch (problem) { failed(problem); }
  };
  const change = async (person, role) => {
    try {
      await api("PATCH", `/api/users/${person.id}`, { body: { role } });
      toast(t("settings.saved"), { life: 4000 });
    } catch (problem) { failed(problem); }
    reload();
  };
  const remove = async (person) => {
    try {
      await del(`/api/users/${person.id}`);
      toast(t("people.removed", { n: person.name || person.email }));
    } catch (problem) { failed(problem); }
    reload();
  };
  const copy = async () => {
    await navigator.clipboard?.writeText(link.link);
    toast(t("act.copied"), { life: 3000 });
  };
  if (!mayManage.value) return html`<p class="hint">${t("settings.locked")}</p>`;
  if (error) return html`<p class="bad">${sentence(error)}</p>`;
  return html`<div class="stackform"><p class="hint">${t("people.p")}</p>
    ${link && html`<div class="made" role="status"><b>${t("people.link", { n: link.name })}</b><code dir="ltr">${link.link}</code><button type="button" class="btn" onClick=${copy}><${Icon} name="copy" />${t("act.copy")}</button></div>`}
    <ul class="checks">${page?.items.map((person) => html`<li class="check" key=${person.id}><${Avatar} name=${person.name || person.email} class="mark" />
      <span class="grow"><b><bdi>${person.name || person.email}</bdi></b><span dir="ltr">${person.email}</span></span>
      <select class="in slim" aria-label=${t("people.role", { n: person.name || person.email })} onChange=${(event) => change(person, event.target.value)}>
        ${ROLES.map((role) => html`<option value=${role} key=${role} selected=${role === person.role}>${t(`role.${role}`)}</option>`)}</select>
      ${person.id !== me.value.user.id && html`<button type="button" class="btn danger" onClick=${() => setLeaving(person)}>${t("act.remove")}</button>`}</li>`)}</ul>
    ${asked?.items.length > 0 && html`<h3>${t("access.waiting")}</h3><ul class="checks">${asked.items.map((one) => html`<li class="check" key=${one.id}><span class="mark"><${Icon} name="mail" /></span>
      <span class="grow"><b dir="ltr">${one.email}</b><span>${t(`role.${one.role}`)}</span></span><button type="button" class="btn ghost" onClick=${() => withdraw(one)}>${t("access.withdraw")}</button></li>`)}</ul>`}
    <form class="inlineform" onSubmit=${add}>
      <${Labelled} id="pemail" label=${t("signin.email")}><input class="in" id="pemail" name="email" type="email" required dir="ltr" autocomplete="off" /></${Labelled}>
      <${Labelled} id="prole" label=${t("tokens.role")}><select class="in" id="prole" name="role">${["member", "accountant", "owner"].map((role) => html`<option value=${role} key=${role}>${t(`role.${role}`)}</option>`)}</select></${Labelled}>
      <button type="submit" class="btn">${t("people.invite")}</button></form>
    ${leaving && html`<${Confirm} title=${t("people.remove.h", { n: leaving.name || leaving.email })} text=${t("people.remove.p")} label=${t("act.remove")} onClose=${() => setLeaving(null)} onYes=${() => remove(leaving)} />`}
  </div>`;
}
