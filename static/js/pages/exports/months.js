/* Months: what each holds, what is still to do in it, closing and reopening it. */
import { html } from "../../core/signals.js";
import { get, post, sentence } from "../../core/api.js";
import { at, mayWrite } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { money, month as monthName, num } from "../../core/fmt.js";
import { failed } from "../../core/feedback.js";
import { done } from "../../core/undo.js";
import { Icon } from "../../ui/icons.js";
import { Empty } from "../../ui/frame.js";
import { useLoad } from "../../ui/load.js";
import { Amount, Trouble, Wait } from "../../ui/parts.js";

export function Months() {
  const [page, error, reload] = useLoad(() => get("/api/months"), []);
  const turn = async (one, way) => {
    const back = way === "close" ? "reopen" : "close";
    try {
      await post(`/api/months/${one.month}/${way}`);
      done(t(`exports.month.${way}d`, { m: monthName(one.month) }), async () => { await post(`/api/months/${one.month}/${back}`); reload(); });
      reload();
    } catch (problem) { failed(problem, () => turn(one, way)); }
  };
  if (error) return html`<${Trouble} text=${sentence(error)} again=${reload} />`;
  if (!page) return html`<${Wait} />`;
  if (!page.items.length) return html`<${Empty} icon="calendar" title=${t("exports.months.none")} text=${t("exports.months.none.p")} />`;
  const link = (n, query) => (n > 0 ? html`<a class="lnk num" href=${at("receipts", query)}>${num(n)}</a>` : html`<span class="num">${num(n)}</span>`);
  return html`<section class="panel"><p class="hint">${t("exports.months.p")}</p><div class="scrollx" tabindex="0" role="region" aria-label=${t("exports.tab.months")}><table class="plain months">
    <thead><tr><th>${t("exports.month")}</th><th class="r">${t("nav.receipts")}</th><th class="r">${t("tab.review")}</th><th class="r">${t("exports.new")}</th><th>${t("exports.state")}</th><th><span class="sr">${t("act.more")}</span></th></tr></thead>
    <tbody>${page.items.map((one) => html`<tr key=${one.month}>
      <td>${monthName(one.month)}</td><td class="r" data-label=${t("nav.receipts")}>${link(one.count, `?month=${one.month}`)}</td>
      <td class="r" data-label=${t("tab.review")}>${link(one.to_review, `?status=to_review&month=${one.month}`)}</td><td class="r" data-label=${t("exports.new")}>${link(one.new, `?month=${one.month}&exported=0`)}</td>
      <td class="state">${one.closed_at ? html`<span class="flag good"><${Icon} name="check" />${t("exports.month.closed_")}</span>` : html`<span class="flag ok">${t("exports.month.open")}</span>`}
        ${one.late > 0 && html` <span class="flag info">${t("exports.late", { n: one.late, n_text: num(one.late) })}</span>`}</td>
      <td class="acts"><a class="btn ghost" href=${at("exports", `?export=1&month=${one.month}`)}>${t("act.export")}</a>
        ${mayWrite.value && html`<button type="button" class="btn ghost" onClick=${() => turn(one, one.closed_at ? "reopen" : "close")}>${t(one.closed_at ? "exports.month.reopen" : "exports.month.close")}<span class="sr"> ${monthName(one.month)}</span></button>`}</td></tr>`)}</tbody></table></div></section>`;
}

export function Tax() {
  const [page, error, reload] = useLoad(() => get("/api/vat"), []);
  if (error) return html`<${Trouble} text=${sentence(error)} again=${reload} />`;
  if (!page) return html`<${Wait} />`;
  if (!page.items.length) return html`<${Empty} icon="sheet" title=${t("exports.tax.none")} text=${t("exports.tax.none.p")} />`;
  return html`<${TaxTable} page=${page} />`;
}

function TaxTable({ page }) {
  return html`<section class="panel"><p class="hint">${t("exports.tax.p")}</p><div class="scrollx" tabindex="0" role="region" aria-label=${t("exports.tab.tax")}><table class="plain">
    <thead><tr><th>${t("exports.month")}</th><th class="r">${t("exports.rate")}</th><th class="r">${t("nav.receipts")}</th><th class="r">${t("exports.base")}</th><th class="r">${t("exports.tax")}</th><th class="r">${t("exports.in_base", { c: page.base_currency })}</th></tr></thead>
    <tbody>${[...page.items].reverse().map((one, n) => html`<tr key=${n}><td>${one.month ? html`<a class="lnk" href=${at("receipts", `?month=${one.month}`)}>${monthName(one.month)}</a>` : "—"}</td><td class="r"><bdi class="num">${one.rate ? `${Number(one.rate)} %` : t("exports.rate.none")}</bdi></td><td class="r num">${num(one.count)}</td>
      <td class="r"><${Amount} text=${money(one.base)} /></td><td class="r"><${Amount} text=${money(one.tax)} /></td>
      <td class="r">${one.unconverted > 0 && one.base_tax.minor === 0 ? "—" : html`<${Amount} text=${money(one.base_tax)} />`}</td></tr>`)}</tbody></table></div></section>`;
}
