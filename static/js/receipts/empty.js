/* The four kinds of nothing: first run, no match, inbox zero, mailbox lost. */
import { html } from "../core/signals.js";
import { at, counts, mailSources, mayWrite } from "../core/business.js";
import { t } from "../core/i18n.js";
import { num } from "../core/fmt.js";
import { active } from "../core/sync.js";
import { connectGmail } from "../core/connect.js";
import { Icon } from "../ui/icons.js";
import { pick, capture } from "../uploads.js";
import { isNarrow, tabOf, toQuery, withTab } from "./filters.js";

const Paper = ({ kind }) => html`<svg viewBox="0 0 38 46" aria-hidden="true" class=${`paper ${kind}`}>
  ${kind === "till" ? html`<rect width="38" height="46" class="p0" /><path class="p1" d="M10 4h18v37l-2.25 2-2.25-2-2.25 2-2.25-2-2.25 2-2.25-2-2.25 2L10 41z" />
      <path class="p3" d="M14 8h10M12.5 35h5M21.5 35h4.5" /><path class="p2" d="M12.5 14h6M23 14h3M12.5 18h8M23 18h3M12.5 22h5M23 22h3M12.5 26h7M23 26h3" />`
    : kind === "mail" ? html`<rect width="38" height="46" class="p1" /><rect width="38" height="12" class="pa" /><path class="p4" d="M5 6h12" />
      <path class="p3" d="M5 18h20" /><path class="p2" d="M5 23h26M5 27h22M5 31h24" /><rect x="5" y="36" width="15" height="5.5" rx="1.5" class="pa" />`
    : html`<rect width="38" height="46" class="p1" /><rect x="5" y="5" width="7" height="7" rx="1.5" class="pa" /><path class="p3" d="M25 6.5h8M24 38h9" />
      <path class="p2" d="M27 10h6M5 19h12M29 19h4M5 23h16M29 23h4M5 27h10M29 27h4M5 31h14M29 31h4M5 41h12" />`}</svg>`;

const Art = () => html`<div class="art" aria-hidden="true"><${Paper} kind="till" /><${Paper} kind="sheet" /><${Paper} kind="mail" /></div>`;

function Way({ icon, name, act, pri, disabled }) {
  return html`<li class="way"><${Icon} name=${icon} /><b>${t(`empty.${name}`)}</b><span>${t(`empty.${name}.p`)}</span>
    <button type="button" class=${`btn${pri ? " pri" : ""}`} disabled=${disabled} onClick=${() => act()}>${t(`empty.${name}.b`)}</button></li>`;
}

function FirstRun() {
  return html`<div class="empty"><div><${Art} /><h2>${t("empty.first.h")}</h2><p>${t("empty.first.p")}</p></div>
    ${mayWrite.value && html`<ul class="ways">
      <${Way} icon="mail" name="gmail" act=${connectGmail} pri />
      <${Way} icon="upload" name="files" act=${pick} />
      <${Way} icon="camera" name="photo" act=${capture} /></ul>`}</div>`;
}

/** Which of them it is, from what is known. */
export function Empty({ filter }) {
  const all = counts.value;
  const tab = tabOf(filter);
  const any = all && all.to_review + all.ready + all.approved + all.rejected + all.not_receipt + all.deleted > 0;
  if (isNarrow(filter)) {
    return html`<div class="empty"><div><div class="sign"><${Icon} name="search" /></div><h2>${t("empty.match.h")}</h2><p>${t("empty.match.p")}</p>
      <a class="btn" href=${at("receipts", toQuery(withTab({ sort: filter.sort }, tab)))}>${t("filter.clear")}</a></div></div>`;
  }
  if (!any && active.value) {
    return html`<div class="empty"><div><${Art} /><h2>${t("empty.syncing.h")}</h2><p>${t("empty.syncing.p")}</p></div></div>`;
  }
  const boxes = mailSources.value;
  const lost = boxes.length && boxes.every((box) => box.status !== "connected");
  if (!any && lost) {
    return html`<div class="empty"><div><div class="sign warn"><${Icon} name="link" /></div><h2>${t("empty.lost.h")}</h2><p>${t("empty.lost.p", { a: boxes[0].address })}</p>
      ${mayWrite.value && html`<button type="button" class="btn pri" onClick=${() => connectGmail(boxes[0].id)}>${t("act.reconnect")}</button>`}</div></div>`;
  }
  if (!any && boxes.length) {
    return html`<div class="empty"><div><${Art} /><h2>${t("empty.quiet.h")}</h2><p>${t("empty.quiet.p")}</p></div></div>`;
  }
  if (!any) return html`<${FirstRun} />`;
  if (tab === "review") {
    const rest = (all?.ready || 0);
    return html`<div class="empty"><div><div class="sign ok"><${Icon} name="check" /></div><h2>${t("empty.zero.h")}</h2>
      <p>${rest ? t("empty.zero.p", { n: rest, n_text: num(rest) }) : t("empty.zero.p0")}</p>
      ${rest > 0 && html`<a class="btn" href=${at("receipts", toQuery(withTab(filter, "ready")))}>${t("empty.zero.b")}</a>`}</div></div>`;
  }
  return html`<div class="empty"><div><div class="sign"><${Icon} name="inbox" /></div><h2>${t("empty.tab.h")}</h2><p>${t(`empty.tab.${tab}`)}</p></div></div>`;
}
