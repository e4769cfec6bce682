/* The bar for what is chosen: how many, how much per currency, and what to do with all of it. */
import { html, useState, computed } from "../core/signals.js";
import { base, mayWrite } from "../core/business.js";
import { get } from "../core/api.js";
import { t } from "../core/i18n.js";
import { num, sums } from "../core/fmt.js";
import { useKeys } from "../core/keys.js";
import { Icon } from "../ui/icons.js";
import { Amount, Menu } from "../ui/parts.js";
import { Lazy } from "../ui/lazy.js";
import { list, chosen, chosenAll, chosenCount, unchoose } from "./list.js";
import { bulk } from "./edits.js";
import { sumOf } from "./offsets.js";
import { toApi, tabOf } from "./filters.js";
import { CATEGORIES, categoryName } from "./words.js";

const perCurrency = computed(() => {
  const { rows } = list.value;
  return sumOf(rows, chosenAll.value ? new Set(rows.map((row) => row[0])) : chosen.value);
});

const exportDialog = () => import("../pages/exports/open.js").then((m) => m.load());

function Act({ icon, name, act, keyName }) {
  return html`<button type="button" class="btn" onClick=${act}><${Icon} name=${icon} /><span class="bl">${t(name)}</span>
    ${keyName && html`<kbd class="dsk" aria-hidden="true">${keyName}</kbd>`}</button>`;
}

function Bar({ filter }) {
  const [exact, setExact] = useState(null); // sums of the server, where the index was cut off
  const [handing, setHanding] = useState(false);
  const n = chosenCount.value;
  const tab = tabOf(filter);
  const { total, capped } = list.value;
  const run = (action, values) => bulk(action, values, filter);
  const all = async () => {
    chosenAll.value = true;
    if (!capped) return;
    try {
      const { currencies } = await get("/api/receipts/stats", toApi(filter));
      setExact(Object.fromEntries(currencies.map((one) => [one.currency, one.total.minor])));
    } catch { setExact(null); }
  };
  const trash = tab === "trash";
  useKeys(t("keys.chosen"), trash ? { r: [t("act.restore"), () => run("restore")] } : {
    a: [t("act.approve"), () => run("approve")],
    n: [t("act.not_receipt"), () => run("not_receipt")],
    Delete: [t("act.delete"), () => run("delete")],
  });
  const amounts = sums((chosenAll.value && exact) || perCurrency.value, base.value);
  return html`<div class="bulk" role="toolbar" aria-label=${t("bulk.n", { n, n_text: num(n) })}>
    <span class="cnt" role="status">${t("bulk.n", { n, n_text: num(n) })} <span>${amounts.slice(0, 3).map((text, i) => html`${i > 0 && " + "}<${Amount} text=${text} />`)}</span></span>
    ${!chosenAll.value && chosen.value.size < total && html`<button type="button" class="btn lnk" onClick=${all}>${t("bulk.all", { n: total, n_text: num(total) })}</button>`}
    <span class="sep"></span>
    ${trash ? html`<${Act} icon="hist" name="act.restore" keyName="R" act=${() => run("restore")} />` : html`
      <${Act} icon="check" name="act.approve" keyName="A" act=${() => run("approve")} />
      <${Menu} label=${t("field.category")} icon="tag" text=${t("field.category")} class="btn" up items=${CATEGORIES.map((c) => ({ label: categoryName(c), act: () => run("set", { category: c }) }))} />
      <${Act} icon="export" name="act.export" act=${() => setHanding(true)} />
      <${Menu} label=${t("act.more")} icon="more" class="btn" up items=${[
    { label: t("act.to_review"), icon: "hist", act: () => run("to_review") },
    { label: t("act.reject"), icon: "ban", act: () => run("reject") },
    { label: t("act.not_receipt"), icon: "ban", key: "n", act: () => run("not_receipt") },
  ]} />
      <${Act} icon="trash" name="act.delete" act=${() => run("delete")} />`}
    <button type="button" class="btn" aria-label=${t("bulk.clear")} onClick=${unchoose}><${Icon} name="x" /></button>
    ${handing && html`<${Lazy} name="exportdialog" load=${exportDialog} quiet filter=${filter} ids=${chosenAll.value ? null : [...chosen.value]} onClose=${() => setHanding(false)} />`}
  </div>`;
}

export const Bulk = ({ filter }) => (chosenCount.value && mayWrite.value ? html`<${Bar} filter=${filter} />` : null);
