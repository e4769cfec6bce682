/* What is known beside a receipt's fields: its locked or awaited document, the rules that spoke, its other papers. */
import { html, useEffect, useRef, useState } from "../core/signals.js";
import { del, post, sentence } from "../core/api.js";
import { at } from "../core/business.js";
import { t } from "../core/i18n.js";
import { failed, toast } from "../core/feedback.js";
import { done } from "../core/undo.js";
import { loadDetail } from "../receipts/edits.js";
import { kindName, categoryName } from "../receipts/words.js";
import { refresh } from "../receipts/list.js";
import { taker, upload } from "../uploads.js";
import { Icon } from "../ui/icons.js";

/* A receipt that is being read again is asked after until it has changed. */
async function whenRead(id, version) {
  for (let n = 0; n < 40; n += 1) {
    await new Promise((go) => { setTimeout(go, n < 10 ? 500 : 1500); });
    const fresh = await loadDetail(id).catch(() => null);
    if (fresh && fresh.version !== version) { refresh(undefined, 0); return true; }
  }
  return false;
}

/* The password of a locked document: tried at once, kept for the vendor, read again. */
function Unlock({ receipt }) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(null);
  const open = async (event) => {
    event.preventDefault();
    setBusy(true);
    setWrong(null);
    try {
      await post(`/api/receipts/${receipt.id}/unlock`, { password: new FormData(event.target).get("password") });
      toast(t("vendors.unlocked"));
      await whenRead(receipt.id, receipt.version);
    } catch (error) { setWrong(sentence(error)); }
    setBusy(false);
  };
  return html`<form class="issue unlock" onSubmit=${open}><${Icon} name="key" /><span class="grow"><b>${t("flag.document_locked")}</b>
    <label for="unlock">${t("vendors.unlock.p")}</label>
    <span class="inlineform"><input class="in" id="unlock" name="password" type="password" dir="ltr" required maxlength="200" autocomplete="off"
      aria-invalid=${wrong ? "true" : null} aria-describedby=${wrong ? "unlock-w" : null} />
      <button type="submit" class="btn" disabled=${busy}>${t(busy ? "vendors.unlocking" : "vendors.unlock")}</button></span>
    ${wrong && html`<p class="bad" id="unlock-w" role="alert"><bdi>${wrong}</bdi></p>`}</span></form>`;
}

/* A receipt whose mail only links to its document: the link, and where the file is dropped. */
function Awaited({ receipt }) {
  const field = useRef(null);
  const [state, setState] = useState("");
  const link = receipt.fields?.link?.value;
  const bring = async (file) => {
    if (!file) return;
    setState("busy");
    const form = new FormData();
    form.append("file", file);
    try {
      await upload(`/api/receipts/${receipt.id}/document`, form, () => {});
      if (await whenRead(receipt.id, receipt.version)) toast(t("vendors.brought"));
    } catch (error) { failed(error, () => bring(file)); }
    setState("");
  };
  useEffect(() => { // a file dropped anywhere while this receipt is open is the one that it waits for
    taker.take = bring;
    return () => { taker.take = null; };
  }, [receipt.id, receipt.version]);
  return html`<div class="issue awaited">
    <${Icon} name="clock" /><span class="grow"><b>${t("flag.waiting_document")}</b>${t("vendors.awaited.p")}
    <span class="acts">${link && /^https?:/.test(link) && html`<a class="btn" href=${link} target="_blank" rel="noopener noreferrer"><${Icon} name="link" />${t("vendors.awaited.link")}</a>`}
      <button type="button" class="btn" disabled=${state === "busy"} onClick=${() => field.current.click()}><${Icon} name="upload" />${t(state === "busy" ? "vendors.awaited.busy" : "vendors.awaited.file")}</button></span>
    <input ref=${field} type="file" hidden accept=".pdf,.jpg,.jpeg,.png,.webp,.tif,.tiff,.heic,.xml,.html,.txt,.eml,.zip" onChange=${(event) => bring(event.target.files[0])} /></span></div>`;
}

/** A rule's value as people read it. */
export const valueOf = ({ field, value }) => (field === "category" ? categoryName(value) : field === "kind" ? kindName(value) : value);

/* A rule that spoke of this receipt: seen, made sure, or taken back. */
function Spoke({ receipt, field, evidence }) {
  const trial = receipt.flags.some((flag) => flag.field === field && flag.code === "rule_on_trial");
  const again = async () => { await loadDetail(receipt.id); refresh(undefined, 0); };
  const yes = () => post(`/api/rules/${evidence.rule}/confirm`, {}).then(() => { toast(t("vendors.rule.sure")); return again(); }, (error) => failed(error, yes));
  const no = async () => {
    try {
      const { undo } = await del(`/api/rules/${evidence.rule}?back=1`);
      done(t("vendors.rule.gone"), async () => { await post("/api/undo", { undo }); await again(); });
      await again();
    } catch (error) { failed(error, no); }
  };
  const text = field === "status" ? t("vendors.spoke.approve") : t("vendors.spoke", { f: t(`field.${field}`), v: valueOf({ field, value: evidence.value }) });
  return html`<div class=${`issue${trial ? "" : " quiet"}`} id=${trial ? `d-${field}` : null}><${Icon} name="bookmark" /><span class="grow">${trial && html`<b>${t("flag.rule_on_trial")}</b>`}<bdi>${text}</bdi>
    <span class="acts">${trial && html`<button type="button" class="btn" onClick=${yes}><${Icon} name="check" />${t("vendors.rule.always")}</button>`}
      <button type="button" class="btn ghost" onClick=${no}>${t("vendors.rule.back")}</button></span></span></div>`;
}

/* Papers that were merged into this receipt. */
function Kin({ receipt, merged }) {
  const split = async () => {
    try {
      const { undo } = await post(`/api/receipts/${receipt.id}/split`, {});
      done(t("vendors.split.done"), async () => { await post("/api/undo", { undo }); await loadDetail(receipt.id); refresh(undefined, 0); });
      await loadDetail(receipt.id);
      refresh(undefined, 0);
    } catch (error) { failed(error, split); }
  };
  return html`<div class="issue quiet"><${Icon} name="copy" /><span class="grow"><bdi>${t("vendors.kin", { n: merged.length })}</bdi>
    <span class="acts">${merged.map((one, n) => html`<a class="btn ghost" key=${one.id} href=${at(`receipts/${one.id}`)}>${t("vendors.kin.open", { n: n + 1 })}</a>`)}
      <button type="button" class="btn ghost" onClick=${split}><${Icon} name="split" />${t("vendors.split")}</button></span></span></div>`;
}

export function Known({ receipt, may }) {
  const has = (code) => receipt.flags.some((flag) => flag.code === code);
  const spoke = Object.entries(receipt.fields || {}).filter(([field, one]) => one.rule && !receipt.hand_set.includes(field));
  const merged = (receipt.kin || []).filter((one) => one.merged);
  if (!may) return null;
  return html`${has("document_locked") && html`<${Unlock} receipt=${receipt} />`}
    ${receipt.waiting_for_document && html`<${Awaited} receipt=${receipt} />`}
    ${spoke.map(([field, evidence]) => html`<${Spoke} key=${field} receipt=${receipt} field=${field} evidence=${evidence} />`)}
    ${merged.length > 0 && html`<${Kin} receipt=${receipt} merged=${merged} />`}`;
}
