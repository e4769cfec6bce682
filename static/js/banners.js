/* What everybody should know at the top of every page: no network, a mailbox lost, no worker. */
import { html } from "./core/signals.js";
import { online } from "./core/api.js";
import { at, mailSources, mayManage } from "./core/business.js";
import { t } from "./core/i18n.js";
import { active, reconnecting, workerOffline } from "./core/sync.js";
import { connectGmail } from "./core/connect.js";
import { troubleText } from "./receipts/lists.js";
import { Icon } from "./ui/icons.js";

export function Banners() {
  const lost = mailSources.value.filter((box) => box.status === "needs_reconnect");
  return html`
    ${!online.value && html`<p class="banner info" role="status"><${Icon} name="warn" /><span class="grow">${t("banner.offline")}</span></p>`}
    ${lost.map((box) => html`<p class="banner" role="alert" key=${box.id}><${Icon} name="warn" />
      <span class="grow"><b>${t("banner.reconnect", { a: box.address })}</b> <bdi>${troubleText(box.error)}</bdi></span>
      ${mayManage.value && html`<button type="button" class="btn" onClick=${() => connectGmail(box.id)}>${t("act.reconnect")}</button>`}</p>`)}
    ${workerOffline.value && active.value && html`<p class="banner" role="status"><${Icon} name="clock" /><span class="grow">${t("banner.worker")}</span>
      <a class="btn" href=${at("status")}>${t("nav.status")}</a></p>`}
    ${reconnecting.value && html`<p class="banner info" role="status"><${Icon} name="sync" /><span class="grow">${t("banner.reconnecting")}</span></p>`}`;
}
