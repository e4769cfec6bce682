/* Arithmetic of calendar days and months; no DOM in here. */

/** The day `n` days after an ISO day. */
export function addDays(iso, n) {
  const date = new Date(`${iso}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + n);
  return date.toISOString().slice(0, 10);
}

/** The twelve months that end with `last` ("2026-11"), oldest first. */
export function months(last) {
  const [year, m] = last.split("-").map(Number);
  return Array.from({ length: 12 }, (_, n) => new Date(Date.UTC(year, m - 12 + n, 1)).toISOString().slice(0, 7));
}

/** The last day of a month ("2026-11" → "2026-11-30"). */
export function lastDay(month) {
  const [year, m] = month.split("-").map(Number);
  return new Date(Date.UTC(year, m, 0)).toISOString().slice(0, 10);
}
