/* Contacts and tasks: whom the business has to do with, what happened with each, and what is to be done. */
import { html, useRef, useState } from "../core/signals.js";
import { api, fileUrl, sentence } from "../core/api.js";
import { at, mayWrite } from "../core/business.js";
import { place, route, go } from "../core/router.js";
import { t } from "../core/i18n.js";
import { num } from "../core/fmt.js";
import { failed, toast } from "../core/feedback.js";
import { Icon } from "../ui/icons.js";
import { Empty, Frame, SearchBox, Tabs } from "../ui/frame.js";
import { MoreOf, usePaged } from "../ui/load.js";
import { Avatar, Trouble, Wait } from "../ui/parts.js";
import { Card } from "./contacts/card.js";
import { Editor } from "./contacts/editor.js";
import { Tasks } from "./contacts/tasks.js";

const KINDS = ["vendor", "customer", "lead"];

function All({ q, kind, search, stamp }) {
  const [list, { more, reload }] = usePaged("/api/contacts", { q, kind, stamp: stamp || undefined });
  if (list.error) return html`<${Trouble} text=${sentence(list.error)} again=${reload} />`;
  if (!list.items) return html`<${Wait} rows=${8} />`;
  if (!list.items.length) return html`<${Empty} icon="users" title=${t(q || kind ? "contacts.none_match" : "contacts.none")} text=${t(q || kind ? "contacts.none_match.p" : "contacts.none.p")}>
    ${q && html`<button type="button" class="btn" onClick=${() => search("")}>${t("filter.clear")}</button>`}</${Empty}>`;
  return html`<ul class="peoplelist">${list.items.map((one) => html`<li key=${one.id}><a class="personrow" href=${at(`contacts/${one.id}`, place.value.query)}>
      <${Avatar} name=${one.name} class="mark" />
      <span class="who"><b class="trunc" dir="auto">${one.name}</b><small class="trunc">${[t(`contacts.kind.${one.kind}`), one.company].filter(Boolean).map((text, n) => html`${n > 0 && " · "}<bdi>${text}</bdi>`)}</small></span>
      <span class="reach trunc" dir="ltr">${one.phones[0] || one.emails[0] || ""}</span>
      <span class="tags">${one.tags.slice(0, 3).map((tag) => html`<span class="flag ok" key=${tag}><bdi>${tag}</bdi></span>`)}</span></a></li>`)}</ul>
    <${MoreOf} list=${list} more=${more} />`;
}

function Files({ onDone }) {
  const input = useRef(null);
  const take = async (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    const form = new FormData();
    form.append("file", file);
    try {
      const told = await api("POST", "/api/contacts/file", { body: form });
      toast(t("contacts.taken", { added: num(told.added), updated: num(told.updated), faults: num(told.faults.length) }), { life: 12000 });
      onDone();
    } catch (problem) { failed(problem); }
  };
  return html`<a class="btn ghost" href=${fileUrl("/api/contacts/file", { format: "csv" })} download><${Icon} name="export" />${t("contacts.csv")}</a>
    <a class="btn ghost" href=${fileUrl("/api/contacts/file", { format: "vcf" })} download>${t("contacts.vcf")}</a>
    ${mayWrite.value && html`<button type="button" class="btn ghost" onClick=${() => input.current.click()}>${t("contacts.import")}</button>
    <input type="file" hidden aria-label=${t("contacts.import")} accept=".csv,.vcf,text/csv,text/vcard" ref=${input} onChange=${take} />`}`;
}

export function Page() {
  const params = new URLSearchParams(place.value.query);
  const first = route.value.rest[0];
  const tab = first === "tasks" ? "tasks" : "all";
  const q = params.get("q") || "", kind = KINDS.includes(params.get("kind")) ? params.get("kind") : "";
  const open = /^\d+$/.test(first || "") ? Number(first) : null;
  const [stamp, setStamp] = useState(0); // a new one asks for the list again
  const [making, setMaking] = useState(false);
  const address = (path, changes) => {
    const next = new URLSearchParams();
    for (const [key, value] of Object.entries({ q, kind, ...changes })) if (value) next.set(key, value);
    return at(path, next.size ? `?${next}` : "");
  };
  const again = () => setStamp((n) => n + 1);
  const search = (text) => go(address("contacts", { q: text }), { replace: true });
  const tabs = [{ href: address("contacts", { kind: "" }), text: t("contacts.tab.all"), on: tab === "all" && !kind },
    ...KINDS.map((one) => ({ href: address("contacts", { kind: one }), text: t(`contacts.kinds.${one}`), on: tab === "all" && kind === one })),
    { href: at("contacts/tasks"), text: t("contacts.tab.tasks"), on: tab === "tasks" }];
  return html`<${Frame} title=${t("nav.contacts")} class="contactspage" wide row=${html`<${Tabs} label=${t("nav.contacts")} tabs=${tabs} />`}
      tools=${tab === "all" && html`<${SearchBox} value=${q} label=${t("contacts.search")} onSearch=${search} />
        ${mayWrite.value && html`<button type="button" class="btn pri" onClick=${() => setMaking(true)}><${Icon} name="plus" />${t("contacts.new")}</button>`}`}>
    ${tab === "tasks" ? html`<${Tasks} />` : html`<${All} q=${q} kind=${kind} search=${search} stamp=${stamp} /><p class="files"><${Files} onDone=${again} /></p>`}
    ${open && html`<${Card} key=${open} id=${open} onClose=${() => go(address("contacts", {}))} onChanged=${again} />`}
    ${making && html`<${Editor} onClose=${() => setMaking(false)} onSaved=${(made) => { setMaking(false); again(); go(address(`contacts/${made.id}`, {})); }} />`}
  </${Frame}>`;
}
