/* The months as a table, per currency: for those who do not read bars, and for the figures. */
import { html } from "../core/signals.js";
import { t } from "../core/i18n.js";
import { money, month as monthName, num } from "../core/fmt.js";
import { Dialog } from "../ui/dialog.js";
import { Amount } from "../ui/parts.js";

export function MonthTable({ year, all, onClose }) {
  const rows = [...all].reverse().map((m) => [m, (year.months || []).filter((one) => one.month === m)]).filter(([, got]) => got.length);
  return html`<${Dialog} title=${t("sum.table.h")} onClose=${onClose}>
    <table class="plain"><thead><tr><th scope="col">${t("sum.month")}</th><th scope="col" class="r">${t("sum.receipts")}</th><th scope="col" class="r">${t("field.total")}</th></tr></thead>
      <tbody>${rows.map(([m, got]) => html`<tr key=${m}><th scope="row">${monthName(m)}</th>
        <td class="r num">${num(got.reduce((sum, one) => sum + one.count, 0))}</td>
        <td class="r">${got.map((one) => html`<div key=${one.currency}><${Amount} text=${money(one.total)} /></div>`)}</td></tr>`)}</tbody></table>
    ${!rows.length && html`<p>${t("sum.none")}</p>`}
  </${Dialog}>`;
}
