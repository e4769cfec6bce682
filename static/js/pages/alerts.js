/* Alerts: what somebody should see to, the newest first, and the way to it. */
import { html, useEffect, useState } from "../core/signals.js";
import { post, sentence } from "../core/api.js";
import { at, unreadAlerts } from "../core/business.js";
import { t, lang } from "../core/i18n.js";
import { ago, num } from "../core/fmt.js";
import { failed } from "../core/feedback.js";
import { onChanges } from "../core/tick.js";
import { Icon } from "../ui/icons.js";
import { Empty, Frame, Tabs } from "../ui/frame.js";
import { MoreOf, usePaged } from "../ui/load.js";
import { Trouble, Wait } from "../ui/parts.js";
import { place } from "../core/router.js";

const ICON = { mailbox: "mail", run: "sync", missing: "clock", review: "receipt", worker: "pulse", disk: "sheet" };
const tone = (one) => (one.cleared_at ? "good" : one.urgent ? "bad" : "warn");

function Alert({ one, onRead }) {
  const fresh = !one.read && !one.cleared_at;
  return html`<li class=${`check alert ${tone(one)}${fresh ? " fresh" : ""}`}>
    <span class="mark"><${Icon} name=${one.cleared_at ? "check" : ICON[one.kind]} /></span>
    <span class="grow"><b>${one.text}</b>
      <span>${t(`alerts.kind.${one.kind}`)} · ${t(one.cleared_at ? "alerts.over" : "alerts.since", { t: ago(one.cleared_at || one.raised_at) })}${fresh && html` · <em>${t("alerts.new")}</em>`}</span></span>
    ${!one.cleared_at && html`<a class="btn" href=${at(...one.page.split(/(?=\?)/))} onClick=${() => onRead(one)}>${t("alerts.go")}</a>`}</li>`;
}

export function Page() {
  const all = new URLSearchParams(place.value.query).has("all");
  const [list, { more, reload }] = usePaged("/api/alerts", { lasting: all ? undefined : 1, language: lang.value, limit: 30 });
  const [busy, setBusy] = useState(false);
  useEffect(() => onChanges((told) => { if (told.alerts !== undefined && told.alerts !== list.page?.unread) reload(); }), [list.page]);
  useEffect(() => { if (list.page) unreadAlerts.value = list.page.unread; }, [list.page]);
  const read = async (ids) => {
    setBusy(true);
    try {
      unreadAlerts.value = (await post("/api/alerts/read", ids ? { ids } : {})).unread;
      if (!ids) reload();
    } catch (error) { failed(error, () => read(ids)); } finally { setBusy(false); }
  };
  const tools = html`${unreadAlerts.value > 0 && html`<button type="button" class="btn" disabled=${busy} onClick=${() => read()}><${Icon} name="check" />${t("alerts.readall")}</button>`}
    <a class="btn" href=${at("settings/alerts")}><${Icon} name="gear" />${t("alerts.choose")}</a>`;
  const tabs = html`<${Tabs} label=${t("nav.alerts")} tabs=${[
    { href: at("alerts"), text: t("alerts.tab.now"), on: !all, n: unreadAlerts.value ? num(unreadAlerts.value) : undefined },
    { href: at("alerts", "?all=1"), text: t("alerts.tab.all"), on: all }]} />`;
  return html`<${Frame} title=${t("nav.alerts")} tools=${tools} row=${tabs}>
    ${list.error ? html`<${Trouble} text=${sentence(list.error)} again=${reload} />` : !list.items ? html`<${Wait} rows=${4} />`
      : !list.items.length ? html`<${Empty} icon="check" title=${t("alerts.none")} text=${t("alerts.none.p")} />`
        : html`<section class="panel"><ul class="checks">${list.items.map((one) => html`<${Alert} key=${one.id} one=${one} onRead=${() => read([one.id])} />`)}</ul>
          <${MoreOf} list=${list} more=${more} /></section>`}
  </${Frame}>`;
}
