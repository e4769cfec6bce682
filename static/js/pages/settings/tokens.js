/* Settings: access tokens for programs. */
import { html, useState } from "../../core/signals.js";
import { get, post, del, sentence } from "../../core/api.js";
import { mayManage } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { moment, ago } from "../../core/fmt.js";
import { toast, failed } from "../../core/feedback.js";
import { Icon } from "../../ui/icons.js";
import { Confirm } from "../../ui/dialog.js";
import { useLoad } from "../../ui/load.js";
import { Labelled } from "../../ui/form.js";

export function Body() {
  const [page, error, reload] = useLoad(() => (mayManage.value ? get("/api/tokens") : { items: [] }), []);
  const [made, setMade] = useState(null);
  const [dropping, setDropping] = useState(null);
  const make = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      setMade(await post("/api/tokens", Object.fromEntries(new FormData(form))));
      form.reset();
      reload();
    } catch (problem) { failed(problem); }
  };
  const drop = async (token) => {
    try {
      await del(`/api/tokens/${token.id}`);
      toast(t("tokens.dropped", { n: token.name }));
      reload();
    } catch (problem) { failed(problem, () => drop(token)); }
  };
  const copy = async () => {
    await navigator.clipboard?.writeText(made.token);
    toast(t("act.copied"), { life: 3000 });
  };
  if (!mayManage.value) return html`<p class="hint">${t("settings.locked")}</p>`;
  if (error) return html`<p class="bad">${sentence(error)}</p>`;
  return html`<div class="stackform"><p class="hint">${t("tokens.p")} <a class="lnk" href="/api/docs"><code dir="ltr">${"/api/docs"}</code></a></p>
    ${made && html`<div class="made" role="status"><b>${t("tokens.once")}</b><code dir="ltr">${made.token}</code><button type="button" class="btn" onClick=${copy}><${Icon} name="copy" />${t("act.copy")}</button></div>`}
    ${page?.items.length > 0 && html`<ul class="checks">${page.items.map((token) => html`<li class="check" key=${token.id}><span class="mark"><${Icon} name="key" /></span>
      <span class="grow"><b><bdi>${token.name}</bdi></b><span>${t(`role.${token.role}`)}${token.last_used_at ? ` · ${t("tokens.used", { t: ago(token.last_used_at) })}` : token.created_at ? ` · ${moment(token.created_at)}` : ""}</span></span>
      <button type="button" class="btn danger" onClick=${() => setDropping(token)}>${t("tokens.drop")}</button></li>`)}</ul>`}
    ${mayManage.value && html`<form class="inlineform" onSubmit=${make}>
      <${Labelled} id="tname" label=${t("tokens.name")}><input class="in" id="tname" name="name" required maxlength="100" dir="auto" autocomplete="off" /></${Labelled}>
      <${Labelled} id="trole" label=${t("tokens.role")}><select class="in" id="trole" name="role">${["accountant", "member", "owner"].map((r) => html`<option value=${r} key=${r}>${t(`role.${r}`)}</option>`)}</select></${Labelled}>
      <button type="submit" class="btn">${t("tokens.make")}</button></form>`}
    ${dropping && html`<${Confirm} title=${t("tokens.drop.h", { n: dropping.name })} text=${t("tokens.drop.p")} label=${t("tokens.drop")} onClose=${() => setDropping(null)} onYes=${() => drop(dropping)} />`}
  </div>`;
}
