/* Settings: the business itself. */
import { html, useState } from "../../core/signals.js";
import { api, sentence } from "../../core/api.js";
import { business, loadBusiness, mayManage } from "../../core/business.js";
import { t, lang, LANGUAGES } from "../../core/i18n.js";
import { num } from "../../core/fmt.js";
import { toast } from "../../core/feedback.js";
import { Icon } from "../../ui/icons.js";
import { Wait } from "../../ui/parts.js";
import { CURRENCIES } from "../../receipts/lists.js";
import { Labelled, choose } from "../../ui/form.js";
import { EraseBusiness } from "./erase.js";

const COUNTRIES = ["IL", "DE", "FR", "GB", "US", "AT", "CH", "NL", "BE", "ES", "IT", "PT", "IE", "PL", "CZ", "SE", "DK", "NO",
  "FI", "GR", "CY", "RO", "HU", "CA", "AU"];

const named = (kind, codes) => {
  const names = new Intl.DisplayNames(lang.value, { type: kind });
  return codes.map((code) => [code, kind === "currency" ? `${code} · ${names.of(code) || code}` : names.of(code) || code]).sort((a, b) => a[1].localeCompare(b[1], lang.value));
};

/* How long the bytes of mails are kept: some usual times, and the one that is set. */
const YEAR = 365;
const kept = (days) => [["", t("own.keep.always")], ...[...new Set([YEAR, 3 * YEAR, 7 * YEAR, 10 * YEAR, ...(days ? [days] : [])])].sort((a, b) => a - b)
  .map((n) => [String(n), n % YEAR ? t("own.keep.days", { n, n_text: num(n) }) : t("own.keep.years", { n: n / YEAR, n_text: num(n / YEAR) })])];

export function Body() {
  const now = business.value;
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  if (!now) return html`<${Wait} rows=${4} />`;
  const locked = !mayManage.value;
  const zones = Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone") : [now.time_zone];
  const save = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    setBusy(true);
    setError("");
    try {
      await api("PATCH", "/api/business", { body: { ...values, keep_mail_days: values.keep_mail_days ? Number(values.keep_mail_days) : null } });
      await loadBusiness();
      toast(t("settings.saved"), { life: 4000 });
    } catch (problem) { setError(sentence(problem)); } finally { setBusy(false); }
  };
  return html`<div class="stackform"><form class="stackform" onSubmit=${save}>
    <${Labelled} id="name" label=${t("settings.name")}><input class="in" id="name" name="name" required maxlength="200" dir="auto" autocomplete="organization" defaultValue=${now.name} disabled=${locked} /></${Labelled}>
    <div class="f2"><${Labelled} id="country" label=${t("settings.country")}>${choose("country", now.country, named("region", [...new Set([...COUNTRIES, now.country])].filter(Boolean)), locked)}</${Labelled}>
      <${Labelled} id="base_currency" label=${t("settings.currency")}>${choose("base_currency", now.base_currency, named("currency", CURRENCIES), locked)}</${Labelled}></div>
    <div class="f2"><${Labelled} id="time_zone" label=${t("settings.zone")}>${choose("time_zone", now.time_zone, [...new Set([now.time_zone, ...zones])].map((z) => [z, z.replaceAll("_", " ")]), locked)}</${Labelled}>
      <${Labelled} id="language" label=${t("settings.language")} hint=${t("settings.language.hint")}>${choose("language", now.language, LANGUAGES.map((l) => [l, t(`lang.name.${l}`)]), locked)}</${Labelled}></div>
    <div class="f2"><${Labelled} id="keep_mail_days" label=${t("own.keep")} hint=${t("own.keep.hint")}>${choose("keep_mail_days", String(now.keep_mail_days ?? ""), kept(now.keep_mail_days), locked)}</${Labelled}><span></span></div>
    ${error && html`<p class="bad box" role="alert"><${Icon} name="warn" /><bdi>${error}</bdi></p>`}
    ${locked ? html`<p class="hint">${t("settings.locked")}</p>` : html`<div><button type="submit" class="btn pri" disabled=${busy}>${t("act.save")}</button></div>`}
  </form>${!locked && html`<${EraseBusiness} />`}</div>`;
}
