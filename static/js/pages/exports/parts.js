/* What the dialog and the page of exports share: formats, sums in words, the files' buttons. */
import { html } from "../../core/signals.js";
import { fileUrl } from "../../core/api.js";
import { base } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { bytes, dayShort, month, num, sums } from "../../core/fmt.js";
import { Icon } from "../../ui/icons.js";
import { Amount } from "../../ui/parts.js";

export const MAIN = ["csv", "xlsx", "zip", "pdf"];
export const BOOKS = ["quickbooks", "xero", "datev", "beancount", "hledger", "ofx"];
export const ICON = { csv: "sheet", xlsx: "sheet", zip: "copy", pdf: "receipt", archive: "copy" };
export const formatName = (format) => t(`exports.f.${format}`);

/** "₪552.00 + €50.00". */
export const Sums = ({ currencies }) => {
  const known = currencies.filter((one) => one.currency);
  return sums(Object.fromEntries(known.map((one) => [one.currency, one.total.minor])), base.value)
    .map((text, n) => html`${n > 0 && " + "}<${Amount} text=${text} key=${n} />`);
};

/** "October 2026", "1 Oct 2026 – 12 Nov 2026", or nothing. */
export function period(from, to) {
  if (!from && !to) return "";
  if (from && to && from.slice(0, 7) === to.slice(0, 7) && from.endsWith("-01") && new Date(Date.parse(to) + 864e5).getUTCDate() === 1) return month(from.slice(0, 7));
  const day = (iso) => (iso ? dayShort(iso, "0000") : "…");
  return from === to ? day(from) : `${day(from)} – ${day(to)}`;
}

/** One button a file. */
export const Files = ({ row, main }) => html`<span class="exfiles">${row.files.map((file, n) => html`<a key=${n} class=${`btn${main && n === 0 ? " pri" : ""}`}
  href=${fileUrl(`/api/exports/${row.id}/file`, { n })} download=${file.name} title=${file.name}>
  <${Icon} name="dl" />${row.files.length > 1 ? t(`exports.file.${n}`) : t("exports.download")} <small class="num">${bytes(file.size)}</small></a>`)}</span>`;

/** What could not go in. */
export const LeftOut = ({ row }) => row.left_out.length > 0 && html`<details><summary>${t("exports.left_out", { n: row.left_out.length, n_text: num(row.left_out.length) })}</summary>
  <ul>${row.left_out.slice(0, 50).map((one, n) => html`<li key=${n}><bdi>${one.text}</bdi></li>`)}</ul></details>`;
