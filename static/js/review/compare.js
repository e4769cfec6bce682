/* Two receipts that may be one, side by side, their differences marked: merge them or keep both. */
import { html, useEffect, useState } from "../core/signals.js";
import { get, post, sentence } from "../core/api.js";
import { mayWrite } from "../core/business.js";
import { t } from "../core/i18n.js";
import { dayShort, money, moment } from "../core/fmt.js";
import { failed } from "../core/feedback.js";
import { done } from "../core/undo.js";
import { change, nameOf } from "../receipts/edits.js";
import { refresh } from "../receipts/list.js";
import { kindName, sourceName } from "../receipts/words.js";
import { Dialog } from "../ui/dialog.js";
import { Icon } from "../ui/icons.js";
import { Wait } from "../ui/parts.js";
import { pageUrl } from "./document.js";

const ROWS = [
  ["vendor", (r) => r.vendor], ["date", (r) => r.date && dayShort(r.date, "0")], ["total", (r) => money(r.total)],
  ["tax", (r) => money(r.tax_total)], ["number", (r) => r.number], ["kind", (r) => kindName(r.kind)],
  ["source", (r) => sourceName(r.source)], ["received", (r) => r.received_at && moment(r.received_at)],
];

/** `id` is the receipt under review, `other` the one that it seems to repeat; `onDone(merged)` ends it. */
export function Compare({ id, other, onClose, onDone }) {
  const [both, setBoth] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    Promise.all([get(`/api/receipts/${other}`), get(`/api/receipts/${id}`)]).then(setBoth, setError);
  }, [id, other]);
  const merge = async () => {
    onDone(true);
    try {
      const { undo } = await post(`/api/receipts/${other}/merge`, { other: id });
      done(t("compare.merged", { v: nameOf(both[0]) }), async () => {
        await post("/api/undo", { undo });
        refresh(undefined, 0);
      });
      refresh(undefined, 0);
    } catch (problem) { failed(problem, merge); }
  };
  const keep = () => {
    onDone(false);
    change(id, { duplicate_of: null }, { text: t("compare.kept", { v: nameOf(both[1]) }) });
  };
  const foot = both && mayWrite.value && html`
    <button type="button" class="btn" onClick=${keep}><${Icon} name="split" />${t("compare.keep")}</button>
    <button type="button" class="btn pri" onClick=${merge}><${Icon} name="copy" />${t("compare.merge")}</button>`;
  return html`<${Dialog} title=${t("compare.h")} class="wide" onClose=${onClose} foot=${foot}>
    ${error && html`<p class="bad">${sentence(error)}</p>`}
    ${!both && !error && html`<${Wait} rows=${5} />`}
    ${both && html`<table class="plain compare"><caption>${t("compare.p")}</caption>
      <thead><tr><th></th><th scope="col">${t("compare.first")}</th><th scope="col">${t("compare.second")}</th></tr></thead>
      <tbody>${ROWS.map(([name, read]) => {
    const [a, b] = both.map((receipt) => read(receipt) || "—");
    return html`<tr key=${name} class=${a === b ? "" : "differs"}><th scope="row">${t(`field.${name}`)}${a !== b && html`<span class="sr"> ${t("compare.differs")}</span>`}</th>
          <td><bdi>${a}</bdi></td><td><bdi>${b}</bdi></td></tr>`;
  })}
      <tr class="papers"><th scope="row">${t("doc.title")}</th>${both.map((receipt) => html`<td key=${receipt.id}>${receipt.document
    ? html`<img src=${pageUrl(receipt, 0, 380)} alt=${t("doc.alt", { n: 1 })} loading="lazy" />` : t("doc.none")}</td>`)}</tr></tbody></table>`}
  </${Dialog}>`;
}
