/* The arithmetic of the virtual list: where each row and day head stands; no DOM in here. */

/**
 * rows: [[id, day, minor, currency], …] in order. Gives {tops: Float64Array, lines: [row number or
 * {day, first}], height}: a line is a row's number, or the head of a day.
 */
export function layout(rows, { row, head, grouped }) {
  const lines = [];
  const tops = [];
  let top = 0;
  let day;
  rows.forEach((entry, n) => {
    if (grouped && (n === 0 || entry[1] !== day)) {
      day = entry[1];
      lines.push({ day, first: n });
      tops.push(top);
      top += head;
    }
    lines.push(n);
    tops.push(top);
    top += row;
  });
  return { lines, tops: Float64Array.from(tops), height: top };
}

/** First line whose bottom is below `y`. */
export function lineAt(tops, y) {
  let low = 0, high = tops.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tops[middle] <= y) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** The lines to draw for a window: [first, end). */
export function visible(tops, top, height, margin = 240) {
  if (!tops.length) return [0, 0];
  const first = lineAt(tops, Math.max(0, top - margin));
  const end = Math.min(tops.length, lineAt(tops, top + height + margin) + 1);
  return [first, end];
}

/** Sums of a day per currency: {ILS: 24700}. */
export function daySums(rows, first) {
  const sums = {};
  for (let n = first; n < rows.length && rows[n][1] === rows[first][1]; n += 1) add(sums, rows[n]);
  return sums;
}

/** Sums of chosen rows per currency. */
export function sumOf(rows, chosen) {
  const sums = {};
  for (const entry of rows) if (chosen.has(entry[0])) add(sums, entry);
  return sums;
}

function add(sums, [, , minor, currency]) {
  if (minor !== null && minor !== undefined && currency) sums[currency] = (sums[currency] || 0) + minor;
}
