/* Signing in with Google: the button, what went wrong, the second factor's code; and connecting one's account. */
import { html, useEffect, useState } from "../../core/signals.js";
import { del, me, post, sentence } from "../../core/api.js";
import { loadMe } from "../../core/account.js";
import { place } from "../../core/router.js";
import { t, has } from "../../core/i18n.js";
import { toast } from "../../core/feedback.js";
import { Labelled, Wrong } from "../../ui/form.js";
import { Code } from "./access.js";

/* What Google's way back says went wrong, by its code in the address. */
const told = () => {
  const code = new URLSearchParams(place.value.query).get("error");
  return !code ? "" : t(has(`error.${code}`) ? `error.${code}` : "error.google_declined");
};

/** The button on the sign-in page. */
export function Google() {
  const [error, setError] = useState(told);
  const [busy, setBusy] = useState(false);
  const leave = async () => {
    setBusy(true);
    try {
      window.location.assign((await post("/api/session/google")).auth_url);
    } catch (problem) { setError(sentence(problem)); setBusy(false); }
  };
  return html`<${Wrong} text=${error} /><button type="button" class="btn big" disabled=${busy} onClick=${leave}>${t("access.google.go")}</button>`;
}

/** Back from Google, where a second factor is asked for all the same. */
export function GoogleCode({ token, send, busy }) {
  const submit = (event) => {
    event.preventDefault();
    send({ google: token, code: new FormData(event.target).get("code") });
  };
  return html`<form onSubmit=${submit}><${Code} /><button type="submit" class="btn pri big" disabled=${busy}>${t("signin.go")}</button></form>`;
}

/** In the settings: which account it is that signs one in. */
export function Connection() {
  const [error, setError] = useState(told);
  const { has_google: on, has_password: secret } = me.value.user;
  useEffect(() => { if (new URLSearchParams(place.value.query).has("google")) toast(t("access.google.connected")); }, []);
  const connect = async (event) => {
    event.preventDefault();
    try {
      window.location.assign((await post("/api/me/google", Object.fromEntries(new FormData(event.target)))).auth_url);
    } catch (problem) { setError(sentence(problem)); }
  };
  const off = async () => {
    try {
      await del("/api/me/google");
      await loadMe();
      toast(t("access.google.gone"));
    } catch (problem) { setError(sentence(problem)); }
  };
  return html`<h3>${t("access.google")}</h3><p class="hint">${t(on ? "access.google.connected" : "access.google.p")}</p><${Wrong} text=${error} />
    ${on ? html`<div><button type="button" class="btn" onClick=${off}>${t("access.google.off")}</button></div>`
      : html`<form class="inlineform" onSubmit=${connect}><input type="text" hidden readonly tabindex="-1" autocomplete="username" value=${me.value.user.email} />${secret
        ? html`<${Labelled} id="gpass" label=${t("signin.password")}><input class="in" id="gpass" name="password" type="password" required autocomplete="current-password" dir="ltr" /></${Labelled}>` : html`<span></span>`}
        <button type="submit" class="btn">${t("access.google.connect")}</button></form>`}`;
}
