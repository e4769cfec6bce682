/* Settings: by which ways alerts reach oneself, and the business's webhooks. */
import { html } from "../../core/signals.js";
import { api, get, sentence } from "../../core/api.js";
import { mayManage } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { failed } from "../../core/feedback.js";
import { done } from "../../core/undo.js";
import { Wrong } from "../../ui/form.js";
import { useLoad } from "../../ui/load.js";
import { Wait } from "../../ui/parts.js";

export function Body() {
  const [page, error, reload] = useLoad(() => get("/api/alerts/choices"), []);
  if (error) return html`<${Wrong} text=${sentence(error)} />`;
  if (!page) return html`<${Wait} rows=${4} />`;
  const choose = async (kind, way, on) => {
    const set = (value) => api("PATCH", "/api/alerts/choices", { body: { kind, [way]: value } });
    try {
      await set(on);
      done(t("alerts.chosen"), async () => { await set(!on); reload(); });
    } catch (problem) { failed(problem, () => choose(kind, way, on)); }
    reload();
  };
  const ways = ["app", "mail", ...(mayManage.value ? ["webhook"] : [])];
  return html`<div class="stackform"><p class="hint">${t("alerts.choose.p")}</p>
    ${!page.mail_works && html`<p class="hint">${t("alerts.nomail")}</p>`}
    <div class="scrollx"><table class="plain"><thead><tr><th scope="col">${t("alerts.what")}</th>
      ${ways.map((way) => html`<th scope="col" key=${way}>${t(`alerts.way.${way}`)}</th>`)}</tr></thead>
      <tbody>${page.items.map((one) => html`<tr key=${one.kind}><th scope="row">${t(`alerts.kind.${one.kind}`)}</th>
        ${ways.map((way) => html`<td key=${way}><label class="tick"><input type="checkbox" checked=${one[way]}
          aria-label=${`${t(`alerts.kind.${one.kind}`)}: ${t(`alerts.way.${way}`)}`} onChange=${(event) => choose(one.kind, way, event.target.checked)} /></label></td>`)}</tr>`)}</tbody></table></div>
    ${mayManage.value && html`<p class="hint">${t("alerts.webhook.p")}</p>`}</div>`;
}
