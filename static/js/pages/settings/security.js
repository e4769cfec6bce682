/* Settings: how one signs in: the second factor, and where one is signed in. */
import { html, useState } from "../../core/signals.js";
import { del, get, me, post, sentence } from "../../core/api.js";
import { loadMe, withGoogle } from "../../core/account.js";
import { t } from "../../core/i18n.js";
import { ago } from "../../core/fmt.js";
import { failed, toast } from "../../core/feedback.js";
import { Icon } from "../../ui/icons.js";
import { Copied, Labelled, Wrong } from "../../ui/form.js";
import { useLoad } from "../../ui/load.js";
import { Connection } from "../signin/google.js";

/** "Firefox on Linux" out of what a browser calls itself. */
function named(agent) {
  const browser = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((one) => agent.includes(one));
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((one) => agent.includes(one));
  return [{ Edg: "Edge", OPR: "Opera" }[browser] || browser, system].filter(Boolean).join(" · ") || agent.slice(0, 40) || "—";
}

function Factor() {
  const [begun, setBegun] = useState(null);
  const [codes, setCodes] = useState(null);
  const [error, setError] = useState("");
  const on = me.value.user.has_factor;
  const act = (work) => async (event) => {
    event.preventDefault();
    setError("");
    try { await work(Object.fromEntries(new FormData(event.target))); } catch (problem) { setError(sentence(problem)); }
  };
  const begin = act(async (values) => setBegun(await post("/api/me/factor", values)));
  const confirm = act(async (values) => { setCodes((await post("/api/me/factor/confirm", values)).recovery); setBegun(null); await loadMe(); });
  const off = act(async (values) => { await post("/api/me/factor/off", values); setCodes(null); await loadMe(); toast(t("access.factor.off.done")); });
  const code = html`<${Labelled} id="fcode" label=${t("access.code")}><input class="in" id="fcode" name="code" required inputmode="numeric" autocomplete="one-time-code" dir="ltr" /></${Labelled}>`;
  return html`<h3>${t("access.factor")}</h3><p class="hint">${t(on ? "access.factor.on" : "access.factor.p")}</p><${Wrong} text=${error} />
    ${codes && html`<${Copied} label=${t("access.recovery")} value=${codes.join("  ")} />`}
    ${on ? html`<form class="inlineform" onSubmit=${off}>${code}<button type="submit" class="btn">${t("access.factor.off")}</button></form>`
      : begun ? html`<form class="stackform" onSubmit=${confirm}><p>${t("access.factor.scan")}</p><img class="qr" src=${begun.picture} alt=${t("access.factor.qr")} width="180" height="180" />
          <${Copied} label=${t("access.factor.secret")} value=${begun.secret} />${code}<div><button type="submit" class="btn pri">${t("access.factor.confirm")}</button></div></form>`
      : html`<form class="inlineform" onSubmit=${begin}><input type="text" hidden readonly tabindex="-1" autocomplete="username" value=${me.value.user.email} />${me.value.user.has_password ? html`<${Labelled} id="fpass" label=${t("signin.password")}><input class="in" id="fpass" name="password" type="password" required autocomplete="current-password" dir="ltr" /></${Labelled}>` : html`<span></span>`}
          <button type="submit" class="btn">${t("access.factor.begin")}</button></form>`}`;
}

export function Body() {
  const [page, error, reload] = useLoad(() => get("/api/me/sessions"), []);
  const end = async (one) => {
    try {
      await del(one ? `/api/me/sessions/${one.id}` : "/api/me/sessions");
      toast(t("access.ended"));
      reload();
    } catch (problem) { failed(problem); }
  };
  return html`<div class="stackform"><${Factor} />
    ${withGoogle.value && html`<${Connection} />`}
    <h3>${t("access.sessions")}</h3><${Wrong} text=${error && sentence(error)} />
    <ul class="checks">${page?.items.map((one) => html`<li class=${`check ${one.current ? "good" : ""}`} key=${one.id}><span class="mark"><${Icon} name="globe" /></span>
      <span class="grow"><b><bdi>${named(one.agent)}</bdi></b><span>${one.current ? t("access.here") : t("access.seen", { d: ago(one.last_seen_at) })}</span></span>
      ${!one.current && html`<button type="button" class="btn ghost" onClick=${() => end(one)}>${t("access.end")}</button>`}</li>`)}</ul>
    ${page?.items.length > 1 && html`<div><button type="button" class="btn" onClick=${() => end(null)}>${t("access.end_all")}</button></div>`}
  </div>`;
}
