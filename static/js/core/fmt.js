/* Numbers, money, days and times as the reader's language writes them; formatters are made once and kept. */
import { lang, locale } from "./i18n.js";

const cache = new Map();

function kept(kind, options, make) {
  const key = `${lang.value} ${kind} ${options ? JSON.stringify(options) : ""}`;
  let format = cache.get(key);
  if (!format) cache.set(key, (format = make(locale(), options)));
  return format;
}
const numbers = (o) => kept("n", o, (l) => new Intl.NumberFormat(l, o));
const dates = (o) => kept("d", o, (l) => new Intl.DateTimeFormat(l, o));

const EXPONENTS = { JPY: 0, KRW: 0, CLP: 0, ISK: 0, VND: 0, BHD: 3, JOD: 3, KWD: 3, OMR: 3, TND: 3 };
/** Decimals that a currency has. */
export const exponent = (currency) => EXPONENTS[currency] ?? 2;

/** A count. */
export const num = (n) => numbers(undefined).format(n);
/** A share such as +12 %. */
export const percent = (share, signed) =>
  numbers({ style: "percent", maximumFractionDigits: 0, signDisplay: signed ? "always" : "auto" }).format(share);

/** Money of the API ({minor, currency}); `round` leaves the decimals out. */
export function money(m, round = false) {
  if (!m) return "";
  const value = m.minor / 10 ** exponent(m.currency);
  const known = /^[A-Z]{3}$/.test(m.currency || "");
  if (!known) return numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
  const options = { style: "currency", currency: m.currency, currencyDisplay: "narrowSymbol" };
  if (round) options.maximumFractionDigits = options.minimumFractionDigits = 0;
  return numbers(options).format(value);
}

const utc = (iso) => new Date(iso.length === 7 ? `${iso}-15T12:00:00Z` : `${iso}T12:00:00Z`);
/** 23 Nov, with the year when it is not this one. */
export const dayShort = (iso, thisYear) =>
  dates({ day: "numeric", month: "short", timeZone: "UTC",
    ...(thisYear && iso.slice(0, 4) !== thisYear ? { year: "numeric" } : {}) }).format(utc(iso));
/** Saturday, 21 November. */
export const dayLong = (iso, thisYear) =>
  dates({ weekday: "long", day: "numeric", month: "long", timeZone: "UTC",
    ...(thisYear && iso.slice(0, 4) !== thisYear ? { year: "numeric" } : {}) }).format(utc(iso));
/** 23/11/2026, as it is typed. */
export const dayInput = (iso) => (iso ? iso.split("-").reverse().join("/") : "");
/** November 2026. */
export const month = (iso) => dates({ month: "long", year: "numeric", timeZone: "UTC" }).format(utc(iso));
export const monthOnly = (iso) => dates({ month: "long", timeZone: "UTC" }).format(utc(iso));
export const monthTiny = (iso) =>
  dates({ month: lang.value === "he" ? "narrow" : "short", timeZone: "UTC" }).format(utc(iso));

/** A moment: its day and time in the reader's own zone. */
export const moment = (iso) =>
  dates({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }).format(new Date(iso));

const STEPS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];
/** "2 minutes ago". */
export function ago(iso, now = Date.now()) {
  const s = (new Date(iso).getTime() - now) / 1000;
  const relative = kept("r", { numeric: "auto" }, (l, o) => new Intl.RelativeTimeFormat(l, o));
  const [unit, size] = STEPS.find(([, size]) => Math.abs(s) >= size) || ["second", 1];
  return unit === "second" && s > -60 ? relative.format(0, "minute") : relative.format(Math.round(s / size), unit);
}

/** Seconds as "48 s", "3 min" or "1.5 h". */
export function duration(s) {
  const [unit, size] = s >= 5400 ? ["hour", 3600] : s >= 90 ? ["minute", 60] : ["second", 1];
  return numbers({ style: "unit", unit, unitDisplay: "short", maximumFractionDigits: unit === "hour" ? 1 : 0 }).format(s / size);
}

/** Kilobytes and megabytes. */
export function bytes(n) {
  const [unit, size] = n >= 1e6 ? ["megabyte", 1e6] : ["kilobyte", 1e3];
  return numbers({ style: "unit", unit, unitDisplay: "short", maximumFractionDigits: n >= 1e7 || n < 1e6 ? 0 : 1 })
    .format(Math.max(n / size, 1));
}

/** "₪683.95 + €48.90": sums per currency, never mixed; `first` names the currency to begin with. */
export function sums(perCurrency, first) {
  return Object.entries(perCurrency)
    .sort(([a, x], [b, y]) => (a === first ? -1 : b === first ? 1 : Math.abs(y) - Math.abs(x)))
    .map(([currency, minor]) => money({ minor, currency }));
}

/** Today in a time zone, as an ISO day. */
export function today(zone) {
  try {
    return new Intl.DateTimeFormat("en-CA", { timeZone: zone || undefined }).format(new Date());
  } catch {
    return new Intl.DateTimeFormat("en-CA").format(new Date());
  }
}
