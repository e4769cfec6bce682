/* The mail ledger: every mail that was seen, what became of it, and why. */
import { html, useEffect, useRef, useState } from "../core/signals.js";
import { del, get, post, sentence } from "../core/api.js";
import { at, mayWrite, mailSources } from "../core/business.js";
import { place, route, go } from "../core/router.js";
import { t } from "../core/i18n.js";
import { moment, dayShort, num, ago } from "../core/fmt.js";
import { toast, failed } from "../core/feedback.js";
import { done } from "../core/undo.js";
import { useKeys } from "../core/keys.js";
import { onChanges } from "../core/tick.js";
import { Icon } from "../ui/icons.js";
import { Dialog } from "../ui/dialog.js";
import { useLoad } from "../ui/load.js";
import { Menu, Trouble, Wait } from "../ui/parts.js";
import { reasonText } from "../receipts/lists.js";
import { SyncButton } from "../receipts/top.js";

/* What was looked at; the rest (spam, trash, drafts, sent) was listed and left alone. */
const LOOKED = "receipt,not_receipt,failed,duplicate";
const OUTCOMES = ["receipt", "not_receipt", "failed", "waiting", "duplicate", "skipped", "gone"];
const ICON = { receipt: "receipt", not_receipt: "ban", failed: "warn", waiting: "clock", duplicate: "copy", skipped: "x", gone: "trash" };
const TONE = { failed: "bad", waiting: "info", receipt: "good", duplicate: "info" };

const outcomeName = (outcome) => t(`outcome.${outcome}`);
/* "Café Alma <billing@vendor.example>" → "Café Alma". */
const nameOnly = (from) => (from || "—").replace(/\s*<[^>]*>\s*$/, "") || from;

/* A mail that was only listed has no subject that we know. */
const subjectOf = (mail) => mail.subject || t(mail.read_at || mail.from ? "mail.nosubject" : "mail.unopened");

const Outcome = ({ mail }) => html`<span class=${`flag ${TONE[mail.outcome] || "ok"}`}><${Icon} name=${ICON[mail.outcome] || "mail"} />${outcomeName(mail.outcome)}</span>`;

async function retry(mail, then) {
  try {
    await post(`/api/mail/${mail.id}/retry`);
    toast(t("mail.retrying"));
    then();
  } catch (error) { failed(error, () => retry(mail, then)); }
}

async function take(mail, then) {
  try {
    await post(`/api/mail/${mail.id}/take`);
    toast(t("mail.taking"));
    then();
  } catch (error) { failed(error, () => take(mail, then)); }
}

/* Always or never from this sender: said once, and taken back as easily. */
async function rule(sender, verdict, then) {
  try {
    const made = await post("/api/senders", { sender, verdict, again: true });
    done(t(`senders.set.${verdict}`, { a: sender }), () => del(`/api/senders/${made.id}`));
    then();
  } catch (error) { failed(error, () => rule(sender, verdict, then)); }
}
const addressOf = (from) => /<([^<>\s]+@[^<>\s]+)>\s*$/.exec(from || "")?.[1] || (/^\S+@\S+$/.test(from || "") ? from : null);

/* One mail in full: reasons, documents, tries. */
function MailDialog({ id, onClose, onRetry }) {
  const [mail, error, reload] = useLoad(() => get(`/api/mail/${id}`), [id]);
  const after = () => { reload(); onRetry(); };
  const sender = mail && addressOf(mail.from);
  const foot = mail && mayWrite.value && html`
    ${sender && html`<${Menu} class="btn ghost" up align="start" label=${t("senders.menu")} text=${html`${t("senders.menu")}<${Icon} name="up" />`} items=${[
    { label: t("senders.always", { a: sender }), icon: "check", act: () => rule(sender, "take", after) },
    { label: t("senders.never", { a: sender }), icon: "ban", act: () => rule(sender, "leave", after) },
  ]} /><span class="grow"></span>`}
    ${mail.outcome !== "waiting" && html`<button type="button" class="btn" onClick=${() => retry(mail, after)}><${Icon} name="sync" />${t("mail.retry")}</button>`}
    ${["not_receipt", "skipped", "failed"].includes(mail.outcome) && html`<button type="button" class="btn pri" onClick=${() => take(mail, after)}><${Icon} name="receipt" />${t("upload.insist")}</button>`}`;
  return html`<${Dialog} title=${mail ? subjectOf(mail) : t("nav.mail")} onClose=${onClose} foot=${foot}>
    ${error && html`<p class="bad">${sentence(error)}</p>`}
    ${!mail && !error && html`<${Wait} rows=${4} />`}
    ${mail && html`<dl class="facts">
      <dt>${t("mail.from")}</dt><dd><bdi>${mail.from}</bdi></dd>
      <dt>${t("mail.at")}</dt><dd>${mail.received_at ? moment(mail.received_at) : "—"}</dd>
      <dt>${t("mail.outcome")}</dt><dd><${Outcome} mail=${mail} /></dd>
      <dt>${t("mail.why")}</dt><dd><ul class="reasons">${(mail.reasons?.length ? mail.reasons : [mail.reason]).filter(Boolean).map((reason) => html`<li key=${reason.code}><bdi>${reasonText(reason)}</bdi></li>`)}</ul></dd>
      ${mail.tries > 1 && html`<dt>${t("mail.tries")}</dt><dd>${num(mail.tries)}${mail.next_try_at ? ` · ${t("mail.next", { t: ago(mail.next_try_at) })}` : ""}</dd>`}
      ${mail.receipts?.length > 0 && html`<dt>${t("nav.receipts")}</dt><dd>${mail.receipts.map((receipt, n) => html`<a class="lnk" key=${receipt} href=${at(`receipts/${receipt}`)}>${t("mail.open", { n: num(n + 1) })}</a> `)}</dd>`}
      ${mail.documents?.length > 0 && html`<dt>${t("mail.documents")}</dt><dd>${mail.documents.map((doc) => html`<div key=${doc.id}><bdi>${doc.filename || doc.media_type}</bdi></div>`)}</dd>`}
    </dl>`}
  </${Dialog}>`;
}

export function Page() {
  const params = new URLSearchParams(place.value.query);
  const outcome = params.get("outcome") || "", q = params.get("q") || "", mailbox = params.get("mailbox") || "";
  const open = /^\d+$/.test(route.value.rest[0] || "") ? Number(route.value.rest[0]) : null;
  const [state, setState] = useState({ items: null, next: null, error: null, busy: false });
  const serial = useRef(0), field = useRef(null), timer = useRef(0), end = useRef(null);
  const address = (changes, path = "mail") => {
    const next = new URLSearchParams();
    for (const [key, value] of Object.entries({ outcome, q, mailbox, ...changes })) if (value) next.set(key, value);
    return at(path, next.size ? `?${next}` : "");
  };
  const load = async (cursor = null, quiet = false) => {
    const mine = (serial.current += 1);
    setState((old) => (cursor || quiet ? { ...old, busy: true } : { items: null, next: null, error: null, busy: true }));
    try {
      const page = await get("/api/mail", { outcome: outcome === "all" ? "" : outcome || LOOKED, q, mailbox, limit: 50, cursor });
      if (mine !== serial.current) return;
      setState((old) => ({ items: cursor ? [...(old.items || []), ...page.items] : page.items, next: page.next_cursor, error: null, busy: false }));
    } catch (error) {
      if (mine === serial.current) setState((old) => ({ ...old, error, busy: false }));
    }
  };
  useEffect(() => { load(); if (field.current && document.activeElement !== field.current) field.current.value = q; }, [outcome, q, mailbox]);
  useEffect(() => onChanges((message) => { if (message.receipts.length) load(null, true); }), [outcome, q, mailbox]);
  useEffect(() => { // the next page comes when the end is near
    if (!state.next || state.busy || !end.current) return undefined;
    const watch = new IntersectionObserver(([entry]) => { if (entry.isIntersecting) load(state.next); }, { rootMargin: "400px" });
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [state.next, state.busy]);
  useKeys(t("nav.mail"), { "/": [t("keys.search"), () => field.current.focus()] });
  const search = () => { clearTimeout(timer.current); timer.current = setTimeout(() => go(address({ q: field.current.value.trim() }), { replace: true }), 250); };
  const retryAll = () => post("/api/mail/retry").then((answer) => {
    toast(t("mail.retrying_n", { n: answer.mails }));
    load(null, true);
  }, (problem) => failed(problem, retryAll));
  const narrow = outcome || q || mailbox;
  return html`<main class="main page mailpage" id="main" tabindex="-1">
    <header class="top"><h1 class="h1">${t("nav.mail")}</h1>
      <div class="search open" role="search"><${Icon} name="search" /><input ref=${field} type="search" dir="auto" placeholder=${t("mail.search")} aria-label=${t("mail.search")} defaultValue=${q} onInput=${search} /><kbd aria-hidden="true">/</kbd></div>
      ${outcome === "failed" && mayWrite.value && state.items?.length > 0 && html`<button type="button" class="btn" onClick=${retryAll}><${Icon} name="sync" />${t("mail.retry_all")}</button>`}
      <${SyncButton} /></header>
    <div class="fb"><nav class="tabs" aria-label=${t("mail.outcome")}>
      ${["", ...OUTCOMES, "all"].map((name) => html`<a key=${name} href=${address({ outcome: name })} aria-current=${outcome === name ? "true" : null}>${outcomeName(name || "looked")}</a>`)}</nav>
      ${mailSources.value.length > 1 && html`<select class="in slim" aria-label=${t("filter.mailbox")} value=${mailbox} onChange=${(event) => go(address({ mailbox: event.target.value }))}>
        <option value="">${t("mail.allboxes")}</option>${mailSources.value.map((box) => html`<option value=${box.id} key=${box.id}>${box.address}</option>`)}</select>`}</div>
    <div class="work"><div class="listwrap"><div class="scroll">
      ${state.error && !state.items ? html`<${Trouble} text=${sentence(state.error)} again=${() => load()} />`
        : !state.items ? html`<${Wait} rows=${8} />`
          : !state.items.length ? html`<div class="empty"><div><div class="sign"><${Icon} name="mail" /></div><h2>${t(narrow ? "empty.match.h" : "mail.empty.h")}</h2><p>${t(narrow ? "empty.match.p" : "mail.empty.p")}</p>
              ${narrow && html`<a class="btn" href=${at("mail")}>${t("filter.clear")}</a>`}</div></div>`
            : html`<ul class="mails">${state.items.map((mail) => html`<li key=${mail.id}><a class="mailrow" href=${address({}, `mail/${mail.id}`)}>
                <span class="who trunc" title=${mail.from}><bdi>${nameOnly(mail.from)}</bdi></span>
                <span class="what"><bdi class="trunc" dir="auto">${subjectOf(mail)}</bdi><small class="trunc"><bdi>${reasonText(mail.reason)}</bdi></small></span>
                <span class="st"><${Outcome} mail=${mail} /></span>
                <span class="when num">${mail.received_at ? dayShort(mail.received_at.slice(0, 10), new Date().toISOString().slice(0, 4)) : "—"}</span></a>
              ${mail.outcome === "failed" && mayWrite.value && html`<button type="button" class="btn rt" onClick=${() => retry(mail, () => load(null, true))}><${Icon} name="sync" />${t("act.retry")}</button>`}</li>`)}</ul>
              ${state.next && html`<p class="more" ref=${end}><button type="button" class="btn" disabled=${state.busy} onClick=${() => load(state.next)}>${t("act.load_more")}</button></p>`}`}
    </div></div></div>
    ${open !== null && html`<${MailDialog} id=${open} onClose=${() => go(address({}))} onRetry=${() => load(null, true)} />`}
  </main>`;
}
