/* Receipt facts in words: flags, sources, categories, kinds, statuses. */
import { html } from "../core/signals.js";
import { t, has } from "../core/i18n.js";
import { Icon } from "../ui/icons.js";

export const CATEGORIES = ["meals", "travel", "fuel", "office", "software", "equipment", "phone", "utilities", "rent",
  "contractors", "marketing", "insurance", "fees", "taxes", "other"];
export const PAYMENTS = ["card", "cash", "bank_transfer", "direct_debit", "paypal", "wallet", "cheque", "voucher"];
const SOURCE_ICON = { gmail: "mail", imap: "mail", upload: "upload", message: "phone", camera: "camera" };

export const sourceIcon = (source) => SOURCE_ICON[source] || "mail";
const word = (group, key) => (has(`${group}.${key}`) ? t(`${group}.${key}`) : key);
export const sourceName = (source) => word("source", source);
export const categoryName = (category) => word("cat", category);
export const kindName = (kind) => word("kind", kind);
export const paymentName = (method) => word("pay", method);
export const statusName = (status) => word("status", status);

/** A stable colour for a category. */
export function swatch(category) {
  const place = CATEGORIES.indexOf(category);
  let sum = 0;
  if (place < 0) for (const letter of category || "") sum = (sum * 31 + letter.codePointAt(0)) % 997;
  return `swatch sw-${(place < 0 ? sum : place) % 8}`;
}

/** Whether the document waits for its password: it has no picture until then. */
export const isLocked = (receipt) => (receipt.flags || []).some((flag) => flag.code === "document_locked");

/** A flag's few words ("Two totals found"). */
export const flagTitle = (flag) => (has(`flag.${flag.code}`) ? t(`flag.${flag.code}`) : t("flag.check"));
const FLAG_ICON = { duplicate: "copy", possible_duplicate: "copy", blurry: "eye", vendor: "tag" };
const flagIcon = (flag) => FLAG_ICON[flag.code] || FLAG_ICON[flag.field] || "warn";

/** The chip that says how a receipt stands: quiet when healthy, coloured when it needs somebody. */
export function StatusChip({ receipt }) {
  const { status, flags, deleted_at: gone } = receipt;
  if (gone) return html`<span class="flag ok"><${Icon} name="trash" />${t("status.deleted")}</span>`;
  if (status === "to_review") {
    if (receipt.duplicate_of) return html`<span class="flag bad"><${Icon} name="copy" /><span class="trunc">${t("flag.duplicate")}</span></span>`;
    const first = flags?.[0];
    if (!first) return html`<span class="flag"><${Icon} name="warn" /><span class="trunc">${t("status.to_review")}</span></span>`;
    const kind = /duplicate/.test(first.code) ? "bad" : "";
    return html`<span class=${`flag ${kind}`}><${Icon} name=${flagIcon(first)} /><span class="trunc">${flagTitle(first)}</span>
      ${flags.length > 1 && html`<span class="plus" aria-label=${t("flag.more", { n: flags.length - 1 })}>+${flags.length - 1}</span>`}</span>`;
  }
  const icon = { ready: "check", approved: "check", rejected: "ban", not_receipt: "ban" }[status] || "check";
  return html`<span class=${`flag ok ${status}`}><${Icon} name=${icon} />${statusName(status)}</span>`;
}

/** "Invoice-receipt 20418". */
export const subtitle = (receipt) => [kindName(receipt.kind || "other"), receipt.number].filter(Boolean).join(" ");
