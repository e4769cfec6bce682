/* A cell of the list edited in place: Enter saves and goes down, Tab goes right, Escape leaves it as it was. */
import { html, useEffect, useRef, useState } from "../core/signals.js";
import { today } from "../core/business.js";
import { t } from "../core/i18n.js";
import { dayInput, exponent } from "../core/fmt.js";
import { parseAmount, parseDay } from "../core/parse.js";
import { change } from "./edits.js";
import { list, position } from "./list.js";
import { editing } from "./row.js";
import { reveal } from "./vlist.js";
import { CATEGORIES, categoryName } from "./words.js";

const ORDER = ["category", "date", "total"];

const textOf = (receipt, field) => (field === "total" ? receipt.total?.text || ""
  : field === "date" ? dayInput(receipt.date) : receipt.category || "");

function read(field, text, receipt) {
  if (!text.trim()) return { value: null };
  if (field === "category") return { value: text };
  const value = field === "total" ? parseAmount(text, exponent(receipt.currency)) : parseDay(text, today.value);
  return value === null ? { wrong: t(field === "total" ? "wrong.amount" : "wrong.date") } : { value };
}

export function Cell({ receipt, field }) {
  const box = useRef(null);
  const over = useRef(false);
  const [wrong, setWrong] = useState(null);
  useEffect(() => {
    if (!box.current.offsetParent) { editing.value = null; return; } // the column is not shown at this width
    box.current.focus();
    box.current.select?.();
  }, []);
  const leave = () => {
    over.current = true;
    editing.value = null;
  };
  const save = () => {
    if (over.current) return true;
    const text = box.current.value;
    if (text !== textOf(receipt, field)) {
      const { value, wrong: why } = read(field, text, receipt);
      if (why) { setWrong(why); box.current.focus(); return false; }
      change(receipt.id, { [field]: value }, { text: t("toast.saved", { f: t(`field.${field}`) }) });
    }
    leave();
    return true;
  };
  const goOn = (id, next) => {
    editing.value = { id, field: next };
    reveal(id);
  };
  const keys = (event) => {
    event.stopPropagation();
    const { rows } = list.value;
    const here = position.value.get(receipt.id);
    if (event.key === "Enter") {
      const below = rows[here + 1]?.[0];
      if (save() && below !== undefined) goOn(below, field);
      else if (!wrong) reveal(receipt.id, true);
    } else if (event.key === "Tab") {
      const next = ORDER.indexOf(field) + (event.shiftKey ? -1 : 1);
      if (!save()) { event.preventDefault(); return; }
      if (ORDER[next]) goOn(receipt.id, ORDER[next]);
      else reveal(receipt.id, true);
    } else if (event.key === "Escape") {
      leave();
      reveal(receipt.id, true);
    } else return;
    event.preventDefault();
  };
  const common = { ref: box, class: "in cell", "aria-label": t(`field.${field}`), "aria-invalid": wrong ? "true" : null,
    title: wrong, onKeyDown: keys, onBlur: () => { if (!save()) setTimeout(() => box.current?.focus()); },
    onClick: (event) => event.stopPropagation() };
  if (field === "category") {
    return html`<select ...${common}><option value="">${t("cat.none")}</option>
      ${[...new Set([...CATEGORIES, receipt.category])].filter(Boolean).map((c) => html`<option value=${c} key=${c} selected=${c === receipt.category}>${categoryName(c)}</option>`)}</select>`;
  }
  return html`<input ...${common} dir="ltr" inputmode=${field === "total" ? "decimal" : "text"} defaultValue=${textOf(receipt, field)} autocomplete="off" />`;
}
