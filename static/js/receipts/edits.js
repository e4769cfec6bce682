/* Changing receipts: at once on the screen, then on the server; taken back when refused; undo for all. */
import { signal, batch } from "../core/signals.js";
import { api, get, post, patch as send } from "../core/api.js";
import { failed, toast } from "../core/feedback.js";
import { done } from "../core/undo.js";
import { keepDraft } from "../core/drafts.js";
import { slug } from "../core/api.js";
import { t } from "../core/i18n.js";
import { money, exponent } from "../core/fmt.js";
import { toMinor } from "../core/parse.js";
import { briefOf, hold, release, settle, refresh, take, chosen, chosenAll, list, unchoose, onForget } from "./list.js";
import { toApi } from "./filters.js";

const details = new Map(); // id → signal(detail | null)
/** {id, mine: {field: value}, theirs: detail} while two people's changes disagree; else null. */
export const conflict = signal(null);
export const saving = signal({}); // id → "saving" | "saved" | "failed"

export function detailOf(id) {
  let one = details.get(id);
  if (!one) details.set(id, (one = signal(null)));
  return one;
}

/** Fetch a receipt's detail; what is known already is shown meanwhile. */
export async function loadDetail(id) {
  const fresh = await get(`/api/receipts/${id}`);
  accept(fresh);
  return fresh;
}

/** Take a detail from the server into both stores. */
function accept(detail) {
  batch(() => {
    const one = detailOf(detail.id);
    if (!one.value || one.value.version <= detail.version) one.value = detail;
    take([detail]);
  });
}

onForget(() => {
  details.clear();
  conflict.value = null;
});

/* What a change looks like before the server has said so. */
function imagined(receipt, values) {
  const next = { ...receipt };
  for (const [field, value] of Object.entries(values)) {
    if (["total", "net", "tax_total", "payable"].includes(field)) {
      const currency = values.currency ?? receipt.currency;
      next[field] = value === null ? null : { minor: toMinor(value, exponent(currency)), currency, text: value };
    } else next[field] = value;
  }
  if (values.currency && receipt.total && !("total" in values)) next.total = { ...receipt.total, currency: values.currency };
  const touched = Object.keys(values);
  next.flags = (receipt.flags || []).filter((flag) => !touched.includes(flag.field));
  if (next.status === "to_review" && !next.flags.length && !("status" in values)) next.status = "ready";
  return next;
}

const queues = new Map(); // id → promise of the last change under way: changes of one receipt go in order

/**
 * Change fields of one receipt. Resolves to the new detail, or null when it failed (the person has been
 * told, and what was typed is kept as a draft).
 */
export function change(id, values, { text = null, again = true } = {}) {
  const before = queues.get(id) || Promise.resolve();
  const one = briefOf(id), detail = detailOf(id);
  const was = detail.value || one.value;
  hold(id);
  batch(() => {
    if (one.value) { one.value = imagined(one.value, values); settle(one.value); }
    if (detail.value) detail.value = imagined(detail.value, values);
    saving.value = { ...saving.value, [id]: "saving" };
  });
  const run = before.then(async () => {
    let answer = null;
    try {
      const version = (detail.value || one.value)?.version ?? (await loadDetail(id)).version;
      answer = await send(`/api/receipts/${id}`, values, version);
      Object.keys(values).forEach((field) => keepDraft(slug.value, id, field, undefined));
      if (text && answer.undo) undoable(("status" in values ? null : learntText(answer)) || text, id, answer.undo);
      return answer;
    } catch (error) {
      if (error.code === "version_conflict") await clash(id, values, error, text, was);
      else {
        roll(id, was, values);
        const retry = again && error.status !== 422 && error.status !== 400;
        failed(error, retry ? () => change(id, values, { text }) : null);
      }
      return null;
    } finally {
      release(id);
      batch(() => {
        if (answer) {
          detailOf(id).value = null;
          accept(answer);
          settle(answer);
        }
        saving.value = { ...saving.value, [id]: answer ? "saved" : "failed" };
      });
      refresh();
    }
  });
  queues.set(id, run);
  run.finally(() => { if (queues.get(id) === run) queues.delete(id); });
  return run;
}

/** Whether changes of a receipt are still on their way; awaits them. */
export const settled = (id) => queues.get(id) || Promise.resolve();

function roll(id, was, values) {
  batch(() => {
    for (const one of [briefOf(id), detailOf(id)]) {
      if (!one.value || !was) continue;
      const back = { ...one.value };
      for (const field of [...Object.keys(values), "flags", "status", "total"]) back[field] = was[field];
      one.value = back;
    }
    if (briefOf(id).value) settle(briefOf(id).value);
  });
}

/* Somebody else changed it meanwhile. Where the other change is of other fields, ours goes on top of it;
   where it is of the same field, the person is shown both. */
async function clash(id, values, error, text, was) {
  const theirs = error.body.theirs || (await get(`/api/receipts/${id}`));
  detailOf(id).value = null;
  release(id);
  accept(theirs);
  hold(id);
  const theirOwn = (field) => plain(theirs[field]) !== plain(values[field]) && plain(theirs[field]) !== plain(was?.[field]);
  const same = Object.keys(values).filter(theirOwn);
  if (!same.length) { change(id, values, { text }); return; }
  conflict.value = { id, mine: values, theirs, fields: same, was, text };
}
const plain = (value) => (value === null || value === undefined ? "" : String(value.text ?? value));

/** The person decided: their fields or ours. */
export async function resolveConflict(keepMine) {
  const { id, mine, text } = conflict.value;
  conflict.value = null;
  if (keepMine) await change(id, mine, { text });
  else Object.keys(mine).forEach((field) => keepDraft(slug.value, id, field, undefined));
}

/* The server takes back what this change did, and leaves what was done since. */
function undoable(text, id, token) {
  done(text, async () => {
    await settled(id);
    await post("/api/undo", { undo: token });
    const fresh = await get(`/api/receipts/${id}`);
    detailOf(id).value = null;
    accept(fresh);
    settle(fresh);
    refresh(undefined, 100);
  });
}

/* What the vendor's rules took from this change. */
const learntText = ({ learnt }) => learnt?.length > 0 && learnt[0].state === "trial" &&
  t("toast.learnt", { f: t(`field.${learnt[0].field}`) });

export const nameOf = (receipt) => receipt?.vendor || t("receipt.unnamed");
const label = (key, receipt) => t(key, { v: nameOf(receipt), a: money(receipt?.total) || "—" });

/** Approve, reject, not a receipt, back to review: one receipt. `more`: fields typed and not yet saved. */
export function setStatus(id, status, more = {}) {
  const receipt = imagined(detailOf(id).value || briefOf(id).value, more);
  return change(id, { ...more, status }, { text: label(`toast.${status}`, receipt) });
}

/** Move a receipt to Trash. */
export async function remove(id) {
  const one = briefOf(id);
  const was = one.value;
  hold(id);
  if (was) { one.value = { ...was, deleted_at: new Date().toISOString() }; settle(one.value); }
  try {
    await settled(id);
    await api("DELETE", `/api/receipts/${id}`);
    done(label("toast.deleted", was), () => restore(id));
  } catch (error) {
    if (was) { one.value = was; refresh(undefined, 0); }
    failed(error, () => remove(id));
  } finally {
    release(id);
    refresh();
  }
}

export async function restore(id) {
  const answer = await post(`/api/receipts/${id}/restore`);
  detailOf(id).value = null;
  accept(answer);
  refresh(undefined, 0);
}

/** One act on everything chosen. `action`: approve, reject, not_receipt, to_review, delete, restore, set. */
export async function bulk(action, values, filter) {
  const all = chosenAll.value;
  const ids = [...chosen.value];
  const body = all ? { filter: toApi(filter), action } : { ids, action };
  if (values) body.values = values;
  const olds = new Map();
  const STATUS = { approve: "approved", reject: "rejected", not_receipt: "not_receipt", to_review: "to_review" };
  const patchOf = action === "set" ? values : STATUS[action] ? { status: STATUS[action] }
    : { deleted_at: action === "delete" ? new Date().toISOString() : null };
  const known = (all ? list.value.rows.map((row) => row[0]) : ids).filter((id) => briefOf(id).value);
  batch(() => {
    for (const id of known) {
      olds.set(id, briefOf(id).value);
      hold(id);
      briefOf(id).value = imagined(briefOf(id).value, patchOf);
    }
    unchoose();
  });
  try {
    const { changed, undo } = await post("/api/receipts/bulk", body);
    known.forEach(release);
    const text = t(`toast.bulk.${action}`, { n: changed });
    if (undo) {
      done(text, async () => {
        await post("/api/undo", { undo });
        renew([...olds.keys()]);
      });
    } else toast(text);
    renew([...olds.keys()]);
  } catch (error) {
    batch(() => { olds.forEach((old, id) => { release(id); briefOf(id).value = old; }); });
    failed(error, () => { chosen.value = new Set(ids); chosenAll.value = all; bulk(action, values, filter); });
  }
}

/* After a bulk act: every known row anew. */
function renew(ids) {
  for (const id of ids) {
    if (briefOf(id).value) briefOf(id).value = { ...briefOf(id).value, version: 0 };
    details.delete(id);
  }
  const parts = [];
  for (let n = 0; n < Math.min(ids.length, 400); n += 100) parts.push(ids.slice(n, n + 100));
  parts.forEach((part) => get("/api/receipts", { ids: part.join(","), limit: 200 }).then((page) => take(page.items), () => {}));
  refresh(undefined, 0);
}
