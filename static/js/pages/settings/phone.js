/* Settings: the phone. The account, numbers, what callers meet, and whose messages are filed. */
import { html, useRef, useState } from "../../core/signals.js";
import { api, del, fileUrl, get, patch, post, sentence } from "../../core/api.js";
import { mayManage } from "../../core/business.js";
import { lang, t, LANGUAGES } from "../../core/i18n.js";
import { failed, toast } from "../../core/feedback.js";
import { done } from "../../core/undo.js";
import { Icon } from "../../ui/icons.js";
import { Copied, Labelled, Switch, Wrong, choose } from "../../ui/form.js";
import { useLoad } from "../../ui/load.js";
import { Wait } from "../../ui/parts.js";
import { wavOf } from "./phone_sound.js";

/* Sunday first where that is the week's first day; Monday is 0 in the API. */
const DAYS = [6, 0, 1, 2, 3, 4, 5];
const dayName = (day) => new Intl.DateTimeFormat(lang.value, { weekday: "long", timeZone: "UTC" }).format(new Date(Date.UTC(2026, 5, 1 + day)));
const SWITCHES = ["voicemail", "stream", "record_calls", "transcribe"];
const NUMBERS = ["ring_s", "longest_s", "silence_s", "retention_days"];
const lines = (text) => text.split(/[\n,]+/).map((one) => one.trim()).filter(Boolean);

/* Numbers, or people: a list with a way to add and to take away. */
function Listed({ items, path, name, reload, words, second }) {
  const add = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      await post(path, Object.fromEntries(new FormData(form)));
      form.reset();
      reload();
    } catch (problem) { failed(problem); }
  };
  const drop = async (one) => {
    try {
      await del(`${path}/${one.id}`);
      done(t("phone.removed", { n: one.number }), async () => { await post(path, { number: one.number, [second]: one[second] }); reload(); });
      reload();
    } catch (problem) { failed(problem, () => drop(one)); }
  };
  return html`${items.length > 0 && html`<ul class="checks">${items.map((one) => html`<li class="check good" key=${one.id}><span class="mark"><${Icon} name="phone" /></span>
      <span class="grow"><b><bdi dir="ltr">${one.number}</bdi></b>${one[second] && html`<span><bdi dir="auto">${one[second]}</bdi></span>`}</span>
      ${mayManage.value && html`<button type="button" class="btn danger" onClick=${() => drop(one)}>${t("act.remove")}</button>`}</li>`)}</ul>`}
    ${mayManage.value && html`<form class="inlineform" onSubmit=${add}>
      <${Labelled} id=${`${name}-number`} label=${t("phone.number")}><input class="in" id=${`${name}-number`} name="number" dir="ltr" type="tel" required maxlength="40" autocomplete="off" /></${Labelled}>
      <${Labelled} id=${`${name}-second`} label=${words}><input class="in" id=${`${name}-second`} name=${second} dir="auto" maxlength="60" autocomplete="off" /></${Labelled}>
      <button type="submit" class="btn">${t("act.add_it")}</button></form>`}`;
}

/* A greeting of one's own: a sound file, made small here and heard here. */
function Greeting({ phone, reload }) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const field = useRef(null);
  const take = async (event) => {
    const file = event.target.files[0];
    event.target.value = "";
    if (!file) return;
    setBusy(true);
    setWrong("");
    try {
      const wav = await wavOf(file);
      await api("POST", "/api/phone/greeting", { body: wav });
      toast(t("settings.saved"));
      reload();
    } catch (problem) { setWrong(problem.code ? sentence(problem) : t("phone.sound.bad")); }
    setBusy(false);
  };
  const drop = async () => {
    try { await del("/api/phone/greeting"); reload(); } catch (problem) { failed(problem, drop); }
  };
  return html`<div class="f"><b class="lb" id="sound-l">${t("phone.sound")}</b><p class="hint">${t("phone.sound.hint")}</p>
    <div class="greet">${phone.sound && html`<audio controls preload="none" aria-labelledby="sound-l" src=${fileUrl("/api/phone/greeting", { v: phone.updated_at })}></audio>`}
      ${mayManage.value && html`<input type="file" hidden aria-label=${t("phone.sound")} accept=".wav,.mp3,.m4a,.ogg,.opus,.flac,.webm" ref=${field} onChange=${take} /><button type="button" class="btn" disabled=${busy} onClick=${() => field.current.click()}><${Icon} name="upload" />${t(busy ? "phone.sound.busy" : phone.sound ? "phone.sound.other" : "phone.sound.choose")}</button>`}
      ${mayManage.value && phone.sound && html`<button type="button" class="btn danger" onClick=${drop}>${t("act.remove")}</button>`}</div>
    <${Wrong} text=${wrong} /></div>`;
}

function Menu({ menu, set }) {
  const change = (n, more) => set(menu.map((one, at) => (at === n ? { ...one, ...more } : one)));
  const free = "1234567890".split("").find((digit) => !menu.some((one) => one.digit === digit));
  return html`${menu.map((one, n) => html`<div class="choice" key=${n}>
      <${Labelled} id=${`menu-d-${n}`} label=${t("phone.menu.digit")}><select class="in" id=${`menu-d-${n}`} value=${one.digit} onChange=${(event) => change(n, { digit: event.target.value })}>${"1234567890".split("").map((digit) => html`<option key=${digit} value=${digit} disabled=${digit !== one.digit && menu.some((other) => other.digit === digit)}>${digit}</option>`)}</select></${Labelled}>
      <${Labelled} id=${`menu-a-${n}`} label=${t("phone.menu.does")}><select class="in" id=${`menu-a-${n}`} value=${one.action} onChange=${(event) => change(n, { action: event.target.value })}>${["forward", "voicemail", "say", "echo"].map((act) => html`<option key=${act} value=${act}>${t(`phone.menu.${act}`)}</option>`)}</select></${Labelled}>
      ${one.action !== "echo" && html`<${Labelled} id=${`menu-v-${n}`} label=${t(one.action === "forward" ? "phone.number" : "phone.menu.words")}><input class="in" id=${`menu-v-${n}`} dir=${one.action === "forward" ? "ltr" : "auto"} maxlength="500" value=${one.value} onInput=${(event) => change(n, { value: event.target.value })} /></${Labelled}>`}
      <button type="button" class="btn danger" aria-label=${t("phone.menu.remove", { n: one.digit })} onClick=${() => set(menu.filter((_, at) => at !== n))}><${Icon} name="trash" /></button></div>`)}
    ${free && html`<button type="button" class="btn add" onClick=${() => set([...menu, { digit: free, action: "forward", value: "", label: "" }])}><${Icon} name="plus" />${t("phone.menu.add")}</button>`}`;
}

function Form({ phone, reload }) {
  const [wrong, setWrong] = useState("");
  const [menu, setMenu] = useState(phone.menu);
  const save = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const text = (name) => (form.get(name) || "").trim();
    const hours = {};
    for (const day of DAYS) if (text(`day-${day}`)) hours[day] = lines(text(`day-${day}`)).map((span) => span.replace(/\s*[–-]\s*/, "-").replace(/(^|-)(\d):/g, "$10$2:"));
    if (Object.keys(hours).length) for (const day of DAYS) hours[day] ??= [];
    const body = {
      account_sid: text("account_sid"), language: text("language"), greeting: text("greeting"), closed: text("closed"), consent: text("consent"),
      menu_text: text("menu_text"), anonymous: text("anonymous"), hours, menu, holidays: lines(text("holidays")), forward: lines(text("forward")), blocked: lines(text("blocked")),
    };
    for (const name of SWITCHES) body[name] = form.has(name);
    for (const name of NUMBERS) body[name] = Number(text(name));
    if (text("auth_token")) body.auth_token = text("auth_token");
    setWrong("");
    try {
      await patch("/api/phone", body);
      toast(t("settings.saved"));
      reload();
    } catch (problem) { setWrong(sentence(problem)); }
  };
  const off = !mayManage.value;
  const area = (name, hint) => html`<${Labelled} id=${name} label=${t(`phone.${name}`)} hint=${hint}><textarea class="in" id=${name} name=${name} rows="2" dir="auto" maxlength="1000" disabled=${off} defaultValue=${Array.isArray(phone[name]) ? phone[name].join("\n") : phone[name]}></textarea></${Labelled}>`;
  const count = (name, min, max) => html`<${Labelled} id=${name} label=${t(`phone.${name}`)}><input class="in num" id=${name} name=${name} type="number" dir="ltr" min=${min} max=${max} required disabled=${off} defaultValue=${phone[name]} /></${Labelled}>`;
  const tick = (name) => html`<${Switch} id=${name} checked=${phone[name]} disabled=${off} label=${t(`phone.${name}`)} hint=${t(`phone.${name}.hint`)} />`;
  return html`<form class="stackform phoneform" onSubmit=${save}>
    <fieldset><legend>${t("phone.callers")}</legend>
      <${Labelled} id="language" label=${t("phone.language")}>${choose("language", phone.language, [["", t("phone.language.business")], ...LANGUAGES.map((code) => [code, t(`lang.name.${code}`)])], off)}</${Labelled}>
      ${area("greeting", t("phone.greeting.hint"))}${area("closed")}${area("consent", t("phone.consent.hint"))}
      ${area("forward", t("phone.forward.hint"))}
      <div class="f2">${count("ring_s", 5, 120)}<${Labelled} id="anonymous" label=${t("phone.anonymous")}>${choose("anonymous", phone.anonymous, ["accept", "voicemail", "reject"].map((one) => [one, t(`phone.anonymous.${one}`)]), off)}</${Labelled}></div></fieldset>
    <fieldset><legend>${t("phone.hours")}</legend><p class="hint">${t("phone.hours.hint")}</p>
      <div class="days">${DAYS.map((day) => html`<label for=${`day-${day}`} key=${day}>${dayName(day)}</label><input class="in" id=${`day-${day}`} name=${`day-${day}`} dir="ltr" autocomplete="off" disabled=${off} defaultValue=${(phone.hours[day] || []).join(", ")} />`)}</div>
      ${area("holidays", t("phone.holidays.hint"))}</fieldset>
    <fieldset><legend>${t("phone.menu")}</legend><p class="hint">${t("phone.menu.hint")}</p><${Menu} menu=${menu} set=${setMenu} />
      ${menu.length > 0 && area("menu_text", t("phone.menu_text.hint"))}</fieldset>
    <fieldset><legend>${t("phone.recordings")}</legend>${tick("voicemail")}${tick("stream")}${tick("record_calls")}${phone.transcriber && tick("transcribe")}
      <div class="f2">${count("longest_s", 10, 600)}${count("silence_s", 2, 30)}</div>${count("retention_days", 0, 3650)}<p class="hint">${t("phone.retention.hint")}</p></fieldset>
    <fieldset><legend>${t("phone.account")}</legend><p class="hint">${t(phone.default_account ? "phone.account.default" : "phone.account.own")}</p>
      <${Labelled} id="account_sid" label=${t("phone.account_sid")}><input class="in" id="account_sid" name="account_sid" dir="ltr" maxlength="34" pattern="AC[0-9a-fA-F]{32}" autocomplete="off" disabled=${off} defaultValue=${phone.account_sid} /></${Labelled}>
      <${Labelled} id="auth_token" label=${t("phone.auth_token")} hint=${t(phone.has_token ? "phone.auth_token.kept" : "phone.auth_token.hint")}><input class="in" id="auth_token" name="auth_token" dir="ltr" maxlength="100" autocomplete="off" spellcheck="false" disabled=${off} /></${Labelled}>
      ${area("blocked", t("phone.blocked.hint"))}</fieldset>
    <${Wrong} text=${wrong} />
    ${off ? html`<p class="hint">${t("settings.locked")}</p>` : html`<button type="submit" class="btn pri add">${t("act.save")}</button>`}
  </form>`;
}

export function Body() {
  const [phone, error, reload] = useLoad(() => get("/api/phone"), []);
  if (error) return html`<p class="bad">${sentence(error)}</p>`;
  if (!phone) return html`<${Wait} rows=${6} />`;
  return html`<div class="stackform"><p class="hint">${t("phone.p")}</p>
    <h3>${t("phone.numbers")}</h3><${Listed} name="own" items=${phone.numbers} path="/api/phone/numbers" second="label" words=${t("phone.label")} reload=${reload} />
    ${phone.numbers.length > 0 && html`<p class="hint">${t("phone.webhooks")}</p>
      <${Copied} label=${t("phone.webhook.voice")} value=${phone.webhooks.voice} /><${Copied} label=${t("phone.webhook.status")} value=${phone.webhooks.status} /><${Copied} label=${t("phone.webhook.message")} value=${phone.webhooks.message} />`}
    <h3>${t("phone.people")}</h3><p class="hint">${t("phone.people.hint")}</p><${Listed} name="people" items=${phone.people} path="/api/phone/people" second="name" words=${t("phone.name")} reload=${reload} />
    <${Greeting} phone=${phone} reload=${reload} />
    <${Form} key=${phone.updated_at} phone=${phone} reload=${reload} />
  </div>`;
}
