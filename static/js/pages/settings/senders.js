/* Settings: senders whose mail is always taken, or never. */
import { html } from "../../core/signals.js";
import { get, post, del, sentence } from "../../core/api.js";
import { mayWrite } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { failed } from "../../core/feedback.js";
import { done } from "../../core/undo.js";
import { Icon } from "../../ui/icons.js";
import { useLoad } from "../../ui/load.js";
import { Labelled, choose } from "../../ui/form.js";

export function Body() {
  const [page, error, reload] = useLoad(() => get("/api/senders"), []);
  const add = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      const made = await post("/api/senders", { ...Object.fromEntries(new FormData(form)), again: true });
      form.reset();
      done(t(`senders.set.${made.verdict}`, { a: made.sender }), async () => { await del(`/api/senders/${made.id}`); reload(); });
      reload();
    } catch (problem) { failed(problem); }
  };
  const drop = async (rule) => {
    try {
      await del(`/api/senders/${rule.id}`);
      done(t("senders.dropped", { a: rule.sender }), async () => { await post("/api/senders", { sender: rule.sender, verdict: rule.verdict }); reload(); });
      reload();
    } catch (problem) { failed(problem, () => drop(rule)); }
  };
  if (error) return html`<p class="bad">${sentence(error)}</p>`;
  return html`<div class="stackform"><p class="hint">${t("senders.p")}</p>
    ${page?.items.length > 0 && html`<ul class="checks">${page.items.map((rule) => html`<li class=${`check ${rule.verdict === "take" ? "good" : ""}`} key=${rule.id}>
      <span class="mark"><${Icon} name=${rule.verdict === "take" ? "check" : "ban"} /></span>
      <span class="grow"><b><bdi dir="ltr">${rule.sender}</bdi></b><span>${t(`senders.verdict.${rule.verdict}`)}</span></span>
      ${mayWrite.value && html`<button type="button" class="btn danger" onClick=${() => drop(rule)}>${t("act.remove")}</button>`}</li>`)}</ul>`}
    ${mayWrite.value && html`<form class="inlineform" onSubmit=${add}>
      <${Labelled} id="sender" label=${t("senders.sender")}><input class="in" id="sender" name="sender" dir="ltr" required maxlength="254" autocomplete="off" placeholder="billing@vendor.example" /></${Labelled}>
      <${Labelled} id="verdict" label=${t("senders.verdict")}>${choose("verdict", "take", [["take", t("senders.verdict.take")], ["leave", t("senders.verdict.leave")]])}</${Labelled}>
      <button type="submit" class="btn">${t("act.add_it")}</button></form>`}
  </div>`;
}
