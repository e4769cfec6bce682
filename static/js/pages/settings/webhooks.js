/* Settings: addresses that are told what happens, and what became of each telling. */
import { html, useState } from "../../core/signals.js";
import { api, del, get, post, sentence } from "../../core/api.js";
import { mayManage } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { ago, moment, num } from "../../core/fmt.js";
import { toast, failed } from "../../core/feedback.js";
import { done } from "../../core/undo.js";
import { Icon } from "../../ui/icons.js";
import { Confirm, Dialog } from "../../ui/dialog.js";
import { Copied, Labelled, Wrong } from "../../ui/form.js";
import { MoreOf, useLoad, usePaged, usePoll } from "../../ui/load.js";
import { Menu, Wait } from "../../ui/parts.js";

const TONE = { ok: "good", failing: "warn", paused: "bad", off: "" };
const MARK = { waiting: ["clock", "info"], delivered: ["check", "good"], failed: ["warn", "bad"] };
const about = (hook) => hook.events.includes("*") ? t("webhooks.all") : hook.events.join(", ");

/* Which events: all, or some of them. */
function Events({ types, chosen }) {
  const [all, setAll] = useState(!chosen || chosen.includes("*"));
  return html`<fieldset class="events"><legend>${t("webhooks.events")}</legend>
    <label class="tick"><input type="checkbox" name="all" checked=${all} onChange=${(event) => setAll(event.target.checked)} />${t("webhooks.all")}</label>
    ${!all && html`<div class="ticks">${types.map((type) => html`<label class="tick" key=${type}><input type="checkbox" name="events" value=${type} defaultChecked=${chosen?.includes(type)} /><code dir="ltr">${type}</code></label>`)}</div>`}
  </fieldset>`;
}
const valuesOf = (form) => {
  const data = new FormData(form);
  return { url: data.get("url").trim(), events: data.has("all") ? ["*"] : data.getAll("events") };
};

function HookForm({ types, hook, label, onSave }) {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async (event) => {
    event.preventDefault();
    const values = valuesOf(event.target);
    if (!values.events.length) { setError(t("webhooks.choose")); return; }
    setBusy(true);
    setError("");
    try {
      await onSave(values);
    } catch (problem) { setError(sentence(problem)); } finally { setBusy(false); }
  };
  return html`<form class="stackform" onSubmit=${save}>
    <${Labelled} id="wurl" label=${t("webhooks.url")}><input class="in" id="wurl" name="url" type="url" dir="ltr" required maxlength="2000" autocomplete="off" defaultValue=${hook?.url} /></${Labelled}>
    <${Events} types=${types} chosen=${hook?.events} />
    <${Wrong} text=${error} />
    <div><button type="submit" class=${`btn${hook ? " pri" : ""}`} disabled=${busy}>${label}</button></div></form>`;
}

/* What was sent to one address, newest first, with every try. */
function Log({ hook, onClose }) {
  const [state, setState] = useState("");
  const [list, { more, reload }] = usePaged(`/api/webhooks/${hook.id}/deliveries`, { state, limit: 30 });
  usePoll(reload, 4000);
  const replay = async (one) => {
    try {
      await post(`/api/webhooks/${hook.id}/deliveries/${one.id}/replay`);
      toast(t("webhooks.replayed"), { life: 4000 });
      reload();
    } catch (error) { failed(error, () => replay(one)); }
  };
  return html`<${Dialog} title=${t("webhooks.log")} onClose=${onClose}>
    <p class="hint"><bdi dir="ltr">${hook.url}</bdi></p>
    <select class="in slim" aria-label=${t("webhooks.state")} value=${state} onChange=${(event) => setState(event.target.value)}>
      ${["", "waiting", "delivered", "failed"].map((name) => html`<option value=${name} key=${name}>${t(`webhooks.state.${name || "any"}`)}</option>`)}</select>
    ${list.error && html`<${Wrong} text=${sentence(list.error)} />`}
    ${!list.items ? html`<${Wait} rows=${4} />` : !list.items.length ? html`<p class="hint">${t("webhooks.log.none")}</p>` : html`<ul class="checks">
      ${list.items.map((one) => html`<li class=${`check ${MARK[one.state]?.[1] || ""}`} key=${one.id}><span class="mark"><${Icon} name=${MARK[one.state]?.[0] || "clock"} /></span>
        <span class="grow"><b><code dir="ltr">${one.event.type}</code></b>
          <span>${t(`webhooks.state.${one.state}`)} · ${moment(one.event.time)} · ${t("webhooks.tries", { n: one.tries, n_text: num(one.tries) })}</span>
          ${one.next_try_at && html`<span>${t("webhooks.next", { t: ago(one.next_try_at) })}</span>`}
          ${one.log.length > 0 && html`<details class="morefields"><summary><${Icon} name="chev" flip />${t("webhooks.details")}</summary><table class="plain small"><tbody>
            ${one.log.map((row, n) => html`<tr key=${n}><th scope="row" class="num">${moment(row.at)}</th><td class="num">${row.status ?? "—"}</td>
              <td><bdi>${row.error?.text || ""}</bdi></td><td class="r num">${row.ms === null ? "" : t("webhooks.ms", { n: num(row.ms) })}</td></tr>`)}</tbody></table></details>`}</span>
        <button type="button" class="btn" onClick=${() => replay(one)}><${Icon} name="sync" />${t("webhooks.replay")}</button></li>`)}</ul>
      <${MoreOf} list=${list} more=${more} />`}
  </${Dialog}>`;
}

export function Body() {
  const [page, error, reload] = useLoad(() => (mayManage.value ? get("/api/webhooks") : { items: [], types: [] }), []);
  const [secret, setSecret] = useState(null);
  const [open, setOpen] = useState(null); // {how: "log" | "edit" | "drop", hook}
  usePoll(reload, page?.items.some((hook) => hook.waiting) ? 4000 : false);
  if (!mayManage.value) return html`<p class="hint">${t("settings.locked")}</p>`;
  if (error) return html`<${Wrong} text=${sentence(error)} />`;
  if (!page) return html`<${Wait} rows=${3} />`;
  const shut = () => setOpen(null);
  const change = async (hook, body, say, back) => {
    try {
      const now = await api("PATCH", `/api/webhooks/${hook.id}`, { body });
      if (now.secret) setSecret(now.secret);
      if (back) done(say, async () => { await api("PATCH", `/api/webhooks/${hook.id}`, { body: back }); reload(); });
      else toast(say, { life: 4000 });
      reload();
    } catch (problem) { failed(problem, () => change(hook, body, say, back)); }
  };
  const test = async (hook) => {
    try {
      const told = await post(`/api/webhooks/${hook.id}/test`);
      const good = told.state === "delivered";
      toast(good ? t("webhooks.test.good", { s: told.last_status }) : t("webhooks.test.bad", { e: told.last_error || told.last_status || "—" }), { kind: good ? "info" : "bad" });
      reload();
    } catch (problem) { failed(problem, () => test(hook)); }
  };
  const drop = async (hook) => {
    try {
      await del(`/api/webhooks/${hook.id}`);
      toast(t("webhooks.dropped"));
      reload();
    } catch (problem) { failed(problem, () => drop(hook)); }
  };
  const add = async (values) => {
    setSecret((await post("/api/webhooks", values)).secret);
    reload();
  };
  const row = (hook) => html`<li class=${`check ${TONE[hook.status] || ""}`} key=${hook.id}><span class="mark"><${Icon} name="link" /></span>
    <span class="grow"><b><bdi dir="ltr">${hook.url}</bdi></b><span>${t(`webhooks.status.${hook.status}`)} · <bdi>${about(hook)}</bdi></span>
      ${hook.status === "failing" && html`<span>${t("webhooks.failing", { n: hook.failures, n_text: num(hook.failures), t: hook.next_try_at ? ago(hook.next_try_at) : "—" })}</span>`}
      ${hook.status === "paused" && html`<span>${t("webhooks.paused", { t: moment(hook.paused_at) })}</span>`}
      ${hook.waiting > 0 ? html`<span>${t("webhooks.waiting", { n: hook.waiting, n_text: num(hook.waiting) })}</span>`
        : hook.delivered_at && html`<span>${t("webhooks.delivered", { t: ago(hook.delivered_at) })}</span>`}</span>
    ${hook.status === "paused" && html`<button type="button" class="btn" onClick=${() => change(hook, { resume: true }, t("webhooks.resumed"))}>${t("webhooks.resume")}</button>`}
    <button type="button" class="btn" onClick=${() => setOpen({ how: "log", hook })}>${t("webhooks.log.short")}</button>
    <${Menu} label=${t("act.more")} icon="more" items=${[
    hook.active && hook.status !== "paused" && { label: t("webhooks.test"), icon: "sync", act: () => test(hook) },
    { label: t("webhooks.edit"), icon: "edit", act: () => setOpen({ how: "edit", hook }) },
    hook.active ? { label: t("webhooks.off"), icon: "stop", act: () => change(hook, { active: false }, t("webhooks.turned.off"), { active: true }) }
      : { label: t("webhooks.on"), icon: "check", act: () => change(hook, { active: true }, t("webhooks.turned.on"), { active: false }) },
    { label: t("webhooks.rotate"), icon: "key", act: () => setOpen({ how: "rotate", hook }) },
    "-",
    { label: t("act.remove"), icon: "trash", danger: true, act: () => setOpen({ how: "drop", hook }) },
  ]} /></li>`;
  return html`<div class="stackform"><p class="hint">${t("webhooks.p")}</p>
    ${secret && html`<${Copied} label=${t("webhooks.secret")} value=${secret} />`}
    ${page.items.length > 0 && html`<ul class="checks">${page.items.map(row)}</ul>`}
    <h3>${t("webhooks.new")}</h3>
    <${HookForm} key=${page.items.length} types=${page.types} label=${t("act.add_it")} onSave=${add} />
    ${open?.how === "log" && html`<${Log} hook=${open.hook} onClose=${shut} />`}
    ${open?.how === "edit" && html`<${Dialog} title=${t("webhooks.edit")} onClose=${shut}><${HookForm} types=${page.types} hook=${open.hook} label=${t("act.save")}
      onSave=${async (values) => { await api("PATCH", `/api/webhooks/${open.hook.id}`, { body: values }); shut(); reload(); }} /></${Dialog}>`}
    ${open?.how === "rotate" && html`<${Confirm} title=${t("webhooks.rotate")} text=${t("webhooks.rotate.p")} label=${t("webhooks.rotate")} onClose=${shut} onYes=${() => change(open.hook, { rotate_secret: true }, t("webhooks.rotated"))} />`}
    ${open?.how === "drop" && html`<${Confirm} title=${t("webhooks.drop.h")} text=${t("webhooks.drop.p")} label=${t("act.remove")} onClose=${shut} onYes=${() => drop(open.hook)} />`}
  </div>`;
}
