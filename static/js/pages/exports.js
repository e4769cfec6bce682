/* Exports: what was handed over, the months, and the tax of each; the dialog that makes one. */
import { html } from "../core/signals.js";
import { get, post, sentence } from "../core/api.js";
import { at, mayManage } from "../core/business.js";
import { place, route, go } from "../core/router.js";
import { t } from "../core/i18n.js";
import { moment, num } from "../core/fmt.js";
import { failed, toast } from "../core/feedback.js";
import { done } from "../core/undo.js";
import { useKeys } from "../core/keys.js";
import { Icon } from "../ui/icons.js";
import { Empty, Frame, Tabs } from "../ui/frame.js";
import { MoreOf, usePaged, usePoll } from "../ui/load.js";
import { Menu, Trouble, Wait } from "../ui/parts.js";
import { fromQuery } from "../receipts/filters.js";
import { ExportDialog } from "./exports/dialog.js";
import { Months, Tax } from "./exports/months.js";
import { Files, ICON, LeftOut, Sums, formatName, period } from "./exports/parts.js";

const GOING = ["queued", "making"];
const TONE = { ready: "good", failed: "bad", cancelled: "ok", queued: "info", making: "info" };

function Row({ row, reload }) {
  const act = async (way, text, back) => {
    try {
      await post(`/api/exports/${row.id}/${way}`);
      if (back) done(text, async () => { await post(`/api/exports/${row.id}/${back}`); reload(); });
      else toast(text);
      reload();
    } catch (error) { failed(error, () => act(way, text, back)); }
  };
  const going = GOING.includes(row.status);
  const n = { n: row.count, n_text: num(row.count) };
  const when = row.format === "archive" ? "" : period(row.from_date, row.to_date) || t(row.new_since_last ? "exports.since" : "exports.everything");
  return html`<li class=${`check ${row.undone_at ? "undone" : ""}`}>
    <span class="mark"><${Icon} name=${row.status === "failed" ? "warn" : ICON[row.format] || "rows"} /></span>
    <span class="grow"><b><span>${[formatName(row.format), when].filter(Boolean).join(" · ")}</span>
      <span class=${`flag ${row.undone_at ? "ok" : TONE[row.status]}`}>${t(row.undone_at ? "exports.undone" : `exports.s.${row.status}`)}</span>
      ${row.pack && html`<span class="flag info">${t("exports.pack")}</span>`}</b>
      ${row.format !== "archive" && row.status === "ready" && html`<span>${t("exports.n", n)}${row.count > 0 && html` · <${Sums} currencies=${row.currencies} />`}${row.mark ? "" : ` · ${t("exports.unmarked")}`}</span>`}
      ${going ? html`<progress class="exbar" max="100" value=${row.progress_percentage} aria-label=${t("exports.making")}></progress>` : html`<span>${moment(row.created_at)}</span>`}
      ${row.error && !going && html`<span class="bad"><bdi>${row.error.text}</bdi></span>`}
      <${LeftOut} row=${row} /></span>
    <span class="acts">${row.status === "ready" && (row.expired_at ? html`<span class="hint">${t("exports.expired")}</span>` : html`<${Files} row=${row} />`)}
      ${row.status === "ready" && row.mark && row.count > 0 && (row.undone_at
    ? html`<button type="button" class="btn" onClick=${() => act("redo", t("exports.redone"), "undo")}>${t("exports.redo")}</button>`
    : html`<button type="button" class="btn ghost" onClick=${() => act("undo", t("exports.taken_back", n), "redo")}>${t("exports.undo")}</button>`)}
      ${going && html`<button type="button" class="btn ghost" onClick=${() => act("cancel", t("exports.cancelled"))}>${t("act.cancel")}</button>`}</span></li>`;
}

function Handed({ onExport }) {
  const [list, { more, reload }] = usePaged("/api/exports");
  const going = list.items?.some((row) => GOING.includes(row.status));
  usePoll(reload, going ? 1500 : false);
  if (list.error && !list.items) return html`<${Trouble} text=${sentence(list.error)} again=${reload} />`;
  if (!list.items) return html`<${Wait} />`;
  if (!list.items.length) {
    return html`<${Empty} icon="export" title=${t("exports.none")} text=${t("exports.none.p")}><button type="button" class="btn" onClick=${onExport}>${t("exports.first")}</button></${Empty}>`;
  }
  return html`<section class="panel"><ul class="checks exlist" aria-live="polite">${list.items.map((row) => html`<${Row} key=${row.id} row=${row} reload=${reload} />`)}</ul><${MoreOf} list=${list} more=${more} /></section>`;
}

const TABS = { "": "handed", months: "months", tax: "tax" };

export function Page() {
  const params = new URLSearchParams(place.value.query);
  const tab = Object.hasOwn(TABS, route.value.rest[0] || "") ? route.value.rest[0] || "" : "";
  const asking = params.get("export") === "1";
  const here = tab ? `exports/${tab}` : "exports";
  const open = () => go(at(here, "?export=1"));
  useKeys(t("nav.exports"), { n: [t("exports.first"), open] });
  const everything = () => post("/api/exports/archive").then(() => { toast(t("exports.archiving")); go(at("exports")); }, (error) => failed(error));
  const tools = html`${mayManage.value && html`<${Menu} class="btn ghost" icon="more" label=${t("act.more")} items=${[
    { label: t("exports.plan"), icon: "clock", act: () => go(at("settings/exportplan")) },
    { label: t("exports.archive"), icon: "copy", act: everything },
  ]} />`}<button type="button" class="btn pri" onClick=${open}><${Icon} name="export" />${t("exports.first")}</button>`;
  const row = html`<${Tabs} label=${t("nav.exports")} tabs=${Object.entries(TABS).map(([key, name]) => ({ href: at(key ? `exports/${key}` : "exports"), text: t(`exports.tab.${name}`), on: key === tab }))} />`;
  return html`<${Frame} title=${t("nav.exports")} tools=${tools} row=${row} class="exports">
    ${tab === "months" ? html`<${Months} />` : tab === "tax" ? html`<${Tax} />` : html`<${Handed} key=${asking ? "asking" : "list"} onExport=${open} />`}
    ${asking && html`<${ExportDialog} filter=${fromQuery(place.value.query)} onClose=${() => go(at(here), { replace: true })} />`}
  </${Frame}>`;
}
