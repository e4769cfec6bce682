/* Settings: the trail of who changed what. */
import { html } from "../../core/signals.js";
import { fileUrl, sentence } from "../../core/api.js";
import { mayManage } from "../../core/business.js";
import { t, has } from "../../core/i18n.js";
import { moment } from "../../core/fmt.js";
import { Icon } from "../../ui/icons.js";
import { MoreOf, usePaged } from "../../ui/load.js";
import { Trouble, Wait } from "../../ui/parts.js";

const shown = (value) => value === null || value === "" ? "—" : typeof value === "object" ? JSON.stringify(value) : String(value);
const action = (name) => has(`audit.${name}`) ? t(`audit.${name}`) : name;

function List() {
  const [list, { more, reload }] = usePaged("/api/audit");
  if (list.error) return html`<${Trouble} text=${sentence(list.error)} again=${reload} />`;
  if (!list.items) return html`<${Wait} rows=${8} />`;
  return html`<p><a class="btn" href=${fileUrl("/api/audit/file")} download><${Icon} name="export" />${t("audit.file")}</a></p>
    <ul class="checks">${list.items.map((one) => html`<li class="check" key=${one.id}><span class="grow"><b><bdi>${action(one.action)}</bdi>${one.label && html`: <bdi>${one.label}</bdi>`}</b>
      <span>${moment(one.at)} · <bdi>${one.actor_name || (has(`audit.by.${one.actor}`) ? t(`audit.by.${one.actor}`) : one.actor)}</bdi></span>
      ${Object.entries(one.changes).slice(0, 8).map(([name, [from, to]]) => html`<span key=${name}><bdi>${name}</bdi>: <bdi>${shown(from)}</bdi> → <bdi>${shown(to)}</bdi></span>`)}</span></li>`)}</ul>
    <${MoreOf} list=${list} more=${more} />`;
}

export const Body = () => html`<div class="stackform"><p class="hint">${t(mayManage.value ? "audit.p" : "settings.locked")}</p>${mayManage.value && html`<${List} />`}</div>`;
