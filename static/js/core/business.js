/* The business at hand and what surrounds every page: its settings, mailboxes, counts. */
import { signal, computed } from "./signals.js";
import { get, me, slug } from "./api.js";
import { today as dayIn } from "./fmt.js";

export const business = signal(null); // GET /api/business
export const mailboxes = signal(null); // items, or null until known
export const unreadAlerts = signal(0);
export const counts = signal(null); // of the whole business, for the sidebar
export const today = computed(() => dayIn(business.value?.time_zone));
export const base = computed(() => business.value?.base_currency || "ILS");

/** The person's role here; an accountant looks, a member changes, an owner rules. */
export const role = computed(() => me.value?.businesses.find((b) => b.slug === slug.value)?.role || "accountant");
export const mayWrite = computed(() => role.value !== "accountant");
export const mayManage = computed(() => role.value === "owner");

/** A path of the business at hand. */
export const at = (page, query = "") => `/app/b/${encodeURIComponent(slug.value || "")}/${page}${query}`;

export async function loadBusiness() {
  business.value = await get("/api/business");
}
export async function loadMailboxes() {
  mailboxes.value = (await get("/api/mailboxes")).items;
}
export async function loadCounts() {
  counts.value = await get("/api/receipts/counts");
}

/** Mailboxes that mail is read from (uploads are a mailbox of their own that nobody connects). */
export const mailSources = computed(() => (mailboxes.value || []).filter((box) => box.kind !== "upload"));
