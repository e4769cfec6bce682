/* Tasks: what is to be done, by day; one line makes a new one. */
import { html, useState } from "../../core/signals.js";
import { del, get, patch, post, sentence } from "../../core/api.js";
import { at, mayManage, mayWrite, today } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { dayShort, moment } from "../../core/fmt.js";
import { failed } from "../../core/feedback.js";
import { done } from "../../core/undo.js";
import { Empty } from "../../ui/frame.js";
import { Icon } from "../../ui/icons.js";
import { Labelled, choose } from "../../ui/form.js";
import { MoreOf, useLoad, usePaged } from "../../ui/load.js";
import { Trouble, Wait } from "../../ui/parts.js";

const year = () => today.value.slice(0, 4);

/** One line of a list of tasks. */
export function TaskRow({ task, reload, withContact = true }) {
  const late = !task.done_at && task.due_on && task.due_on < today.value;
  const toggle = async () => {
    try {
      const now = await patch(`/api/tasks/${task.id}`, { done: !task.done_at });
      done(t(now.done_at ? "contacts.task.done" : "contacts.task.open", { n: task.title }), async () => { await patch(`/api/tasks/${task.id}`, { done: Boolean(task.done_at) }); reload(); });
      reload();
    } catch (problem) { failed(problem, toggle); }
  };
  const remove = async () => {
    try {
      await del(`/api/tasks/${task.id}`);
      const { title, notes, due_on, remind_at, receipt_id } = task;
      done(t("contacts.task.gone", { n: title }), async () => {
        await post("/api/tasks", { title, notes, due_on, remind_at, receipt_id, contact_id: task.contact?.id ?? null, assignee_id: task.assignee?.id ?? null });
        reload();
      });
      reload();
    } catch (problem) { failed(problem); }
  };
  return html`<li class=${`check ${task.done_at ? "good" : late ? "bad" : ""}`}>
    <input type="checkbox" class="tick" checked=${Boolean(task.done_at)} disabled=${!mayWrite.value} aria-label=${t("contacts.task.tick", { n: task.title })} onChange=${toggle} />
    <span class="grow"><b><bdi>${task.title}</bdi></b><span>${task.done_at ? t("contacts.task.done_at", { d: moment(task.done_at) }) : task.due_on ? t(late ? "contacts.task.late" : "contacts.task.due", { d: dayShort(task.due_on, year()) }) : t("contacts.task.some_day")}
      ${withContact && task.contact && html` · <a class="lnk" href=${at(`contacts/${task.contact.id}`)}><bdi>${task.contact.name}</bdi></a>`}
      ${task.assignee && html` · <bdi>${task.assignee.name}</bdi>`}
      ${task.remind_at && !task.done_at && html` · <span class="remind"><${Icon} name="clock" />${moment(task.remind_at)}</span>`}</span></span>
    ${mayWrite.value && html`<button type="button" class="icon" aria-label=${t("contacts.task.remove", { n: task.title })} onClick=${remove}><${Icon} name="trash" /></button>`}</li>`;
}

/* When to be reminded, and who is to do it: whom there is to choose from, owners alone may see. */
function MoreOfTask() {
  const [people] = useLoad(async () => (mayManage.value ? get("/api/users") : null), []);
  return html`<div class="f2 taskmore"><${Labelled} id="task-remind" label=${t("contacts.task.remind")} hint=${t("contacts.task.remind.hint")}><input class="in" id="task-remind" name="remind_at" type="datetime-local" aria-describedby="task-remind-h" /></${Labelled}>
    ${people?.items.length > 1 && html`<${Labelled} id="assignee_id" label=${t("contacts.task.who")}>${choose("assignee_id", "", [["", t("contacts.task.nobody")], ...people.items.map((one) => [String(one.id), one.name || one.email])])}</${Labelled}>`}</div>`;
}

/** A line that makes a task, for a contact where one is given. */
export function NewTask({ contact, onMade }) {
  const [more, setMore] = useState(false);
  const add = async (event) => {
    event.preventDefault();
    const form = event.target;
    const { title, due_on, remind_at, assignee_id } = Object.fromEntries(new FormData(form));
    try {
      await post("/api/tasks", { title, due_on: due_on || null, remind_at: remind_at ? new Date(remind_at).toISOString() : null,
        assignee_id: Number(assignee_id) || null, ...(contact ? { contact_id: contact } : {}) });
      form.reset();
      setMore(false);
      onMade();
    } catch (problem) { failed(problem); }
  };
  return html`<form class="inlineform" onSubmit=${add}>
    <${Labelled} id="task-title" label=${t("contacts.task.title")}><input class="in" id="task-title" name="title" required maxlength="500" dir="auto" autocomplete="off" /></${Labelled}>
    <${Labelled} id="task-due" label=${t("contacts.task.day")}><input class="in" id="task-due" name="due_on" type="date" /></${Labelled}>
    <button type="submit" class="btn">${t("act.add_it")}</button>
    ${more ? html`<${MoreOfTask} />` : html`<button type="button" class="lnk morelink" aria-expanded="false" onClick=${() => setMore(true)}>${t("contacts.task.more")}</button>`}</form>`;
}

/** The tab of tasks. */
export function Tasks() {
  const [state, setState] = useState("open");
  const [list, { more, reload }] = usePaged("/api/tasks", { state });
  const [counts, , recount] = useLoad(() => get("/api/tasks/counts"), []);
  const again = () => { reload(); recount(); };
  return html`<section class="panel narrow tasks"><div class="taskhead"><p class="hint">${counts ? t("contacts.task.counts", { open: counts.open, due: counts.due }) : " "}</p>
      <label class="sr" for="task-state">${t("contacts.task.which")}</label>${choose("task-state", state, ["open", "overdue", "done"].map((one) => [one, t(`contacts.tasks.${one}`)]), false, (event) => setState(event.target.value))}</div>
    ${mayWrite.value && html`<${NewTask} onMade=${again} />`}
    ${list.error ? html`<${Trouble} text=${sentence(list.error)} again=${reload} />` : !list.items ? html`<${Wait} rows=${5} />`
      : !list.items.length ? html`<${Empty} icon="check" title=${t("contacts.tasks.none")} text=${t("contacts.tasks.none.p")} />`
      : html`<ul class="checks">${list.items.map((task) => html`<${TaskRow} key=${task.id} task=${task} reload=${again} />`)}</ul><${MoreOf} list=${list} more=${more} />`}</section>`;
}
