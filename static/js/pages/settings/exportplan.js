/* Settings: the monthly pack, when it is made, of what, and for whom. */
import { html, useState } from "../../core/signals.js";
import { get, patch, post, sentence } from "../../core/api.js";
import { mayManage, today } from "../../core/business.js";
import { t, LANGUAGES } from "../../core/i18n.js";
import { moment, month as monthName, num } from "../../core/fmt.js";
import { failed, toast } from "../../core/feedback.js";
import { useLoad } from "../../ui/load.js";
import { Labelled, Switch, Wrong, choose } from "../../ui/form.js";

const FORMATS = ["pdf", "xlsx", "zip", "csv", "quickbooks", "xero", "datev", "beancount", "hledger", "ofx"];

/** The month before this one: what a pack made now holds. */
function lastMonth(day) {
  const [year, month] = day.split("-").map(Number);
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, "0")}`;
}

export function Body() {
  const [plan, error, reload] = useLoad(() => get("/api/exports/plan"), []);
  const [wrong, setWrong] = useState(null);
  if (error) return html`<p class="bad">${sentence(error)}</p>`;
  if (!plan) return null;
  const still = !mayManage.value;
  const save = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const formats = FORMATS.filter((name) => form.get(`f-${name}`) === "on");
    const body = {
      active: form.get("active") === "on", close_month: form.get("close_month") === "on", day: Number(form.get("day")), hour: Number(form.get("hour")),
      language: form.get("language"), mails: form.get("mails").split(/[\s,;]+/).filter(Boolean), ...(formats.length ? { formats } : {}),
    };
    try {
      await patch("/api/exports/plan", body);
      setWrong(null);
      toast(t("exports.plan.saved"));
      reload();
    } catch (problem) { setWrong(sentence(problem)); }
  };
  const now = async () => {
    try {
      await post("/api/exports/pack", { month: lastMonth(today.value) });
      toast(t("exports.plan.begun"));
      reload();
    } catch (problem) { failed(problem, now); }
  };
  const last = plan.last;
  return html`<form class="stackform" onSubmit=${save}><p class="hint">${t("exports.plan.p")}</p>
    <${Switch} id="active" checked=${plan.active} disabled=${still} label=${t("exports.plan.active")} hint=${plan.next_at ? t("exports.plan.next", { d: moment(plan.next_at) }) : ""} />
    <div class="plandays"><${Labelled} id="day" label=${t("exports.plan.day")}>${choose("day", plan.day, Array.from({ length: 28 }, (_, n) => [n + 1, num(n + 1)]), still)}</${Labelled}>
      <${Labelled} id="hour" label=${t("exports.plan.hour")}>${choose("hour", plan.hour, Array.from({ length: 24 }, (_, n) => [n, `${String(n).padStart(2, "0")}:00`]), still)}</${Labelled}></div>
    <${Labelled} id="mails" label=${t("exports.plan.mails")} hint=${t(plan.can_mail ? "exports.plan.mails.p" : "exports.plan.no_mail")}><textarea class="in" id="mails" name="mails" rows="2" dir="ltr" disabled=${still} placeholder="books@accountant.example" aria-describedby="mails-h">${plan.mails.join("\n")}</textarea></${Labelled}>
    <fieldset class="formats"><legend>${t("exports.plan.formats")}</legend>${FORMATS.map((name) => html`<label key=${name}><input type="checkbox" name=${`f-${name}`} defaultChecked=${plan.formats.includes(name)} disabled=${still} /><b>${t(`exports.f.${name}`)}</b></label>`)}</fieldset>
    <${Labelled} id="language" label=${t("exports.language")}>${choose("language", plan.language, LANGUAGES.map((code) => [code, t(`lang.name.${code}`)]), still)}</${Labelled}>
    <${Switch} id="close_month" checked=${plan.close_month} disabled=${still} label=${t("exports.plan.close")} hint=${t("exports.plan.close.p")} />
    ${last && html`<p class=${last.status === "failed" ? "bad" : "hint"} role="status">${t(`exports.plan.last.${last.status}`, { m: monthName(last.month), d: moment(last.finished_at || last.created_at) })} ${last.error && html`<bdi>${last.error.text}</bdi>`}</p>`}
    <${Wrong} text=${wrong} />
    ${!still && html`<div class="exfiles"><button type="submit" class="btn pri">${t("act.save")}</button><button type="button" class="btn" onClick=${now}>${t("exports.plan.now", { m: monthName(lastMonth(today.value)) })}</button></div>`}
  </form>`;
}
