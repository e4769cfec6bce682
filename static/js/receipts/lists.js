/* Closed lists that forms offer, and a flag's long words. */
import { t, has, lang } from "../core/i18n.js";

export const CURRENCIES = ["ILS", "EUR", "USD", "GBP", "CHF", "CAD", "AUD", "JPY", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "TRY"];
export const KINDS = ["receipt", "invoice", "tax_invoice", "invoice_receipt", "order", "credit_note", "statement", "other"];

/** A flag's sentence: ours in the reader's language where we have one, else the reading's own. */
export const flagText = (flag) => ((lang.value !== "en" || !flag.text) && has(`flag.${flag.code}.long`) ? t(`flag.${flag.code}.long`) : flag.text);

/** A reason of the ledger in the reader's language where we have the words, else as it was written down. */
export const reasonText = (reason) => (!reason ? "" : lang.value !== "en" && has(`reason.${reason.code}`) ? t(`reason.${reason.code}`) : reason.text);
