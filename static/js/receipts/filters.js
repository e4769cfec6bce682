/* The list's filter: from the address and back, to the API's parameters, and to words; no DOM in here. */
import { lastDay } from "../core/days.js";

/** What may stand in the address, in the order in which it stands there. */
export const KEYS = ["status", "q", "month", "from_date", "to_date", "vendor", "category", "currency",
  "min_amount", "max_amount", "source", "mailbox", "flag", "exported", "deleted", "sort"];

/** The tabs: name → the part of the filter that makes it. */
export const TABS = {
  review: { status: "to_review" },
  ready: { status: "ready" },
  approved: { status: "approved" },
  all: {},
  exported: { exported: "1" },
  rejected: { status: "rejected" },
  not_receipt: { status: "not_receipt" },
  trash: { deleted: "1" },
};
export const MAIN_TABS = ["review", "ready", "approved", "all"];
export const MORE_TABS = ["exported", "rejected", "not_receipt", "trash"];
const ALL = "to_review,ready,approved"; // "all" means all receipts, not what was said to be none

/** "?status=to_review&q=x" → {status, q}; unknown names are left out. */
export function fromQuery(query) {
  const params = new URLSearchParams(query);
  const filter = {};
  for (const key of KEYS) {
    const value = params.get(key);
    if (value) filter[key] = value;
  }
  if (filter.month && !/^\d{4}-(0[1-9]|1[0-2])$/.test(filter.month)) delete filter.month;
  return filter;
}

/** {status, q} → "?status=to_review&q=x", always in one order, so that equal filters have equal addresses. */
export function toQuery(filter) {
  const params = new URLSearchParams();
  for (const key of KEYS) if (filter[key]) params.set(key, filter[key]);
  const text = params.toString();
  return text ? `?${text}` : "";
}

export function tabOf(filter) {
  if (filter.deleted) return "trash";
  if (filter.exported === "1") return "exported";
  return Object.keys(TABS).find((name) => TABS[name].status === filter.status) || "all";
}

/** The same filter under another tab. */
export function withTab(filter, tab) {
  const { status, exported, deleted, ...rest } = filter;
  return { ...rest, ...TABS[tab] };
}

/** The API's parameters; `withoutMonth` leaves the time out (for the month chart). */
export function toApi(filter, { withoutTime = false } = {}) {
  const { month, from_date, to_date, status, ...rest } = filter;
  const query = { ...rest };
  if (status) query.status = status;
  else if (!filter.deleted) query.status = ALL;
  if (!withoutTime) {
    query.from_date = month ? `${month}-01` : from_date;
    query.to_date = month ? lastDay(month) : to_date;
  }
  for (const key of Object.keys(query)) if (!query[key]) delete query[key];
  return query;
}

/** Whether anything but the tab and the order narrows the list. */
export const isNarrow = (filter) =>
  Object.keys(filter).some((key) => !["status", "exported", "deleted", "sort"].includes(key));

/** Whether a receipt of this status and state of deletion belongs in the list (the rest only the server knows). */
export function belongs(filter, receipt) {
  if (Boolean(receipt.deleted_at) !== Boolean(filter.deleted)) return false;
  if (filter.exported === "1" && !receipt.exported_at) return false;
  const wanted = (filter.status || (filter.deleted ? "" : ALL)).split(",").filter(Boolean);
  return !wanted.length || wanted.includes(receipt.status);
}
