/* Review: the document beside its fields, one key to approve and go on. */
import { html, useEffect, useRef, useState } from "../core/signals.js";
import { sentence, fileUrl } from "../core/api.js";
import { mayWrite } from "../core/business.js";
import { t } from "../core/i18n.js";
import { num } from "../core/fmt.js";
import { useKeys, typing } from "../core/keys.js";
import { toast, failed } from "../core/feedback.js";
import { post } from "../core/api.js";
import { list, position } from "../receipts/list.js";
import { detailOf, loadDetail, setStatus, remove, restore, conflict, resolveConflict } from "../receipts/edits.js";
import { tabOf } from "../receipts/filters.js";
import { Icon } from "../ui/icons.js";
import { Lazy } from "../ui/lazy.js";
import { withStyles } from "../ui/styles.js";
import { Keys } from "../ui/keys.js";
import { Menu, Trouble, Wait } from "../ui/parts.js";
import { useForm } from "./form.js";
import { Fields, FIELDS, firstDoubt, isDoubtful } from "./fields.js";
import { DocumentView, prefetchPage } from "./document.js";

const compare = () => withStyles("more", import("./compare.js")).then((m) => m.Compare);
const touch = window.matchMedia("(pointer: coarse)");

/* Two people changed the same field: theirs and ours, side by side. */
function Conflict({ id, form }) {
  const clash = conflict.value;
  if (!clash || clash.id !== id) return null;
  const show = (value) => (value === null || value === undefined || value === "" ? "—" : String(value.text ?? value));
  return html`<div class="conflict" role="alertdialog" aria-label=${t("conflict.h")}>
    <b>${t("conflict.h")}</b><p>${t("conflict.p")}</p>
    <table class="plain small"><thead><tr><th></th><th scope="col">${t("conflict.theirs")}</th><th scope="col">${t("conflict.mine")}</th></tr></thead>
      <tbody>${clash.fields.map((field) => html`<tr key=${field}><th scope="row">${t(`field.${field === "tax_total" ? "tax" : field}`)}</th>
        <td><bdi>${show(clash.theirs[field])}</bdi></td><td><bdi>${show(clash.mine[field])}</bdi></td></tr>`)}</tbody></table>
    <div class="acts"><button type="button" class="btn" onClick=${() => { clash.fields.forEach(form.drop); resolveConflict(false); }}>${t("conflict.take")}</button>
      <button type="button" class="btn pri" onClick=${() => resolveConflict(true)}>${t("conflict.keep")}</button></div></div>`;
}

/* The next receipt of the list as it is now: after this one, else before it. */
function neighbour(id, by) {
  const { rows } = list.value;
  const here = position.value.get(id);
  if (here === undefined) return rows[0]?.[0] ?? null;
  return rows[here + by]?.[0] ?? null;
}

export function Review({ id, filter, onOpen, onClose }) {
  const detail = detailOf(id).value;
  const [error, setError] = useState(null);
  const load = () => {
    setError(null);
    loadDetail(id).catch((problem) => setError(problem));
  };
  useEffect(load, [id]);
  const step = (by) => { const next = neighbour(id, by); if (next !== null) onOpen(next); };
  useKeys(t("keys.review"), { // also while the receipt is on its way
    j: [t("keys.next"), () => step(1)], k: [t("keys.previous"), () => step(-1)],
    Escape: [t("act.close"), () => { document.activeElement?.blur?.(); onClose(); }],
  });
  if (error && !detail) {
    const text = error.status === 404 ? t("error.gone") : sentence(error);
    return html`<section class="rev"><header class="rhead"><span class="grow"></span>
      <button type="button" class="icon" aria-label=${t("act.close")} onClick=${onClose}><${Icon} name="x" /></button></header><${Trouble} text=${text} again=${error.status === 404 ? null : load} /></section>`;
  }
  if (!detail) return html`<section class="rev" aria-busy="true"><header class="rhead"></header><div class="rbody"><div class="docwrap"><div class="doc"></div></div><div class="fields"><${Wait} /></div></div></section>`;
  return html`<${Panel} key=${id} receipt=${detail} filter=${filter} onOpen=${onOpen} onClose=${onClose} />`;
}

function Panel({ receipt, filter, onOpen, onClose }) {
  const { id } = receipt;
  const form = useForm(receipt);
  const [opened, setOpened] = useState([]); // sure fields whose other readings are shown
  const [comparing, setComparing] = useState(false);
  const register = Object.assign(useRef({}).current, { opened, setOpened, compare: () => setComparing(true) });
  const root = useRef(null);
  const [active, setActive] = useState(() => firstDoubt(receipt));
  const may = mayWrite.value;
  const gone = Boolean(receipt.deleted_at);

  useEffect(() => { // the keyboard goes to the first doubt; not on a phone, where it would cover the page
    if (touch.matches || !may) root.current?.focus({ preventScroll: true });
    else register.focus(firstDoubt(receipt));
    const next = neighbour(id, 1);
    const timer = setTimeout(() => {
      if (next === null || detailOf(next).peek()) return;
      loadDetail(next).then((one) => prefetchPage(one, Math.min(760, (root.current?.querySelector(".doc")?.clientWidth || 800) - 40)), () => {});
    }, 250);
    return () => clearTimeout(timer);
  }, []);

  const onward = (next) => {
    if (next !== null) onOpen(next);
    else {
      if (tabOf(filter) === "review" || list.value.rows.length <= 1) toast(t("review.all_done"), { life: 4000 });
      onClose();
    }
  };
  const settle = (status) => {
    if (!may || gone) return;
    const { values, wrong } = form.collect();
    if (wrong) { register.focus(wrong); return; }
    const next = neighbour(id, 1) ?? neighbour(id, -1);
    const last = neighbour(id, 1) === null && tabOf(filter) !== "review";
    Object.keys(values).forEach((field) => form.drop(field));
    setStatus(id, status, values);
    onward(last ? null : next);
  };
  const bin = () => {
    if (!may || gone) return;
    const next = neighbour(id, 1) ?? neighbour(id, -1);
    remove(id);
    onward(next);
  };
  const step = (by) => { const next = neighbour(id, by); if (next !== null) onOpen(next); };
  const reread = () => post(`/api/receipts/${id}/reread`).then(() => toast(t("review.rereading")), (problem) => failed(problem, reread));
  const word = (text) => {
    const field = FIELDS.includes(active) ? active : "vendor";
    form.type(field, text);
    form.leave(field);
  };

  useKeys(t("keys.review"), {
    "Mod+Enter": [t("act.approve_next"), () => settle("approved"), { typing: true }],
    ArrowDown: [null, (event) => (typing(event.target) || event.target.closest?.(".doc") ? false : step(1))],
    ArrowUp: [null, (event) => (typing(event.target) || event.target.closest?.(".doc") ? false : step(-1))],
    x: [t("act.not_receipt"), () => settle("not_receipt")],
    Delete: [t("act.delete"), bin],
    o: [t("doc.download"), () => root.current.querySelector(".dtools a")?.click()],
  });

  const n = position.value.get(id);
  const total = list.value.total;
  const where = n === undefined ? "" : t(tabOf(filter) === "review" ? "review.of_review" : "review.of", { a: num(n + 1), b: num(total) });
  return html`<section class="rev" ref=${root} tabindex="-1" aria-label=${t("review.title")}>
    <header class="rhead">
      <button type="button" class="icon backb" aria-label=${t("act.close")} onClick=${onClose}><${Icon} name="back" flip /></button>
      <h2 class="prog"><span class="num">${where}</span>${n !== undefined && html`<span class="t dsk" aria-hidden="true"><i style=${{ "--w": (((n + 1) / Math.max(1, total)) * 100).toFixed(1) }}></i></span>`}</h2>
      <span class="grow dsk"></span>
      <button type="button" class="icon dsk" aria-label=${t("keys.previous")} disabled=${neighbour(id, -1) === null} onClick=${() => step(-1)}><${Icon} name="up" /></button>
      <button type="button" class="icon dsk" aria-label=${t("keys.next")} disabled=${neighbour(id, 1) === null} onClick=${() => step(1)}><${Icon} name="down" /></button>
      <${Menu} label=${t("act.more")} icon="more" items=${[
    may && !gone && { label: t("act.not_receipt"), icon: "ban", key: "x", act: () => settle("not_receipt") },
    may && !gone && receipt.status !== "to_review" && { label: t("act.to_review"), icon: "hist", act: () => setStatus(id, "to_review") },
    may && !gone && { label: t("act.reject"), icon: "ban", act: () => settle("rejected") },
    may && { label: t("act.reread"), icon: "sync", act: reread },
    { label: t("doc.download"), icon: "dl", key: "o", act: () => window.location.assign(fileUrl(`/api/receipts/${id}/original`)) },
    { label: t("doc.pdf"), icon: "sheet", act: () => window.location.assign(fileUrl(`/api/receipts/${id}/pdf`)) },
    receipt.duplicate_of && { label: t("compare.open"), icon: "copy", act: () => setComparing(true) },
    "-",
    may && !gone && { label: t("act.delete"), icon: "trash", danger: true, act: bin },
  ]} />
      <button type="button" class="icon dsk" aria-label=${t("act.close")} onClick=${onClose}><${Icon} name="x" /></button>
    </header>
    <div class="rbody">
      <${DocumentView} receipt=${receipt} active=${active} rivals=${isDoubtful(receipt, active) || opened.includes(active)} onWord=${word} />
      <${Fields} receipt=${receipt} form=${form} active=${active} setActive=${setActive} register=${register} conflict=${html`<${Conflict} id=${id} form=${form} />`} />
    </div>
    ${comparing && html`<${Lazy} name="compare" load=${compare} quiet id=${id} other=${receipt.duplicate_of} onClose=${() => setComparing(false)}
      onDone=${(merged) => { setComparing(false); if (merged) onward(neighbour(id, 1) ?? neighbour(id, -1)); }} />`}
    ${may && html`<footer class="rfoot">
      ${gone ? html`<button type="button" class="btn pri" onClick=${() => restore(id).catch((problem) => failed(problem))}><${Icon} name="hist" />${t("act.restore")}</button>` : html`
      <button type="button" class="btn pri" onClick=${() => settle("approved")}><${Icon} name="check" />${t(receipt.status === "approved" ? "act.next" : "act.approve_next")}<${Keys} of="Mod+Enter" /></button>
      <button type="button" class="btn" onClick=${() => step(1)} disabled=${neighbour(id, 1) === null}>${t("act.skip")}<${Keys} of="j" /></button>
      <span class="grow dsk"></span>
      <button type="button" class="btn ghost dsk" onClick=${() => settle("not_receipt")}><${Icon} name="ban" />${t("act.not_receipt")}<${Keys} of="x" /></button>`}
    </footer>`}
  </section>`;
}
