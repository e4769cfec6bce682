/* One call in full: its recordings and what was said, a note that saves itself, and what to do about the caller. */
import { html, useEffect, useRef, useState } from "../../core/signals.js";
import { del, get, patch, post, sentence } from "../../core/api.js";
import { at, mayManage, mayWrite } from "../../core/business.js";
import { moment, num } from "../../core/fmt.js";
import { t } from "../../core/i18n.js";
import { failed, toast } from "../../core/feedback.js";
import { done } from "../../core/undo.js";
import { Confirm, Dialog } from "../../ui/dialog.js";
import { Icon } from "../../ui/icons.js";
import { useLoad } from "../../ui/load.js";
import { Menu, Wait } from "../../ui/parts.js";
import { Player, clock } from "./player.js";
import { Outcome, Who } from "./row.js";

/* A note that saves itself a moment after the last key. */
function Note({ call, onSaved }) {
  const timer = useRef(0), seen = useRef(call.version), field = useRef(null);
  const [state, set] = useState("");
  const save = async () => {
    clearTimeout(timer.current);
    timer.current = 0;
    const note = field.current.value;
    set("saving");
    try {
      const saved = await patch(`/api/calls/${call.id}`, { note, version: seen.current });
      seen.current = saved.version;
      set("saved");
      onSaved(saved);
    } catch (error) {
      set("");
      if (error.body?.theirs) { // both are kept: theirs first, ours below it
        seen.current = error.body.theirs.version;
        field.current.value = `${error.body.theirs.note}\n${note}`;
      }
      failed(error, save);
    }
  };
  useEffect(() => () => { if (timer.current) save(); }, []);
  const soon = () => { clearTimeout(timer.current); timer.current = setTimeout(save, 800); };
  return html`<div class="f"><label for="call-note">${t("calls.note")}</label>
    <textarea class="in" id="call-note" rows="3" maxlength="5000" dir="auto" ref=${field} disabled=${!mayWrite.value} defaultValue=${call.note} onInput=${soon} onBlur=${() => timer.current && save()}></textarea>
    <p class="hint" role="status">${state ? t(`calls.note.${state}`) : t("calls.note.hint")}</p></div>`;
}

function Sound({ recording, onErase, onHeard }) {
  const gone = ["erased", "failed", "fetching", "empty"].includes(recording.state);
  return html`<section class="sound">
    ${gone ? html`<p class="hint">${recording.error ? sentence({ body: { error: recording.error.text } }) : t(`calls.sound.${recording.state}`)}</p>` : html`
    ${recording.state === "interrupted" && html`<p class="flag bad"><${Icon} name="warn" />${t("calls.sound.interrupted")}</p>`}
    <${Player} recording=${recording} onHeard=${onHeard} />
    ${recording.transcript && html`<blockquote dir="auto">${recording.transcript}</blockquote>`}
    ${mayManage.value && html`<button type="button" class="btn danger" onClick=${() => onErase(recording)}><${Icon} name="trash" />${t("calls.erase")}</button>`}`}
  </section>`;
}

export function Card({ id, onClose, onChanged }) {
  const [call, error, reload] = useLoad(() => get(`/api/calls/${id}`), [id]);
  const [erasing, setErasing] = useState(null);
  const changed = () => { reload(); onChanged(); };
  const block = async (blocked) => {
    try {
      await post(`/api/calls/${id}/block`, { blocked });
      done(t(blocked ? "calls.blocked" : "calls.unblocked"), async () => { await post(`/api/calls/${id}/block`, { blocked: !blocked }); changed(); });
      changed();
    } catch (problem) { failed(problem, () => block(blocked)); }
  };
  const settle = async (wanted) => {
    try {
      await patch(`/api/calls/${id}`, { done: wanted });
      done(t(wanted ? "calls.settled" : "calls.reopened"), async () => { await patch(`/api/calls/${id}`, { done: !wanted }); changed(); });
      changed();
    } catch (problem) { failed(problem, () => settle(wanted)); }
  };
  const contact = async () => {
    try {
      await post("/api/contacts", { name: call.caller_name || call.from, phones: [call.from], form: "person" });
      toast(t("calls.contact_made"));
      changed();
    } catch (problem) { failed(problem, contact); }
  };
  const erase = async () => {
    try {
      await del(`/api/recordings/${erasing.id}`);
      setErasing(null);
      changed();
    } catch (problem) { failed(problem, erase); }
  };
  const open = call && ["missed", "voicemail", "interrupted"].includes(call.outcome);
  const known = call?.from?.startsWith("+");
  const more = [
    known && mayWrite.value && !call.contact && { label: t("calls.make_contact"), icon: "plus", act: contact },
    known && mayManage.value && { label: t(call.blocked ? "calls.unblock" : "calls.block"), icon: "ban", act: () => block(!call.blocked) },
  ].filter(Boolean);
  const foot = call && html`
    ${more.length > 0 && html`<${Menu} class="btn ghost" up align="start" label=${t("act.more")} text=${html`${t("act.more")}<${Icon} name="up" />`} items=${more} />`}<span class="grow"></span>
    ${known && html`<a class="btn" href=${`tel:${call.from}`}><${Icon} name="phone" />${t("calls.call_back")}</a>`}
    ${open && mayWrite.value && html`<button type="button" class="btn pri" onClick=${() => settle(!call.done_at)}><${Icon} name=${call.done_at ? "rotate" : "check"} />${t(call.done_at ? "calls.reopen" : "calls.settle")}</button>`}`;
  return html`<${Dialog} title=${call ? html`<${Who} call=${call} />` : t("nav.calls")} onClose=${onClose} foot=${foot}>
    ${error && html`<p class="bad">${sentence(error)}</p>`}
    ${!call && !error && html`<${Wait} rows=${4} />`}
    ${call && html`<div class="stackform callcard">
      <dl class="facts">
        <dt>${t("calls.when")}</dt><dd>${moment(call.started_at)}</dd>
        <dt>${t("calls.outcome")}</dt><dd><${Outcome} call=${call} /></dd>
        ${call.from && html`<dt>${t("calls.number")}</dt><dd><bdi dir="ltr">${call.from}</bdi></dd>`}
        <dt>${t("calls.dialled")}</dt><dd><bdi dir="ltr">${call.to || "—"}</bdi>${call.choice && ` · ${t("calls.pressed", { n: call.choice })}`}</dd>
        ${call.forwarded_to && html`<dt>${t("calls.forwarded")}</dt><dd><bdi dir="ltr">${call.forwarded_to}</bdi></dd>`}
        ${call.duration_s !== null && html`<dt>${t("calls.duration")}</dt><dd class="num">${clock(call.duration_s)}</dd>`}
        ${call.contact && html`<dt>${t("calls.contact")}</dt><dd><a class="lnk" href=${at(`contacts/${call.contact.id}`)}><bdi dir="auto">${call.contact.name}</bdi></a></dd>`}
        ${call.health?.gaps > 0 && html`<dt>${t("calls.line")}</dt><dd>${t("calls.gaps", { n: call.health.gaps, n_text: num(call.health.gaps) })}</dd>`}
        ${call.health?.error && html`<dt>${t("calls.line")}</dt><dd><bdi>${call.health.error}</bdi></dd>`}
      </dl>
      ${call.recordings.map((recording) => html`<${Sound} key=${recording.id} recording=${recording} onErase=${setErasing} onHeard=${onChanged} />`)}
      <${Note} key=${call.id} call=${call} onSaved=${onChanged} />
    </div>`}
    ${erasing && html`<${Confirm} title=${t("calls.erase.h")} text=${t("calls.erase.p")} label=${t("calls.erase")} onYes=${erase} onClose=${() => setErasing(null)} />`}
  </${Dialog}>`;
}
