/* The rules that corrections taught: where each came from, what it did; confirmed, applied to earlier receipts, taken back. */
import { html, useState } from "../../core/signals.js";
import { del, get, post, sentence } from "../../core/api.js";
import { at, mayWrite } from "../../core/business.js";
import { t } from "../../core/i18n.js";
import { ago, num } from "../../core/fmt.js";
import { failed, toast } from "../../core/feedback.js";
import { done } from "../../core/undo.js";
import { valueOf } from "../../review/knowledge.js";
import { Dialog } from "../../ui/dialog.js";
import { Icon } from "../../ui/icons.js";
import { Empty } from "../../ui/frame.js";
import { useLoad } from "../../ui/load.js";
import { Trouble, Wait } from "../../ui/parts.js";

/** "Vendor: “Café Alma”", or what else the rule says. */
const saying = (rule) => (rule.field === "approve" ? t("vendors.rule.approve")
  : rule.field === "total" ? t("vendors.rule.total", { v: rule.value })
    : t("vendors.rule.says", { f: t(`field.${rule.field}`), v: valueOf(rule) }));

/* What a vendor is known by, the surest sign first. */
const signs = ({ known_by: by }) => [by.tax_id && t("vendors.by.tax_id", { v: by.tax_id }), by.domain && t("vendors.by.domain", { v: by.domain }),
  by.name && t("vendors.by.name", { v: by.name })].filter(Boolean).join(" · ");

/* What the rule did, and what it would do: before anything is taken back or applied. */
function Effects({ rule, onClose, reload }) {
  const [found, error] = useLoad(() => get(`/api/rules/${rule.id}/effects`), [rule.id]);
  const act = async (what, how, key) => {
    onClose();
    try {
      const { changed, undo } = await how();
      done(t(key, { n: changed, n_text: num(changed) }), async () => { await post("/api/undo", { undo }); reload(); });
      reload();
    } catch (problem) { failed(problem); }
  };
  const back = (also) => act("back", () => del(`/api/rules/${rule.id}${also ? "?back=1" : ""}`), also ? "vendors.rule.taken_back" : "vendors.rule.gone");
  const apply = () => act("apply", () => post(`/api/rules/${rule.id}/apply`, {}), "vendors.rule.applied");
  const foot = found && html`<button type="button" class="btn danger" onClick=${() => back(false)}>${t("vendors.rule.stop")}</button>
    ${found.used > 0 && html`<button type="button" class="btn danger" onClick=${() => back(true)}>${t("vendors.rule.stop_back", { n: found.used, n_text: num(found.used) })}</button>`}
    ${found.would_change > 0 && html`<button type="button" class="btn pri" onClick=${apply}>${t("vendors.rule.apply", { n: found.would_change, n_text: num(found.would_change) })}</button>`}`;
  const some = (ids) => html`<span class="idlist">${ids.slice(0, 12).map((id) => html`<a class="lnk num" key=${id} href=${at(`receipts/${id}`)}>${num(id)}</a>`)}${ids.length > 12 && " …"}</span>`;
  return html`<${Dialog} title=${t("vendors.rule.effects")} onClose=${onClose} foot=${foot}>
    <p><b><bdi dir="auto">${rule.vendor}</bdi></b> <bdi>${saying(rule)}</bdi></p><p class="hint"><bdi>${signs(rule)}</bdi></p>
    ${error && html`<p class="bad">${sentence(error)}</p>`}
    ${!found && !error && html`<${Wait} rows=${3} />`}
    ${found && html`<p>${t("vendors.rule.used", { n: found.used, n_text: num(found.used) })} ${some(found.uses)}</p>
      <p>${t("vendors.rule.earlier", { n: found.would_change, n_text: num(found.would_change) })} ${some(found.earlier)}</p>
      <p class="hint">${t("vendors.rule.spares")}</p>`}
  </${Dialog}>`;
}

/** One rule as a row; `bare` leaves the vendor's name away. */
export function RuleRow({ rule, bare, reload }) {
  const [open, setOpen] = useState(false);
  const trial = rule.state === "trial";
  const yes = () => post(`/api/rules/${rule.id}/confirm`, {}).then(() => { toast(t("vendors.rule.sure")); reload(); }, (error) => failed(error, yes));
  return html`<li class=${`check ${trial ? "warn" : "good"}`}><span class="mark"><${Icon} name="bookmark" /></span>
    <span class="grow"><b>${!bare && html`<a class="lnk" href=${at(`vendors?v=${encodeURIComponent(rule.vendor)}`)}><bdi dir="auto">${rule.vendor || "—"}</bdi></a> `}<bdi>${saying(rule)}</bdi></b>
      <span><bdi>${signs(rule)}</bdi></span>
      <span>${t(`vendors.rule.state.${rule.state}`)} · ${rule.receipt ? html`<a class="lnk" href=${at(`receipts/${rule.receipt}`)}>${t("vendors.rule.from")}</a> · ` : ""}${ago(rule.created_at)}${rule.uses ? ` · ${t("vendors.rule.uses", { n: rule.uses, n_text: num(rule.uses) })}` : ""}</span></span>
    ${mayWrite.value && html`<span class="acts">${trial && html`<button type="button" class="btn" onClick=${yes}>${t("vendors.rule.always")}</button>`}
      <button type="button" class="btn ghost" onClick=${() => setOpen(true)}>${t("vendors.rule.more")}</button></span>`}
    ${open && html`<${Effects} rule=${rule} onClose=${() => setOpen(false)} reload=${reload} />`}</li>`;
}

export function Rules() {
  const [page, error, reload] = useLoad(() => get("/api/rules"), []);
  if (error) return html`<${Trouble} text=${sentence(error)} again=${reload} />`;
  if (!page) return html`<${Wait} rows=${6} />`;
  if (!page.items.length) return html`<${Empty} icon="bookmark" title=${t("vendors.rules.none")} text=${t("vendors.rules.none.p")} />`;
  return html`<p class="hint">${t("vendors.rules.p")}</p><ul class="checks rules">${page.items.map((rule) => html`<${RuleRow} key=${rule.id} rule=${rule} reload=${reload} />`)}</ul>`;
}
