/* Calls: who called and what became of it, messages played where they stand, and what rings at this moment. */
import { html } from "../core/signals.js";
import { patch, sentence } from "../core/api.js";
import { at, mayWrite } from "../core/business.js";
import { place, route, go } from "../core/router.js";
import { t } from "../core/i18n.js";
import { ago, moment, num } from "../core/fmt.js";
import { failed } from "../core/feedback.js";
import { done } from "../core/undo.js";
import { Icon } from "../ui/icons.js";
import { Empty, Frame, SearchBox, Tabs } from "../ui/frame.js";
import { MoreOf, usePaged } from "../ui/load.js";
import { Trouble, Wait } from "../ui/parts.js";
import { Card } from "./calls/card.js";
import { Live, useLive } from "./calls/live.js";
import { Player } from "./calls/player.js";
import { Outcome, Who, iconOf } from "./calls/row.js";

const VIEWS = { open: { open: 1 }, all: {}, missed: { outcome: "missed" }, voicemail: { outcome: "voicemail,interrupted" }, answered: { outcome: "answered" } };
const OPEN = ["missed", "voicemail", "interrupted"];
const PLAYED = ["whole", "interrupted"];

function Row({ call, href, reload }) {
  const settle = async (wanted) => {
    try {
      await patch(`/api/calls/${call.id}`, { done: wanted });
      done(t(wanted ? "calls.settled" : "calls.reopened"), async () => { await patch(`/api/calls/${call.id}`, { done: !wanted }); reload(); });
      reload();
    } catch (problem) { failed(problem, () => settle(wanted)); }
  };
  const sound = call.recordings.find((one) => PLAYED.includes(one.state));
  const open = OPEN.includes(call.outcome);
  return html`<li class=${open && !call.done_at ? "fresh" : ""}>
    <a class="callrow" href=${href}>
      <span class=${`mark ${open && !call.done_at ? "due" : ""}`}><${Icon} name=${iconOf(call)} /></span>
      <span class="who trunc"><${Who} call=${call} />${(call.contact || call.caller_name) && call.from && html`<small><bdi dir="ltr">${call.from}</bdi></small>`}</span>
      <span class="st"><${Outcome} call=${call} />${call.done_at && html`<span class="flag good"><${Icon} name="check" />${t("calls.done")}</span>`}</span>
      <span class="when num" title=${moment(call.started_at)}>${ago(call.started_at)}</span></a>
    ${sound && html`<div class="below"><${Player} recording=${sound} />${sound.transcript && html`<p class="said" dir="auto">${sound.transcript}</p>`}</div>`}
    ${call.note && html`<p class="below said" dir="auto">${call.note}</p>`}
    ${open && !call.done_at && html`<div class="below acts">
      ${call.from?.startsWith("+") && html`<a class="btn" href=${`tel:${call.from}`}><${Icon} name="phone" />${t("calls.call_back")}</a>`}
      ${mayWrite.value && html`<button type="button" class="btn" onClick=${() => settle(true)}><${Icon} name="check" />${t("calls.settle")}</button>`}</div>`}
  </li>`;
}

function Texts() {
  const [list, { more, reload }] = usePaged("/api/messages");
  if (list.error && !list.items) return html`<${Trouble} text=${sentence(list.error)} again=${reload} />`;
  if (!list.items) return html`<${Wait} rows=${6} />`;
  if (!list.items.length) return html`<${Empty} icon="mail" title=${t("calls.texts.none")} text=${t("calls.texts.none.p")}>
    <a class="btn" href=${at("settings/phone")}>${t("calls.to_settings")}</a></${Empty}>`;
  return html`<ul class="calllist">${list.items.map((one) => html`<li key=${one.id} class="text"><div class="callrow">
      <span class="mark"><${Icon} name=${one.files ? "camera" : "mail"} /></span>
      <span class="who trunc"><bdi dir="ltr">${one.from}</bdi><small>${one.files ? t("calls.texts.files", { n: one.files, n_text: num(one.files) }) : html`<bdi dir="auto">${one.body}</bdi>`}</small></span>
      <span class="st">${one.receipt_id && html`<a class="lnk" href=${at(`receipts/${one.receipt_id}`)}>${t("calls.texts.receipt")}</a>`}</span>
      <span class="when num" title=${moment(one.created_at)}>${ago(one.created_at)}</span></div>
      ${one.answer && html`<p class="below said" dir="auto">${one.answer}</p>`}</li>`)}</ul><${MoreOf} list=${list} more=${more} />`;
}

function List({ view, q, address, open }) {
  const [list, { more, reload }] = usePaged("/api/calls", { ...VIEWS[view], q });
  const live = useLive(reload);
  const body = list.error && !list.items ? html`<${Trouble} text=${sentence(list.error)} again=${reload} />`
    : !list.items ? html`<${Wait} rows=${8} />`
      : list.items.length ? html`<ul class="calllist">${list.items.map((call) => html`<${Row} key=${call.id} call=${call} href=${address({}, `calls/${call.id}`)} reload=${reload} />`)}</ul><${MoreOf} list=${list} more=${more} />`
        : q ? html`<${Empty} icon="phone" title=${t("empty.match.h")} text=${t("calls.none_match.p")} />`
          : html`<${Empty} icon=${view === "open" ? "check" : "phone"} title=${t(view === "open" ? "calls.none_open" : "calls.none")} text=${t(view === "open" ? "calls.none_open.p" : "calls.none.p")}>
              <a class="btn" href=${view === "open" ? address({ view: "all" }) : at("settings/phone")}>${t(view === "open" ? "calls.see_all" : "calls.to_settings")}</a></${Empty}>`;
  return html`<${Live} live=${live} />${body}
    ${open !== null && html`<${Card} id=${open} onClose=${() => go(address({}))} onChanged=${reload} />`}`;
}

export function Page() {
  const params = new URLSearchParams(place.value.query);
  const view = params.get("view") || "open", q = params.get("q") || "";
  const open = /^\d+$/.test(route.value.rest[0] || "") ? Number(route.value.rest[0]) : null;
  const address = (changes, path = "calls") => {
    const next = new URLSearchParams();
    for (const [key, value] of Object.entries({ view, q, ...changes })) if (value && !(key === "view" && value === "open")) next.set(key, value);
    return at(path, next.size ? `?${next}` : "");
  };
  const tabs = [...Object.keys(VIEWS), "texts"].map((name) => ({ href: address({ view: name, q: "" }), text: t(`calls.view.${name}`), on: name === view }));
  return html`<${Frame} title=${t("nav.calls")} class="callspage" row=${html`<${Tabs} label=${t("calls.views")} tabs=${tabs} />`}
    tools=${view !== "texts" && html`<${SearchBox} value=${q} label=${t("calls.search")} onSearch=${(words) => go(address({ q: words }), { replace: true })} />`}>
    ${view === "texts" ? html`<${Texts} />` : html`<${List} key=${view} view=${Object.hasOwn(VIEWS, view) ? view : "open"} q=${q} address=${address} open=${open} />`}
  </${Frame}>`;
}
