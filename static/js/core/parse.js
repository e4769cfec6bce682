/* What a person types into an amount or a date field, read forgivingly; no DOM in here. */
import { addDays } from "./days.js";

const MARKS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069\u00a0\u202f\s'’]/g;
const SIGNS = /[₪€$£¥₹]|ש["״']ח|[A-Z]{3}/gi;

/** "1.287,50 €" → "1287.50"; null when it is no amount. `exponent`: decimals of the currency. */
export function parseAmount(text, exponent = 2) {
  let s = String(text ?? "").replace(MARKS, "").replace(SIGNS, "").replace(/[−–]/g, "-");
  let negative = false;
  if (/^\(.*\)$/.test(s)) { negative = true; s = s.slice(1, -1); }
  if (/^-|-$/.test(s)) { negative = !negative; s = s.replace(/^-|-$/, ""); }
  s = s.replace(/^\+/, "");
  if (!/^[\d.,]+$/.test(s) || !/\d/.test(s)) return null;
  const cut = decimalAt(s, exponent);
  const whole = (cut < 0 ? s : s.slice(0, cut)).replace(/[.,]/g, "") || "0";
  const part = cut < 0 ? "" : s.slice(cut + 1);
  if (/[.,]/.test(part) || part.length > exponent || whole.length > 12) return null;
  const digits = whole.replace(/^0+(?=\d)/, "") + (exponent ? "." + part.padEnd(exponent, "0") : "");
  return (negative && /[1-9]/.test(digits) ? "-" : "") + digits;
}

/* Where the decimal mark stands, or -1: the last mark counts when it stands alone of its kind and does not
   part thousands ("1,287" is a thousand, "1.287,5" has its mark at the comma). */
function decimalAt(s, exponent) {
  const point = s.lastIndexOf("."), comma = s.lastIndexOf(",");
  const last = Math.max(point, comma);
  if (last < 0) return -1;
  const mark = s[last], other = mark === "." ? comma : point;
  if (s.indexOf(mark) !== last) return -1;
  if (other >= 0) return last;
  return s.length - last - 1 === 3 && exponent !== 3 ? -1 : last;
}

/** Minor units of a plain decimal such as "1287.50". */
export function toMinor(text, exponent = 2) {
  return Math.round(Number(text) * 10 ** exponent);
}

const pad = (n) => String(n).padStart(2, "0");

function day(y, m, d) {
  const date = new Date(Date.UTC(y, m - 1, d));
  const good = date.getUTCFullYear() === y && date.getUTCMonth() === m - 1 && date.getUTCDate() === d;
  return good ? `${y}-${pad(m)}-${pad(d)}` : null;
}

const WORDS = { today: 0, yesterday: -1, "היום": 0, "אתמול": -1, heute: 0, gestern: -1, "aujourd'hui": 0, "aujourd’hui": 0, hier: -1 };

/** "23/11", "23.11.26", "2026-11-23", "today" → an ISO day; null when it is none. Day comes before month. */
export function parseDay(text, today) {
  const s = String(text ?? "").replace(/[\u200e\u200f]/g, "").trim().toLowerCase();
  if (s in WORDS) return addDays(today, WORDS[s]);
  let m = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(s);
  if (m) return day(+m[1], +m[2], +m[3]);
  m = /^(\d{1,2})[-/. ](\d{1,2})(?:[-/. ](\d{4}|\d{2}))?\.?$/.exec(s);
  if (!m) return null;
  if (m[3]) return day(m[3].length === 2 ? 2000 + +m[3] : +m[3], +m[2], +m[1]);
  const year = +today.slice(0, 4);
  const guess = day(year, +m[2], +m[1]);
  return guess && guess > addDays(today, 31) ? day(year - 1, +m[2], +m[1]) : guess;
}
