/* Settings: the mailboxes that mail is read from. */
import { html, useEffect, useState } from "../../core/signals.js";
import { del, post, sentence } from "../../core/api.js";
import { loadMailboxes, mailSources, mayManage } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { ago } from "../../core/fmt.js";
import { toast, failed } from "../../core/feedback.js";
import { connectGmail } from "../../core/connect.js";
import { loadLatest } from "../../core/sync.js";
import { troubleText } from "../../receipts/lists.js";
import { Icon } from "../../ui/icons.js";
import { Confirm } from "../../ui/dialog.js";
import { Labelled, choose } from "../../ui/form.js";
import { Delegated } from "./delegated.js";
import { GmailSetup } from "./gmail_setup.js";

/* Any other mailbox, over IMAP. */
function ImapForm() {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const connect = async (event) => {
    event.preventDefault();
    const form = event.target;
    const values = Object.fromEntries(new FormData(form));
    setBusy(true);
    setError("");
    try {
      const box = await post("/api/mailboxes", { ...values, port: Number(values.port) });
      form.reset();
      await loadMailboxes();
      loadLatest().catch(() => {});
      toast(t("imap.connected", { a: box.address }));
    } catch (problem) { setError(sentence(problem)); } finally { setBusy(false); }
  };
  return html`<form class="stackform" onSubmit=${connect}>
    <div class="f2"><${Labelled} id="host" label=${t("imap.host")}><input class="in" id="host" name="host" dir="ltr" required autocomplete="off" placeholder="imap.example.com" /></${Labelled}>
      <div class="f2"><${Labelled} id="port" label=${t("imap.port")}><input class="in" id="port" name="port" dir="ltr" inputmode="numeric" pattern="[0-9]{1,5}" required defaultValue="993" /></${Labelled}>
        <${Labelled} id="tls" label=${t("imap.tls")}>${choose("tls", "tls", [["tls", "TLS"], ["starttls", "STARTTLS"], ["off", t("imap.off")]])}</${Labelled}></div></div>
    <div class="f2"><${Labelled} id="user" label=${t("imap.user")}><input class="in" id="user" name="user" dir="ltr" required autocomplete="off" /></${Labelled}>
      <${Labelled} id="password" label=${t("signin.password")} hint=${t("imap.password.hint")}><input class="in" id="password" name="password" type="password" dir="ltr" required autocomplete="off" /></${Labelled}></div>
    ${error && html`<p class="bad box" role="alert"><${Icon} name="warn" /><bdi>${error}</bdi></p>`}
    <div><button type="submit" class="btn" disabled=${busy}>${t("imap.connect")}</button></div></form>`;
}

export function Body() {
  const [cutting, setCutting] = useState(null);
  useEffect(() => { loadMailboxes().catch(failed); }, []);
  const cut = async (box) => {
    try {
      if (box.kind === "imap") await del(`/api/mailboxes/${box.id}`);
      else await del("/api/gmail/oauth/disconnect", { mailbox: box.id });
      await loadMailboxes();
      toast(t("box.cut", { a: box.address }));
    } catch (error) { failed(error, () => cut(box)); }
  };
  return html`<div class="stackform">
    <ul class="checks">${mailSources.value.map((box) => html`<li key=${box.id} class=${`check ${box.status === "connected" ? "good" : box.status === "needs_reconnect" ? "bad" : "warn"}`}>
      <span class="mark"><${Icon} name="mail" /></span>
      <span class="grow"><b><bdi dir="ltr">${box.address}</bdi></b><span>${t(`box.${box.status}`)}${box.last_sync_at ? ` · ${t("src.synced", { t: ago(box.last_sync_at) })}` : ""}</span>
        ${box.error && html`<span class="bad"><bdi>${troubleText(box.error)}</bdi></span>`}</span>
      ${mayManage.value && box.status !== "connected" && box.kind === "gmail" && html`<button type="button" class="btn" onClick=${() => connectGmail(box.id)}>${t("act.reconnect")}</button>`}
      ${mayManage.value && box.status === "connected" && html`<button type="button" class="btn danger" onClick=${() => setCutting(box)}>${t("box.disconnect")}</button>`}</li>`)}</ul>
    ${!mailSources.value.length && html`<p class="hint">${t("status.nobox.p")}</p>`}
    ${mayManage.value && html`<div><button type="button" class="btn pri" onClick=${() => connectGmail()}><${Icon} name="plus" />${t("add.gmail")}</button></div>
      <${GmailSetup} />
      <${Delegated} />
      <details class="morefields"><summary><${Icon} name="chev" flip />${t("imap.other")}</summary><${ImapForm} /></details>`}
    <p class="hint">${t("box.readonly")}</p>
    ${cutting && html`<${Confirm} title=${t("box.disconnect.h", { a: cutting.address })} text=${t("box.disconnect.p")} label=${t("box.disconnect")} onClose=${() => setCutting(null)} onYes=${() => cut(cutting)} />`}
  </div>`;
}
