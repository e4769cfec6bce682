/* The fields beside the document: doubts first, candidates to tap, saved when left. */
import { html, useEffect, useRef, useState } from "../core/signals.js";
import { at, mayWrite } from "../core/business.js";
import { t, loadWords } from "../core/i18n.js";
import { money, moment, dayShort, exponent } from "../core/fmt.js";
import { toMinor } from "../core/parse.js";
import { useKeys } from "../core/keys.js";
import { saving } from "../receipts/edits.js";
import { CURRENCIES, KINDS, flagText, whyText } from "../receipts/lists.js";
import { CATEGORIES, PAYMENTS, categoryName, kindName, paymentName, flagTitle, sourceIcon, sourceName } from "../receipts/words.js";
import { Icon } from "../ui/icons.js";
import { Amount } from "../ui/parts.js";
import { Lazy } from "../ui/lazy.js";
import { withStyles } from "../ui/styles.js";

/** Fields in the order of the form. */
export const FIELDS = ["total", "currency", "vendor", "date", "tax_total", "category", "number", "kind", "vendor_tax_id", "due_date", "net", "tip", "discount", "payment_method", "card_last4", "billed_to", "allocation_number", "note"];
const AMOUNTS = new Set(["total", "net", "tax_total", "tip", "discount"]);
const MORE = FIELDS.slice(FIELDS.indexOf("kind"), -1);
const ELSEWHERE = /^(same_|rule_on_trial$|document_locked$|waiting_document$)/; // told with what to do about it
const knowledge = () => Promise.all([withStyles("vendors", import("./knowledge.js")), loadWords("vendors")]).then(([m]) => m.Known);

/* Whether more is known of a receipt than its fields: rules that spoke, a locked or awaited document, merged papers. */
const isKnown = (receipt) => receipt.waiting_for_document || receipt.kin?.some((one) => one.merged) ||
  Object.values(receipt.fields || {}).some((one) => one.rule) || (receipt.flags || []).some((flag) => flag.code === "document_locked");

/** The field to begin with: the first that is flagged, else the first. */
export function firstDoubt(receipt) {
  return FIELDS.find((field) => isDoubtful(receipt, field)) || "total";
}

/** Possible values of a field, the present one first, no value twice: [{value, text, why, box}]. */
export function candidatesOf(receipt, field) {
  const known = receipt.fields?.[field];
  if (!known) return [];
  const all = [];
  const seen = new Set();
  const own = known.value === null ? [] : [{ value: known.value, why: known.why, quote: known.quote, box: known.box }];
  for (const one of [...own, ...(known.candidates || [])]) {
    const key = String(one.value);
    if (seen.has(key)) continue;
    seen.add(key);
    all.push(one);
  }
  return all.length > 1 ? all.slice(0, 4) : [];
}

const shownValue = (receipt, field, value) => {
  if (AMOUNTS.has(field)) return money({ minor: toMinor(value, exponent(receipt.currency)), currency: receipt.currency });
  if (field === "payment_method") return paymentName(value);
  return field === "date" || field === "due_date" ? dayShort(value, "0") : String(value);
};
/* What stands under a candidate: its line on the document, else why it is one. */
const said = (one) => (one.quote && one.quote !== String(one.value) ? one.quote : whyText(one));
const isPresent = (receipt, field, value) => {
  const now = receipt[field];
  return now !== null && now !== undefined && (AMOUNTS.has(field) ? Number(now.text) === Number(value) : String(now) === String(value));
};

/** Whether a field's candidates are offered by themselves: it is doubtful. Others open on demand. */
export const isDoubtful = (receipt, field) => receipt.status === "to_review" &&
  (receipt.flags || []).some((flag) => flag.field === field || (flag.field === "tax" && field === "tax_total"));

function Picks({ receipt, field, form, onPick, open }) {
  const all = candidatesOf(receipt, field);
  if (!all.length || !mayWrite.value || !open) return null;
  return html`<div class="picks" role="group" aria-label=${t("review.candidates", { f: t(`field.${field}`) })}>
    ${all.map((one, n) => html`<button type="button" class="pick" key=${one.value} data-pick=${n + 1} aria-pressed=${isPresent(receipt, field, one.value) && !form.isDraft(field)}
      onClick=${() => onPick(field, one.value)} title=${whyText(one)}>
      <span class="tag" aria-hidden="true">${n + 1}</span>
      <span class="grow"><b class="trunc"><bdi class=${AMOUNTS.has(field) ? "num" : ""}>${shownValue(receipt, field, one.value)}</bdi></b>
        ${said(one) && html`<small class="trunc"><bdi>${said(one)}</bdi></small>`}</span></button>`)}
  </div>`;
}

export function Fields({ receipt, form, active, setActive, conflict, register }) {
  const box = useRef(null);
  const { opened, setOpened } = register;
  const flags = receipt.status === "to_review" ? receipt.flags || [] : [];
  const repeats = (receipt.flags || []).find((flag) => /^same_/.test(flag.code));
  const flagged = new Set(flags.map((flag) => (flag.field === "tax" ? "tax_total" : flag.field)));
  const read = !mayWrite.value || Boolean(receipt.deleted_at);
  const fresh = useRef(true); // just opened: the first digit picks a candidate instead of being typed
  useEffect(() => { fresh.current = true; }, [receipt.id]);
  const element = (field) => box.current?.querySelector(`#f-${field}`);
  register.focus = (field) => { element(field)?.focus({ preventScroll: false }); };

  const onPick = (field, value) => {
    if (!opened.includes(field)) setOpened([...opened, field]); // its doubt goes, the choice stays in sight
    form.pick(field, value);
    setActive(field);
  };
  const offered = (field) => isDoubtful(receipt, field) || opened.includes(field);
  register.offered = offered;
  const digit = (n) => () => {
    const one = offered(active) && candidatesOf(receipt, active)[n - 1];
    if (!one) return false;
    onPick(active, one.value);
    requestAnimationFrame(() => box.current?.querySelector(`[data-pick="${n}"]`)?.focus());
    return true;
  };
  useKeys(t("keys.fields"), {
    1: [t("keys.pick"), digit(1)], 2: [null, digit(2)], 3: [null, digit(3)], 4: [null, digit(4)],
  });
  const onKeyDown = (event) => {
    const field = event.target.dataset?.field;
    if (!field) return;
    if (fresh.current && /^[1-4]$/.test(event.key) && !event.ctrlKey && !event.metaKey && event.target.tagName === "INPUT") {
      if (digit(Number(event.key))()) { event.preventDefault(); fresh.current = false; return; }
    }
    if (event.key !== "Tab" && event.key !== "Shift") fresh.current = false;
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.tagName === "INPUT") { event.preventDefault(); form.leave(field); }
    if (event.key === "Escape" && form.isDraft(field)) { event.preventDefault(); event.stopPropagation(); form.drop(field); }
  };

  const common = (field) => ({
    id: `f-${field}`, "data-field": field, disabled: read,
    onFocus: () => setActive(field), onPointerDown: () => { fresh.current = false; },
    onInput: (event) => form.type(field, event.target.value),
    onBlur: () => form.leave(field),
    "aria-invalid": form.wrong[field] ? "true" : null,
    "aria-describedby": [form.wrong[field] && `w-${field}`, flagged.has(field) && `d-${field}`].filter(Boolean).join(" ") || null,
  });
  const label = (field, text) => html`<label for=${`f-${field}`}>${text || t(`field.${field}`)}
    ${receipt.hand_set?.includes(field) && html`<span class="hand" title=${t("review.hand")}><${Icon} name="edit" /><span class="sr">${t("review.hand")}</span></span>`}
    ${form.isDraft(field) && html`<span class="draft">${t("review.unsaved")}</span>`}</label>`;
  // A sure field keeps its other readings behind a small button, so that a healthy form stays quiet.
  const others = (field) => {
    const n = isDoubtful(receipt, field) || read ? 0 : candidatesOf(receipt, field).length;
    return n > 1 && html`<button type="button" class="others num" aria-expanded=${opened.includes(field)} aria-label=${`${n} · ${t("review.others", { f: t(`field.${field}`) })}`}
      title=${t("review.others", { f: t(`field.${field}`) })} onClick=${() => { setActive(field); setOpened(opened.includes(field) ? opened.filter((one) => one !== field) : [...opened, field]); }}>
      ${n}<${Icon} name="down" /></button>`;
  };
  const picks = (field) => html`<${Picks} receipt=${receipt} field=${field} form=${form} onPick=${onPick} open=${offered(field)} />`;
  const hint = (field) => html`${form.wrong[field] && html`<p class="bad" id=${`w-${field}`}>${form.wrong[field]}</p>`}
    ${active === field && receipt.fields?.[field]?.why && !form.wrong[field] && html`<p class="hint"><${Icon} name="search" /><bdi class="trunc" dir="auto">${whyText(receipt.fields[field])}</bdi></p>`}`;
  const input = (field, extra = {}, text) => html`<div class="f">${label(field, text)}
    <input class=${`in${flagged.has(field) ? " warn" : ""}${AMOUNTS.has(field) ? " amount" : ""}`} value=${form.text(field)} autocomplete="off"
      dir=${extra.dir || "auto"} inputmode=${extra.inputmode} maxlength=${extra.max} placeholder=${extra.hint} ...${common(field)} />
    ${others(field)}${hint(field)}${picks(field)}</div>`;
  const select = (field, options, empty) => html`<div class="f">${label(field)}
    <select class=${`in${flagged.has(field) ? " warn" : ""}`} value=${form.text(field)} ...${common(field)}
      onInput=${(event) => { form.type(field, event.target.value); form.leave(field); }}>
      ${(empty || !form.text(field)) && html`<option value="">${empty || "—"}</option>`}
      ${options.map(([value, text]) => html`<option value=${value} key=${value}>${text}</option>`)}
      ${form.text(field) && !options.some(([value]) => value === form.text(field)) && html`<option value=${form.text(field)}>${form.text(field)}</option>`}
    </select>${hint(field)}</div>`;

  return html`<div class="fields" ref=${box} onKeyDown=${onKeyDown}>
    ${conflict}
    ${isKnown(receipt) && html`<${Lazy} name="knowledge" load=${knowledge} quiet receipt=${receipt} may=${!read} />`}
    ${flags.filter((flag) => !(read ? /^same_/ : ELSEWHERE).test(flag.code)).map((flag) => html`<div class=${`issue${/duplicate/.test(flag.code) ? " bad" : ""}`} key=${flag.code + flag.field} id=${`d-${flag.field}`}>
      <${Icon} name="warn" /><span><b>${flagTitle(flag)}</b><bdi>${flagText(flag)}</bdi></span></div>`)}
    ${receipt.duplicate_of && !receipt.deleted_at && html`<div class="issue bad"><${Icon} name="copy" /><span><b>${t("flag.duplicate")}</b><bdi>${repeats ? flagText(repeats) : t("flag.duplicate.long")}</bdi>
      <button type="button" class="btn" onClick=${register.compare}>${t("compare.open")}</button></span></div>`}
    ${receipt.deleted_at && html`<div class="issue"><${Icon} name="trash" /><span><b>${t("review.trashed")}</b>${t("review.trashed.p")}</span></div>`}
    <div class="f total">${label("total")}
      <div class="moneyin"><input class=${`in amount${flagged.has("total") ? " warn" : ""}`} dir="ltr" inputmode="decimal" autocomplete="off" value=${form.text("total")} ...${common("total")} />
        <select class=${`in${flagged.has("currency") ? " warn" : ""}`} aria-label=${t("field.currency")} value=${form.text("currency")} ...${common("currency")}
          onInput=${(event) => { form.type("currency", event.target.value); form.leave("currency"); }}>
          ${!form.text("currency") && html`<option value="">—</option>`}
          ${[...new Set([...CURRENCIES, form.text("currency")])].filter(Boolean).map((c) => html`<option value=${c} key=${c}>${c}</option>`)}</select></div>
      ${receipt.base_rate && html`<p class="hint">≈ <${Amount} text=${money(receipt.base_total)} /> ${t("review.rate", { r: receipt.base_rate.rate.slice(0, 6), d: dayShort(receipt.base_rate.day, "0000") })}</p>`}
      ${others("total")}${hint("total")}${picks("total")}${picks("currency")}</div>
    ${input("vendor", { max: 300 })}
    <div class="f2">${input("date", { dir: "ltr", inputmode: "text", hint: t("field.date.hint") })}${input("tax_total", { dir: "ltr", inputmode: "decimal" }, t("field.tax"))}</div>
    <div class="f2">${select("category", CATEGORIES.map((c) => [c, categoryName(c)]), t("cat.none"))}${input("number", { dir: "ltr", max: 100 })}</div>
    <div class="f">${label("note")}<textarea class="in" rows="1" dir="auto" maxlength="2000" placeholder=${t("field.note.hint")} value=${form.text("note")} ...${common("note")}></textarea></div>
    <${More} receipt=${receipt} input=${input} select=${select} />
    <${Meta} receipt=${receipt} />
  </div>`;
}

/* What is rarely needed: kind, tax number, due date, net, how it was paid, tax lines, items; open where one is doubtful. */
function More({ receipt, input, select }) {
  const [open, setOpen] = useState(MORE.some((field) => isDoubtful(receipt, field)));
  return html`<details class="morefields" open=${open} onToggle=${(event) => setOpen(event.target.open)}><summary><${Icon} name="chev" flip />${t("review.more")}</summary>
    ${open && html`<div class="f2">${select("kind", KINDS.map((k) => [k, kindName(k)]))}${input("vendor_tax_id", { dir: "ltr", max: 40 })}</div>
    <div class="f2">${input("due_date", { dir: "ltr" })}${input("net", { dir: "ltr", inputmode: "decimal" })}</div>
    <div class="f2">${input("discount", { dir: "ltr", inputmode: "decimal" })}${input("tip", { dir: "ltr", inputmode: "decimal" })}</div>
    <div class="f2">${select("payment_method", PAYMENTS.map((p) => [p, paymentName(p)]))}${input("card_last4", { dir: "ltr", inputmode: "numeric", max: 4 })}</div>
    <div class="f2">${input("billed_to", { max: 300 })}${input("allocation_number", { dir: "ltr", max: 40 })}</div>
    ${receipt.tax?.length > 0 && html`<table class="plain small"><caption>${t("review.taxes")}</caption><tbody>${receipt.tax.map((line, n) => html`<tr key=${n}>
      <th scope="row" class="num">${line.rate !== null ? `${Number(line.rate)}%` : "—"}</th><td class="r"><${Amount} text=${money(line.base)} /></td><td class="r"><${Amount} text=${money(line.amount)} /></td></tr>`)}</tbody></table>`}
    ${receipt.items?.length > 0 && html`<table class="plain small"><caption>${t("review.items")}</caption><tbody>${receipt.items.slice(0, 40).map((item, n) => html`<tr key=${n}>
      <th scope="row"><bdi>${item.quantity && Number(item.quantity) !== 1 ? `${Number(item.quantity)} × ` : ""}${item.description}</bdi></th><td class="r"><${Amount} text=${money(item.amount)} /></td></tr>`)}</tbody></table>`}`}
  </details>`;
}

/* Where it came from and what became of it. */
function Meta({ receipt }) {
  const { mail } = receipt;
  const state = saving.value[receipt.id];
  return html`<div class="meta">
    <div><${Icon} name=${sourceIcon(receipt.source)} /><span class="grow">${mail
      ? html`<a href=${at(`mail/${mail.id}`)}><bdi class="trunc" dir="auto">${mail.subject || t("mail.nosubject")}</bdi></a><bdi class="trunc" dir="auto">${mail.from}</bdi>`
      : sourceName(receipt.source)}</span></div>
    <div><${Icon} name="clock" /><span>${t("review.received", { t: moment(receipt.received_at || receipt.created_at) })}</span></div>
    ${receipt.approved_at && html`<div><${Icon} name="check" /><span>${t("review.approved", { t: moment(receipt.approved_at) })}</span></div>`}
    ${receipt.exported_at && html`<div><${Icon} name="export" /><span>${t("review.exported", { t: moment(receipt.exported_at) })}</span></div>`}
    <div><${Icon} name="hist" /><span role="status">${t(state === "saving" ? "review.saving" : state === "saved" ? "review.saved" : state === "failed" ? "review.failed"
      : receipt.hand_set?.length ? "review.edited" : "review.untouched")}</span></div>
    <div><${Icon} name="receipt" /><span>${t("review.kept")}</span></div>
  </div>`;
}
