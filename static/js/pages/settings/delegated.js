/* Settings: a mailbox of one's own Google Workspace through a service account. */
import { html, useState } from "../../core/signals.js";
import { post, sentence } from "../../core/api.js";
import { loadMailboxes } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { toast } from "../../core/feedback.js";
import { loadLatest } from "../../core/sync.js";
import { Icon } from "../../ui/icons.js";
import { Labelled, Wrong } from "../../ui/form.js";

export function Delegated() {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const connect = async (event) => {
    event.preventDefault();
    const form = event.target;
    setBusy(true);
    setError("");
    try {
      const key = await form.key.files[0].text().then(JSON.parse).catch(() => null);
      if (!key || typeof key !== "object") { setError(t("error.bad_service_key")); return; }
      const box = await post("/api/gmail/delegated", { service_account: key, subject: form.subject.value });
      form.reset();
      await loadMailboxes();
      loadLatest().catch(() => {});
      toast(t("imap.connected", { a: box.address }));
    } catch (problem) { setError(sentence(problem)); } finally { setBusy(false); }
  };
  return html`<details class="morefields"><summary><${Icon} name="chev" flip />${t("delegated.h")}</summary><form class="stackform" onSubmit=${connect}>
    <p class="hint">${t("delegated.p")}</p>
    <${Labelled} id="dkey" label=${t("delegated.key")} hint=${t("delegated.key.hint")}><input class="in" id="dkey" name="key" type="file" accept=".json,application/json" required /></${Labelled}>
    <${Labelled} id="dsubject" label=${t("delegated.subject")}><input class="in" id="dsubject" name="subject" type="email" dir="ltr" required autocomplete="off" placeholder="billing@example.com" /></${Labelled}>
    <${Wrong} text=${error} />
    <div><button type="submit" class="btn" disabled=${busy}>${t("imap.connect")}</button></div></form></details>`;
}
