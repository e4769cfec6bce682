/* Where mail comes from, and how fresh it is: the card at the foot of the side bar. */
import { html } from "./core/signals.js";
import { at, mailSources } from "./core/business.js";
import { ago } from "./core/fmt.js";
import { t } from "./core/i18n.js";
import { active } from "./core/sync.js";

export function Sources() {
  const boxes = mailSources.value;
  if (!boxes.length) return null;
  const bad = boxes.find((box) => box.status === "needs_reconnect");
  const box = bad || boxes[0];
  const text = bad ? t("src.reconnect") : box.status === "connected" ? t("src.connected") : t("src.disconnected");
  return html`<a class="src" href=${at("settings/mailboxes")}><span class="r">
    <span class=${`dot ${bad ? "bad" : box.status === "connected" ? "" : "off"}`}></span>
    <span class="grow"><b>${text}</b><span class="m trunc">${active.value ? t("src.syncing")
      : box.last_sync_at ? t("src.synced", { t: ago(box.last_sync_at) }) : t("src.never")}</span></span></span></a>`;
}
