/* The pages: name in the address, icon, key after "g", what is fetched at the first visit. "-" parts groups. */
import { whole } from "./ui/styles.js";

export const MENU = [
  { name: "receipts", icon: "receipt", key: "r" },
  { name: "mail", icon: "mail", key: "m", load: () => whole(import("./pages/mail.js")) },
  { name: "exports", icon: "export", key: "x", load: () => whole(import("./pages/exports.js"), { words: "exports", css: "exports" }) },
  "-",
  { name: "vendors", icon: "store", key: "v", load: () => whole(import("./pages/vendors.js"), { words: "vendors", css: "vendors" }) },
  { name: "contacts", icon: "users", key: "p", load: () => whole(import("./pages/contacts.js"), { words: "contacts", css: "contacts" }) },
  { name: "calls", icon: "phone", key: "c", load: () => whole(import("./pages/calls.js"), { words: "calls", css: "calls" }) },
  "-",
  { name: "alerts", icon: "bell", key: "a", load: () => whole(import("./pages/alerts.js"), { words: "alerts" }) },
  { name: "status", icon: "pulse", key: "s", load: () => whole(import("./pages/status.js"), { words: "status" }) },
  { name: "settings", icon: "gear", key: "e", load: () => whole(import("./pages/settings.js")) },
];

export const PAGES = Object.fromEntries(MENU.filter((one) => one !== "-").map((one) => [one.name, one]));
