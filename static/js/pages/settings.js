/* Settings: business, mailboxes, access tokens, and one's own taste. */
import { html, useEffect, useState } from "../core/signals.js";
import { api, get, post, del, me, sentence } from "../core/api.js";
import { at, business, loadBusiness, loadMailboxes, mailSources, mayManage, mayWrite } from "../core/business.js";
import { speakLanguage, signOut } from "../core/account.js";
import { route } from "../core/router.js";
import { t, lang, LANGUAGES } from "../core/i18n.js";
import { theme, density, singleKeys } from "../core/prefs.js";
import { moment, ago } from "../core/fmt.js";
import { toast, failed } from "../core/feedback.js";
import { connectGmail } from "../core/connect.js";
import { Icon } from "../ui/icons.js";
import { Confirm, Wait, useLoad } from "../ui/parts.js";
import { CURRENCIES } from "../receipts/words.js";

const SECTIONS = ["business", "mailboxes", "tokens", "you"];
const COUNTRIES = ["IL", "DE", "FR", "GB", "US", "AT", "CH", "NL", "BE", "ES", "IT", "PT", "IE", "PL", "CZ", "SE", "DK", "NO", "FI", "GR", "CY", "RO", "HU", "CA", "AU"];

function Labelled({ id, label, hint, children }) {
  return html`<div class="f"><label for=${id}>${label}</label>${children}${hint && html`<p class="hint" id=${`${id}-h`}>${hint}</p>`}</div>`;
}
const choose = (id, value, options, disabled, onChange) => html`<select class="in" id=${id} name=${id} disabled=${disabled} onChange=${onChange}>
  ${options.map(([key, text]) => html`<option value=${key} key=${key} selected=${key === value}>${text}</option>`)}</select>`;

const named = (kind, codes) => {
  const names = new Intl.DisplayNames(lang.value, { type: kind });
  return codes.map((code) => [code, `${names.of(code) || code}${kind === "currency" ? ` (${code})` : ""}`]).sort((a, b) => a[1].localeCompare(b[1], lang.value));
};

function Business() {
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

function Mailboxes() {
  const [cutting, setCutting] = useState(null);
  useEffect(() => { loadMailboxes().catch(failed); }, []);
  const cut = async (box) => {
    try {
      await del("/api/gmail/oauth/disconnect", { mailbox: box.id });
      await loadMailboxes();
      toast(t("box.cut", { a: box.address }));
    } catch (error) { failed(error, () => cut(box)); }
  };
  return html`<div class="stackform">
    <ul class="checks">${mailSources.value.map((box) => html`<li key=${box.id} class=${`check ${box.status === "connected" ? "good" : box.status === "needs_reconnect" ? "bad" : "warn"}`}>
      <span class="mark"><${Icon} name="mail" /></span>
      <span class="grow"><b><bdi dir="ltr">${box.address}</bdi></b><span>${t(`box.${box.status}`)}${box.last_sync_at ? ` · ${t("src.synced", { t: ago(box.last_sync_at) })}` : ""}</span>
        ${box.error && html`<span class="bad"><bdi>${box.error.text}</bdi></span>`}</span>
      ${mayManage.value && box.status !== "connected" && html`<button type="button" class="btn" onClick=${() => connectGmail(box.id)}>${t("act.reconnect")}</button>`}
      ${mayManage.value && box.status === "connected" && html`<button type="button" class="btn danger" onClick=${() => setCutting(box)}>${t("box.disconnect")}</button>`}</li>`)}</ul>
    ${!mailSources.value.length && html`<p class="hint">${t("status.nobox.p")}</p>`}
    ${mayWrite.value && html`<div><button type="button" class="btn pri" onClick=${() => connectGmail()}><${Icon} name="plus" />${t("add.gmail")}</button></div>`}
    <p class="hint">${t("box.readonly")}</p>
    ${cutting && html`<${Confirm} title=${t("box.disconnect.h", { a: cutting.address })} text=${t("box.disconnect.p")} label=${t("box.disconnect")} onClose=${() => setCutting(null)} onYes=${() => cut(cutting)} />`}
  </div>`;
}

function Tokens() {
  const [page, error, reload] = useLoad(() => get("/api/tokens"), []);
  const [made, setMade] = useState(null);
  const [dropping, setDropping] = useState(null);
  const make = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      setMade(await post("/api/tokens", Object.fromEntries(new FormData(form))));
      form.reset();
      reload();
    } catch (problem) { failed(problem); }
  };
  const drop = async (token) => {
    try {
      await del(`/api/tokens/${token.id}`);
      toast(t("tokens.dropped", { n: token.name }));
      reload();
    } catch (problem) { failed(problem, () => drop(token)); }
  };
  const copy = async () => {
    await navigator.clipboard?.writeText(made.token);
    toast(t("act.copied"), { life: 3000 });
  };
  if (error) return html`<p class="bad">${sentence(error)}</p>`;
  return html`<div class="stackform"><p class="hint">${t("tokens.p")}</p>
    ${made && html`<div class="made" role="status"><b>${t("tokens.once")}</b><code dir="ltr">${made.token}</code><button type="button" class="btn" onClick=${copy}><${Icon} name="copy" />${t("act.copy")}</button></div>`}
    ${page?.items.length > 0 && html`<ul class="checks">${page.items.map((token) => html`<li class="check" key=${token.id}><span class="mark"><${Icon} name="key" /></span>
      <span class="grow"><b><bdi>${token.name}</bdi></b><span>${t(`role.${token.role}`)}${token.last_used_at ? ` · ${t("tokens.used", { t: ago(token.last_used_at) })}` : token.created_at ? ` · ${moment(token.created_at)}` : ""}</span></span>
      <button type="button" class="btn danger" onClick=${() => setDropping(token)}>${t("tokens.drop")}</button></li>`)}</ul>`}
    ${mayManage.value && html`<form class="inlineform" onSubmit=${make}>
      <${Labelled} id="tname" label=${t("tokens.name")}><input class="in" id="tname" name="name" required maxlength="100" dir="auto" autocomplete="off" /></${Labelled}>
      <${Labelled} id="trole" label=${t("tokens.role")}><select class="in" id="trole" name="role">${["accountant", "member", "owner"].map((r) => html`<option value=${r} key=${r}>${t(`role.${r}`)}</option>`)}</select></${Labelled}>
      <button type="submit" class="btn">${t("tokens.make")}</button></form>`}
    ${dropping && html`<${Confirm} title=${t("tokens.drop.h", { n: dropping.name })} text=${t("tokens.drop.p")} label=${t("tokens.drop")} onClose=${() => setDropping(null)} onYes=${() => drop(dropping)} />`}
  </div>`;
}

function You() {
  const [error, setError] = useState("");
  const { user } = me.value;
  const save = async (event) => {
    event.preventDefault();
    setError("");
    const values = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value));
    if (!values.password) delete values.old_password;
    try {
      me.value = await api("PATCH", "/api/me", { body: values });
      event.target.password.value = "";
      if (event.target.old_password) event.target.old_password.value = "";
      toast(t("settings.saved"), { life: 4000 });
    } catch (problem) { setError(sentence(problem)); }
  };
  return html`<div class="stackform">
    <form class="stackform" onSubmit=${save}>
      <${Labelled} id="uname" label=${t("signin.name")}><input class="in" id="uname" name="name" dir="auto" maxlength="200" autocomplete="name" defaultValue=${user.name} /></${Labelled}>
      ${user.has_password && html`<${Labelled} id="uold" label=${t("you.old_password")}><input class="in" id="uold" name="old_password" type="password" dir="ltr" autocomplete="current-password" /></${Labelled}>`}
      <${Labelled} id="upass" label=${t("you.password")} hint=${t("signin.newpassword.hint")}><input class="in" id="upass" name="password" type="password" dir="ltr" minlength="10" autocomplete="new-password" /></${Labelled}>
      ${error && html`<p class="bad box" role="alert"><${Icon} name="warn" /><bdi>${error}</bdi></p>`}
      <div><button type="submit" class="btn pri">${t("act.save")}</button></div></form>
    <h3>${t("you.look")}</h3>
    <div class="f2"><${Labelled} id="ulang" label=${t("you.language")}>${choose("ulang", lang.value, LANGUAGES.map((l) => [l, t(`lang.name.${l}`)]), false, (event) => speakLanguage(event.target.value))}</${Labelled}>
      <${Labelled} id="utheme" label=${t("you.theme")}>${choose("utheme", theme.value, ["auto", "light", "dark"].map((v) => [v, t(`theme.name.${v}`)]), false, (event) => { theme.value = event.target.value; })}</${Labelled}></div>
    <div class="f2"><${Labelled} id="udens" label=${t("density.label")}>${choose("udens", density.value, ["comfortable", "compact"].map((v) => [v, t(`density.${v}`)]), false, (event) => { density.value = event.target.value; })}</${Labelled}><span></span></div>
    <label class="switch"><input type="checkbox" checked=${singleKeys.value} onChange=${(event) => { singleKeys.value = event.target.checked; }} /><span><b>${t("you.keys")}</b><small>${t("you.keys.p")}</small></span></label>
    <div><button type="button" class="btn" onClick=${signOut}><${Icon} name="out" />${t("nav.signout")}</button></div>
  </div>`;
}

const BODY = { business: Business, mailboxes: Mailboxes, tokens: Tokens, you: You };

export function SettingsPage() {
  const here = SECTIONS.includes(route.value.rest[0]) ? route.value.rest[0] : "business";
  return html`<main class="main page" id="main" tabindex="-1">
    <header class="top"><h1 class="h1">${t("nav.settings")}</h1></header>
    <div class="fb"><nav class="tabs" aria-label=${t("nav.settings")}>${SECTIONS.map((name) => html`<a key=${name} href=${at(`settings/${name}`)} aria-current=${name === here ? "true" : null}>${t(`settings.${name}`)}</a>`)}</nav></div>
    <div class="body"><section class="panel narrow"><h2>${t(`settings.${here}`)}</h2><${BODY[here]} /></section></div>
  </main>`;
}
