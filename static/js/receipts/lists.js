/* Closed lists that forms offer, and a flag's long words. */
import { t, has, lang } from "../core/i18n.js";

export const CURRENCIES = ["ILS", "EUR", "USD", "GBP", "CHF", "CAD", "AUD", "JPY", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "TRY"];
export const KINDS = ["receipt", "invoice", "tax_invoice", "invoice_receipt", "order", "credit_note", "statement", "other"];

/** A flag's sentence: ours in the reader's language where we have one, else the reading's own. */
export const flagText = (flag) => ((lang.value !== "en" || !flag.text) && has(`flag.${flag.code}.long`) ? t(`flag.${flag.code}.long`) : flag.text);

/** A reason of the ledger in the reader's language where we have the words, else as it was written down. */
export const reasonText = (reason) => (!reason ? "" : lang.value !== "en" && has(`reason.${reason.code}`) ? t(`reason.${reason.code}`) : reason.text);

/** What went wrong ({code, text} of a run or a mailbox), in the reader's language where we have the words. */
export const troubleText = (error) => (!error ? "" : lang.value !== "en" && has(`error.${error.code}`) ? t(`error.${error.code}`) : error.text);

/* The reading's reasons are phrases joined by ", " and "; ": each has its words under its letters. */
const phrase = (text) => {
  const named = /^labelled “(.+)”$/.exec(text);
  if (named) return t("why.labelled", { q: named[1] });
  if (text.startsWith("stated by the e-invoice")) return t("why.einvoice");
  if (text.startsWith("stated by the QR code")) return t("why.code");
  if (text.startsWith("stated by the page's mark-up")) return t("why.markup");
  if (text.startsWith("the document calls itself so")) return t("why.named");
  const key = `why.${text.toLowerCase().replace(/[^a-z]+/g, "_").replace(/^_|_$/g, "")}`;
  return has(key) ? t(key) : null;
};

/** Why a field was read as it was ({why, quote}): in the reader's language, else the words on the document. */
export function whyText({ why, quote }) {
  if (!why || lang.value === "en") return why ? why[0].toUpperCase() + why.slice(1) : "";
  const [first, ...more] = why.split("; ");
  const parts = first.split(", ").map(phrase);
  if (parts.includes(null)) return quote ? t("why.quote", { q: quote }) : "";
  return [...parts, ...more.map(phrase)].filter(Boolean).join(" · ");
}
