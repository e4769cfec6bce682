/* Settings: the business itself. */
import { html, useState } from "../../core/signals.js";
import { api, sentence } from "../../core/api.js";
import { business, loadBusiness, mayManage } from "../../core/business.js";
import { t, lang, LANGUAGES } from "../../core/i18n.js";
import { toast } from "../../core/feedback.js";
import { Icon } from "../../ui/icons.js";
import { Wait } from "../../ui/parts.js";
import { CURRENCIES } from "../../receipts/lists.js";
import { Labelled, choose } from "../../ui/form.js";

const COUNTRIES = ["IL", "DE", "FR", "GB", "US", "AT", "CH", "NL", "BE", "ES", "IT", "PT", "IE", "PL", "CZ", "SE", "DK", "NO",
  "FI", "GR", "CY", "RO", "HU", "CA", "AU"];

const named = (kind, codes) => {
  const names = new Intl.DisplayNames(lang.value, { type: kind });
  return codes.map((code) => [code, `${names.of(code) || code}${kind === "currency" ? ` (${code})` : ""}`]).sort((a, b) => a[1].localeCompare(b[1], lang.value));
};

export function Body() {
  const now = business.value;
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  if (!now) return html`<${Wait} rows=${4} />`;
  const locked = !mayManage.value;
  const zones = Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone") : [now.time_zone];
  const save = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      await api("PATCH", "/api/business", { body: Object.fromEntries(new FormData(event.target)) });
      await loadBusiness();
      toast(t("settings.saved"), { life: 4000 });
    } catch (problem) { setError(sentence(problem)); } finally { setBusy(false); }
  };
  return html`<form class="stackform" onSubmit=${save}>
    <${Labelled} id="name" label=${t("settings.name")}><input class="in" id="name" name="name" required maxlength="200" dir="auto" autocomplete="organization" defaultValue=${now.name} disabled=${locked} /></${Labelled}>
    <div class="f2"><${Labelled} id="country" label=${t("settings.country")}>${choose("country", now.country, named("region", [...new Set([...COUNTRIES, now.country])].filter(Boolean)), locked)}</${Labelled}>
      <${Labelled} id="base_currency" label=${t("settings.currency")}>${choose("base_currency", now.base_currency, named("currency", CURRENCIES), locked)}</${Labelled}></div>
    <div class="f2"><${Labelled} id="time_zone" label=${t("settings.zone")}>${choose("time_zone", now.time_zone, [...new Set([now.time_zone, ...zones])].map((z) => [z, z.replaceAll("_", " ")]), locked)}</${Labelled}>
      <${Labelled} id="language" label=${t("settings.language")} hint=${t("settings.language.hint")}>${choose("language", now.language, LANGUAGES.map((l) => [l, t(`lang.name.${l}`)]), locked)}</${Labelled}></div>
    ${error && html`<p class="bad box" role="alert"><${Icon} name="warn" /><bdi>${error}</bdi></p>`}
    ${locked ? html`<p class="hint">${t("settings.locked")}</p>` : html`<div><button type="submit" class="btn pri" disabled=${busy}>${t("act.save")}</button></div>`}
  </form>`;
}
