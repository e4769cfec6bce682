/* One vendor: its sums, its rhythm, what it is known by, its rules; another name, or one with another vendor. */
import { html, useState } from "../../core/signals.js";
import { del, get, post, sentence } from "../../core/api.js";
import { at, mayWrite, today } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { dayShort, money, num } from "../../core/fmt.js";
import { failed } from "../../core/feedback.js";
import { done } from "../../core/undo.js";
import { categoryName } from "../../receipts/words.js";
import { Dialog } from "../../ui/dialog.js";
import { Icon } from "../../ui/icons.js";
import { useLoad } from "../../ui/load.js";
import { Amount, Wait } from "../../ui/parts.js";
import { RuleRow } from "./rules.js";

/* A new name for the vendor; the name of another one makes them one. */
function Rename({ name, onChanged, onCancel }) {
  const [wrong, setWrong] = useState(null);
  const [others] = useLoad(() => get("/api/vendors", { limit: 200 }), []);
  const save = async (event) => {
    event.preventDefault();
    const to = new FormData(event.target).get("to").trim();
    if (!to || to === name) { onCancel(); return; }
    try {
      const { changed, undo } = await post("/api/vendors/rename", { names: [name], to });
      done(t("vendors.renamed", { n: changed, n_text: num(changed), v: to }), async () => { await post("/api/undo", { undo }); onChanged(); });
      onChanged();
    } catch (error) { setWrong(sentence(error)); }
  };
  return html`<form class="inlineform" onSubmit=${save}><div class="f"><label for="vendor-to">${t("vendors.rename.to")}</label>
      <input class="in" id="vendor-to" name="to" dir="auto" list="vendor-names" maxlength="300" required autocomplete="off" defaultValue=${name} aria-describedby="vendor-to-h" autofocus />
      <datalist id="vendor-names">${(others?.items || []).filter((one) => one.name !== name).map((one) => html`<option key=${one.id} value=${one.name} />`)}</datalist>
      <p class="hint" id="vendor-to-h">${t("vendors.rename.p")}</p>${wrong && html`<p class="bad" role="alert">${wrong}</p>`}</div>
    <button type="submit" class="btn pri">${t("act.save")}</button><button type="button" class="btn" onClick=${onCancel}>${t("act.cancel")}</button></form>`;
}

/* What is changed here closes it: the word of it, and the way back, stand below. */
export function Card({ name, onClose, onChanged }) {
  const [one, error] = useLoad(() => get("/api/vendors/profile", { name }), [name]);
  const [naming, setNaming] = useState(false);
  const year = today.value.slice(0, 4);
  const expect = async (expected) => {
    try {
      await post("/api/vendors/expect", { name, expected });
      done(t(expected ? "vendors.expected" : "vendors.unexpected", { v: name }), async () => { await post("/api/vendors/expect", { name, expected: !expected }); onChanged(); });
      onChanged();
    } catch (problem) { failed(problem, () => expect(expected)); }
  };
  const approve = async () => {
    try {
      const rule = await post("/api/rules", { receipt: one.newest, field: "approve" });
      done(t("vendors.approving", { v: name }), async () => { await del(`/api/rules/${rule.id}`); onChanged(); });
      onChanged();
    } catch (problem) { failed(problem, approve); }
  };
  const foot = one && html`<a class="btn" href=${at("receipts", `?vendor=${encodeURIComponent(name)}`)}><${Icon} name="receipt" />${t("vendors.receipts")}</a>
    ${mayWrite.value && !naming && html`<button type="button" class="btn" onClick=${() => setNaming(true)}><${Icon} name="edit" />${t("vendors.rename")}</button>`}`;
  return html`<${Dialog} title=${html`<bdi dir="auto">${name}</bdi>`} class="wide" onClose=${onClose} foot=${foot}>
    ${error && html`<p class="bad">${sentence(error)}</p>`}
    ${!one && !error && html`<${Wait} rows=${5} />`}
    ${one && html`${naming && html`<${Rename} name=${name} onChanged=${onChanged} onCancel=${() => setNaming(false)} />`}
      <dl class="facts">
        <dt>${t("nav.receipts")}</dt><dd>${t("vendors.count", { n: one.count, n_text: num(one.count) })}${one.first && html` · ${t("vendors.since", { d: dayShort(one.first, "0") })}`}</dd>
        <dt>${t("vendors.sums")}</dt><dd>${one.sums.some((sum) => sum.currency) ? one.sums.filter((sum) => sum.currency).map((sum) => html`<div key=${sum.currency}><${Amount} text=${money(sum.total)} /></div>`) : "—"}</dd>
        ${one.category && html`<dt>${t("field.category")}</dt><dd>${categoryName(one.category)}</dd>`}
        <dt>${t("vendors.rhythm")}</dt><dd>${one.rhythm ? html`${t(`vendors.rhythm.${one.rhythm}`)}${one.next && one.expected && html` · ${t("vendors.next", { d: dayShort(one.next, year) })}`}` : t("vendors.rhythm.none")}
          ${one.rhythm && mayWrite.value && html` <button type="button" class="lnk" onClick=${() => expect(!one.expected)}>${t(one.expected ? "vendors.unexpect" : "vendors.expect")}</button>`}</dd>
        ${one.tax_ids.length > 0 && html`<dt>${t("field.vendor_tax_id")}</dt><dd dir="ltr" class="start">${one.tax_ids.join(", ")}</dd>`}
        ${one.senders.length > 0 && html`<dt>${t("vendors.senders")}</dt><dd>${one.senders.map((address) => html`<div key=${address}><bdi dir="ltr">${address}</bdi></div>`)}</dd>`}
      </dl>
      <h3>${t("vendors.tab.rules")}</h3>
      ${one.their_rules.length ? html`<ul class="checks">${one.their_rules.map((rule) => html`<${RuleRow} key=${rule.id} rule=${rule} bare reload=${onChanged} />`)}</ul>` : html`<p class="hint">${t("vendors.rules.none.p")}</p>`}
      ${mayWrite.value && one.newest && !one.their_rules.some((rule) => rule.field === "approve") && html`<p><button type="button" class="btn" onClick=${approve}><${Icon} name="check" />${t("vendors.approve")}</button></p>`}`}
  </${Dialog}>`;
}
