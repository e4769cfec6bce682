/* The review form's state: what is typed and not yet saved, how a field is read, saving on leaving it. */
import { useEffect, useRef, useState } from "../core/signals.js";
import { online, session, slug } from "../core/api.js";
import { today } from "../core/business.js";
import { t } from "../core/i18n.js";
import { draftOf, keepDraft } from "../core/drafts.js";
import { exponent, dayInput } from "../core/fmt.js";
import { parseAmount, parseDay } from "../core/parse.js";
import { change, saving } from "../receipts/edits.js";

const MONEY = new Set(["total", "net", "tax_total", "payable", "tip", "discount"]);
const DAYS = new Set(["date", "due_date"]);

/** A field of a receipt as it stands in its input. */
export function textOf(receipt, field) {
  const value = receipt[field];
  if (value === null || value === undefined) return "";
  if (MONEY.has(field)) return value.text;
  return DAYS.has(field) ? dayInput(value) : String(value);
}

/** Typed text → {value} for the API, or {wrong: sentence}. */
export function read(field, text, receipt) {
  const trimmed = text.trim();
  if (MONEY.has(field)) {
    if (!trimmed) return { value: null };
    const value = parseAmount(trimmed, exponent(receipt.currency));
    return value === null ? { wrong: t("wrong.amount") } : { value };
  }
  if (DAYS.has(field)) {
    if (!trimmed) return { value: null };
    const value = parseDay(trimmed, today.value);
    return value === null ? { wrong: t("wrong.date") } : { value };
  }
  return { value: field === "note" ? trimmed : trimmed || null };
}

/**
 * The form of one receipt: {text(field), type(field, text), leave(field), pick(field, value), collect(),
 * wrong}. A field is saved when it is left; what cannot be saved stays as a draft of this browser.
 */
export function useForm(receipt) {
  const { id } = receipt;
  const [typed, setTyped] = useState(() => draftOf(slug.value, id));
  const [wrong, setWrong] = useState({});
  const now = useRef(typed);
  const last = useRef(receipt);
  last.current = receipt;

  const put = (field, text) => {
    now.current = { ...now.current };
    if (text === undefined) delete now.current[field];
    else now.current[field] = text;
    setTyped(now.current);
    keepDraft(slug.value, id, field, text);
  };
  const mark = (field, sentence) => setWrong((old) => ({ ...old, [field]: sentence }));

  async function save(field, value, text) {
    const answer = await change(id, { [field]: value }, { text: t("toast.saved", { f: t(`field.${field === "tax_total" ? "tax" : field}`) }) });
    if (answer) { if (now.current[field] === text) put(field, undefined); } else if (now.current[field] === undefined) put(field, text);
  }
  const leave = (field) => {
    if (!(field in now.current)) return;
    const text = now.current[field];
    if (text === textOf(last.current, field)) {
      // While it is on its way it only looks saved: the draft stays until the server has said so.
      if (saving.value[id] !== "saving") put(field, undefined);
      return;
    }
    const { value, wrong: why } = read(field, text, last.current);
    mark(field, why || null);
    if (!why) save(field, value, text);
  };
  // Signed in again, or the network is back: what could not be saved is saved now.
  const able = session.value === "in" && online.value;
  const was = useRef(able);
  useEffect(() => {
    if (able && !was.current) Object.keys(now.current).forEach((field) => { if (field !== document.activeElement?.dataset.field) leave(field); });
    was.current = able;
  }, [able]);
  return {
    wrong,
    text: (field) => typed[field] ?? textOf(receipt, field),
    isDraft: (field) => field in typed,
    type: (field, text) => { mark(field, null); put(field, text); },
    leave,
    pick: (field, value) => {
      const text = DAYS.has(field) ? dayInput(value) : String(value ?? "");
      mark(field, null);
      if (text === textOf(last.current, field)) { put(field, undefined); return; }
      put(field, text);
      save(field, value, text);
    },
    drop: (field) => { mark(field, null); put(field, undefined); },
    /** All that is typed and unsaved: {values}, or {wrong: field} when something cannot be read. */
    collect: () => {
      const values = {};
      for (const [field, text] of Object.entries(now.current)) {
        if (text === textOf(last.current, field)) continue;
        const { value, wrong: why } = read(field, text, last.current);
        if (why) { mark(field, why); return { wrong: field }; }
        values[field] = value;
      }
      return { values };
    },
  };
}
