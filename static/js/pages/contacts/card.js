/* One contact: how to reach it, its tasks, and all that happened with it. */
import { html, useState } from "../../core/signals.js";
import { del, get, post, sentence } from "../../core/api.js";
import { at, mayWrite, today } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { dayShort, money, moment } from "../../core/fmt.js";
import { failed } from "../../core/feedback.js";
import { done } from "../../core/undo.js";
import { Dialog } from "../../ui/dialog.js";
import { Icon } from "../../ui/icons.js";
import { Labelled } from "../../ui/form.js";
import { MoreOf, useLoad, usePaged } from "../../ui/load.js";
import { Amount, Trouble, Wait } from "../../ui/parts.js";
import { Editor } from "./editor.js";
import { NewTask, TaskRow } from "./tasks.js";

const ICONS = { receipt: "receipt", task: "check", note: "edit", call: "phone", message: "mail" };
const year = () => today.value.slice(0, 4);

function What({ entry }) {
  if (entry.type === "receipt") return html`<b><a class="lnk" href=${at(`receipts/${entry.id}`)}><bdi>${entry.vendor}</bdi></a> <${Amount} text=${money(entry.total)} /></b><span>${entry.date ? dayShort(entry.date, year()) : moment(entry.at)}${entry.number && html` · <bdi dir="ltr">${entry.number}</bdi>`}</span>`;
  if (entry.type === "note") return html`<b class="said"><bdi>${entry.text}</bdi></b><span>${moment(entry.at)}</span>`;
  if (entry.type === "task") return html`<b><bdi>${entry.title}</bdi></b><span>${t(entry.done_at ? "contacts.was.done" : "contacts.was.task", { d: moment(entry.at) })}</span>`;
  return html`<b><a class="lnk" href=${at(`calls/${entry.id}`)}>${t(`contacts.was.${entry.type}`)}</a></b><span dir="auto">${moment(entry.at)}${entry.text ? ` · ${entry.text}` : ""}</span>`;
}

function Merge({ contact, onClose, onMerged }) {
  const [q, setQ] = useState("");
  const [page] = useLoad(() => (q.length > 1 ? get("/api/contacts", { q, limit: 8 }) : { items: [] }), [q]);
  const merge = async (other) => {
    try {
      const made = await post(`/api/contacts/${contact.id}/merge`, { other: other.id });
      done(t("contacts.merged", { n: other.name }), async () => { await post(`/api/contacts/${contact.id}/unmerge`, { merge: made.merge }); onMerged(); });
      onMerged();
      onClose();
    } catch (problem) { failed(problem); }
  };
  return html`<${Dialog} title=${t("contacts.merge.h", { n: contact.name })} onClose=${onClose} class="small">
    <p class="hint">${t("contacts.merge.p")}</p>
    <${Labelled} id="merge-q" label=${t("contacts.search")}><input class="in" id="merge-q" dir="auto" autocomplete="off" onInput=${(event) => setQ(event.target.value.trim())} /></${Labelled}>
    <ul class="checks">${page?.items.filter((one) => one.id !== contact.id).map((one) => html`<li class="check" key=${one.id}><span class="grow"><b dir="auto">${one.name}</b><span dir="ltr">${one.phones[0] || one.emails[0] || one.tax_id || ""}</span></span>
      <button type="button" class="btn" onClick=${() => merge(one)}>${t("contacts.merge")}</button></li>`)}</ul></${Dialog}>`;
}

function Facts({ one }) {
  const rows = [
    ["phones", one.phones.map((phone) => html`<a class="lnk num" dir="ltr" key=${phone} href=${`tel:${phone}`}>${phone}</a> `)],
    ["emails", one.emails.map((email) => html`<a class="lnk" dir="ltr" key=${email} href=${`mailto:${email}`}>${email}</a> `)],
    ["company", one.company && html`<bdi>${one.company}</bdi>`], ["tax_id", one.tax_id && html`<bdi dir="ltr">${one.tax_id}</bdi>`],
    ["address", one.address && html`<bdi>${one.address}</bdi>`], ["tags", one.tags.map((tag) => html`<span class="flag ok" key=${tag}><bdi>${tag}</bdi></span> `)],
    ["notes", one.notes && html`<span class="said" dir="auto">${one.notes}</span>`],
  ];
  return html`<dl class="facts"><dt>${t("contacts.f.kind")}</dt><dd>${t(`contacts.kind.${one.kind}`)} · ${t(`contacts.source.${one.source}`)}</dd>
    ${rows.filter(([, value]) => (Array.isArray(value) ? value.length : value)).map(([name, value]) => html`<dt key=${`${name}t`}>${t(`contacts.f.${name}`)}</dt><dd key=${name}>${value}</dd>`)}</dl>`;
}

/** A contact in a dialog; `onChanged` when the list behind it is another one now. */
export function Card({ id, onClose, onChanged }) {
  const [one, error, reload] = useLoad(() => get(`/api/contacts/${id}`), [id]);
  const [story, { more, reload: retell }] = usePaged(`/api/contacts/${id}/timeline`);
  const [tasks, , retask] = useLoad(() => get("/api/tasks", { contact: id, limit: 50 }), [id]);
  const [shown, show] = useState(null);
  const again = () => { reload(); retell(); retask(); onChanged(); };
  const note = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      const made = await post(`/api/contacts/${id}/notes`, { text: new FormData(form).get("text") });
      form.reset();
      done(t("contacts.noted"), async () => { await del(`/api/contacts/${id}/notes/${made.id}`); retell(); });
      retell();
    } catch (problem) { failed(problem); }
  };
  const remove = async () => {
    try {
      await del(`/api/contacts/${id}`);
      done(t("contacts.gone", { n: one.name }), async () => { await post(`/api/contacts/${id}/restore`); onChanged(); });
      onChanged();
      onClose();
    } catch (problem) { failed(problem); }
  };
  if (shown === "edit") return html`<${Editor} contact=${one} onClose=${() => show(null)} onSaved=${() => { show(null); again(); }} />`;
  if (shown === "merge") return html`<${Merge} contact=${one} onClose=${() => show(null)} onMerged=${again} />`;
  const foot = one && mayWrite.value && html`<button type="button" class="btn danger" onClick=${remove}>${t("contacts.remove")}</button><span class="grow"></span>
    <button type="button" class="btn" onClick=${() => show("merge")}>${t("contacts.merge")}</button><button type="button" class="btn pri" onClick=${() => show("edit")}>${t("contacts.edit")}</button>`;
  return html`<${Dialog} title=${one ? one.name : t("wait")} onClose=${onClose} class="contactcard" foot=${foot}>
    ${error ? html`<${Trouble} text=${sentence(error)} again=${reload} />` : !one ? html`<${Wait} rows=${6} />` : html`<${Facts} one=${one} />
      <h3>${t("contacts.tab.tasks")}</h3>${mayWrite.value && html`<${NewTask} contact=${id} onMade=${() => { retask(); retell(); }} />`}
      <ul class="checks">${tasks?.items.map((task) => html`<${TaskRow} key=${task.id} task=${task} withContact=${false} reload=${() => { retask(); retell(); }} />`)}</ul>
      <h3>${t("contacts.story")}</h3>
      ${mayWrite.value && html`<form class="inlineform notes" onSubmit=${note}><${Labelled} id="note" label=${t("contacts.note")}><input class="in" id="note" name="text" required dir="auto" autocomplete="off" /></${Labelled}><button type="submit" class="btn">${t("act.add_it")}</button></form>`}
      ${story.items && !story.items.length && html`<p class="hint">${t("contacts.story.none")}</p>`}
      <ul class="checks">${story.items?.map((entry) => html`<li class="check" key=${`${entry.type}${entry.id}`}><span class="mark"><${Icon} name=${ICONS[entry.type] || "clock"} /></span><span class="grow"><${What} entry=${entry} /></span></li>`)}</ul>
      <${MoreOf} list=${story} more=${more} />`}
  </${Dialog}>`;
}
