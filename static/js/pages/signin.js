/* Sign-in: the one-time link, the first account, e-mail and password; and again, over a page in use. */
import { html, useEffect, useRef, useState } from "../core/signals.js";
import { ApiError, me, sentence, session } from "../core/api.js";
import { loadMe, signIn, signOut, speakLanguage, withGoogle } from "../core/account.js";
import { place, go } from "../core/router.js";
import { t, lang, otherLanguages, has, loadWords } from "../core/i18n.js";
import { Icon, Logo } from "../ui/icons.js";
import { Dialog } from "../ui/dialog.js";
import { Lazy } from "../ui/lazy.js";

/* The token rides in the fragment, which no server and no log ever sees; it is taken out at once. */
function takeLink() {
  const found = new URLSearchParams(window.location.hash.slice(1));
  const kind = ["token", "invitation", "password", "google"].find((one) => found.get(one));
  if (kind) window.history.replaceState({}, "", window.location.pathname + window.location.search);
  return [kind, kind && found.get(kind)];
}
/* Invitations and forgotten passwords come with words of their own, when they are needed. */
const access = (part) => () => Promise.all([import("./signin/access.js"), loadWords("access")]).then(([m]) => m[part]);

const google = (part) => () => Promise.all([import("./signin/google.js"), loadWords("access")]).then(([m]) => m[part]);

const say = (error) => {
  if (error instanceof ApiError && error.status === 401 && error.code !== "bad_code" && has("error.signin")) return t("error.signin");
  return sentence(error);
};

function Field({ id, label, type = "text", autocomplete, hint, error, input, ...extra }) {
  return html`<div class="f"><label for=${id}>${label}</label>
    <input id=${id} name=${id} type=${type} class="in" autocomplete=${autocomplete} required=${!hint} ref=${input}
      aria-invalid=${error ? "true" : null} aria-describedby=${hint ? `${id}-h` : null} ...${extra} />
    ${hint && html`<p class="hint" id=${`${id}-h`}>${hint}</p>`}</div>`;
}

function useSend(onDone) {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const send = async (credentials) => {
    setBusy(true);
    setError("");
    try {
      await signIn(credentials);
      onDone();
      return null;
    } catch (problem) {
      if (problem.code !== "account_needed" && problem.code !== "code_needed") setError(say(problem));
      return problem.code;
    } finally { setBusy(false); }
  };
  return [send, busy, error, setError];
}

const valuesOf = (form) => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));

function PasswordForm({ send, busy, forgotten }) {
  const first = useRef(null);
  const [asks, setAsks] = useState(false); // for the second factor
  useEffect(() => { first.current?.focus(); }, []);
  const submit = async (event) => {
    event.preventDefault();
    if (await send(valuesOf(event.target)) === "code_needed") setAsks(true);
  };
  return html`<form onSubmit=${submit}>
    <${Field} id="email" label=${t("signin.email")} type="email" autocomplete="username" input=${first} dir="ltr" />
    <${Field} id="password" label=${t("signin.password")} type="password" autocomplete="current-password" dir="ltr" />
    ${asks && html`<${Lazy} name="factor" load=${access("Code")} />`}
    <button type="submit" class="btn pri big" disabled=${busy}>${t("signin.go")}</button>
    <p class="hint">${t("signin.link")}</p>
    <button type="button" class="lnk" onClick=${forgotten}>${t("signin.forgotten")}</button></form>`;
}

function AccountForm({ token, send, busy }) {
  const first = useRef(null);
  useEffect(() => { first.current?.focus(); }, []);
  return html`<form onSubmit=${(event) => { event.preventDefault(); send({ token, language: lang.value, ...valuesOf(event.target) }); }}>
    <${Field} id="name" label=${t("signin.name")} autocomplete="name" input=${first} dir="auto" />
    <${Field} id="email" label=${t("signin.email")} type="email" autocomplete="username" dir="ltr" />
    <${Field} id="business_name" label=${t("signin.business")} autocomplete="organization" dir="auto" />
    <${Field} id="newPassword" label=${t("signin.newpassword")} type="password" autocomplete="new-password" minlength="10" hint=${t("signin.newpassword.hint")} dir="ltr" />
    <button type="submit" class="btn pri big" disabled=${busy}>${t("signin.create")}</button></form>`;
}

export function SignInPage() {
  const [[kind, link]] = useState(takeLink);
  const token = kind === "token" ? link : null;
  const [step, setStep] = useState(token || kind === "google" ? "link" : kind === "invitation" ? "invited" : kind === "password" ? "renew" : "password");
  const onward = () => go("/app/", { replace: true });
  const [send, busy, error] = useSend(onward);
  useEffect(() => {
    if (token) {
      send({ token }).then((code) => { if (code) setStep(code === "account_needed" ? "account" : "password"); });
    } else if (kind === "google") {
      send({ google: link }).then((code) => { if (code) setStep(code === "code_needed" ? "google" : "password"); });
    } else if (!kind && session.value === "in" && place.value.path === "/app/sign-in") onward();
  }, []);
  if (["invited", "renew", "forgotten"].includes(step)) {
    const part = { invited: "Invitation", renew: "NewPassword", forgotten: "Forgotten" }[step];
    return html`<main class="signin" id="main"><div class="card"><header><${Logo} /><span>ProSaaS</span></header>
      <${Lazy} key=${step} name=${`access.${step}`} load=${access(part)} token=${link} onSignIn=${() => setStep("password")} onIn=${() => loadMe().then(onward)} /></div></main>`;
  }
  return html`<main class="signin" id="main"><div class="card">
    <header><${Logo} /><span>ProSaaS</span></header>
    <h1>${t(step === "account" ? "signin.first.h" : step === "link" ? "signin.checking" : "signin.h")}</h1>
    <p class="lead">${t(step === "account" ? "signin.first.p" : step === "link" ? "wait" : "signin.p")}</p>
    ${error && html`<p class="bad box" role="alert"><${Icon} name="warn" /><bdi>${error}</bdi></p>`}
    ${step === "google" && html`<${Lazy} name="google.code" load=${google("GoogleCode")} token=${link} send=${send} busy=${busy} />`}
    ${step === "password" && withGoogle.value && html`<${Lazy} name="google" load=${google("Google")} quiet />`}
    ${step === "account" && html`<${AccountForm} token=${token} send=${send} busy=${busy} />`}
    ${step === "password" && html`<${PasswordForm} send=${send} busy=${busy} forgotten=${() => setStep("forgotten")} />`}
    <footer><${Icon} name="globe" />${otherLanguages().map((code) => html`<button type="button" class="lnk" lang=${code} onClick=${() => speakLanguage(code)}>${t(`lang.name.${code}`)}</button>`)}</footer>
  </div></main>`;
}

/** The session ended while somebody was at work: sign in again, the page and its drafts stay. */
export function AgainDialog() {
  const [send, busy, error] = useSend(() => {});
  return html`<${Dialog} title=${t("again.h")} class="small" onClose=${signOut}>
    <p>${t("again.p")}</p>
    ${error && html`<p class="bad box" role="alert"><${Icon} name="warn" /><bdi>${error}</bdi></p>`}
    <form class="stackform" onSubmit=${(event) => { event.preventDefault(); send(valuesOf(event.target)); }}>
      <${Field} id="email" label=${t("signin.email")} type="email" autocomplete="username" dir="ltr" defaultValue=${me.value?.user.email} />
      <${Field} id="password" label=${t("signin.password")} type="password" autocomplete="current-password" dir="ltr" />
      <button type="submit" class="btn pri" disabled=${busy}>${t("signin.go")}</button></form>
    <p class="hint">${t("signin.link")}</p>
  </${Dialog}>`;
}
