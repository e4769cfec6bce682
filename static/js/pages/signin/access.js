/* Ways in besides the password: an invitation, a forgotten password, the code of a second factor. */
import { html, useEffect, useRef, useState } from "../../core/signals.js";
import { post, sentence, session } from "../../core/api.js";
import { t, lang } from "../../core/i18n.js";
import { Wrong } from "../../ui/form.js";

function Field({ id, label, hint, ...extra }) {
  return html`<div class="f"><label for=${id}>${label}</label><input id=${id} name=${id} class="in" required ...${extra} aria-describedby=${hint ? `${id}-h` : null} />${hint && html`<p class="hint" id=${`${id}-h`}>${hint}</p>`}</div>`;
}
/* Where only a password is asked for, the browser's keeper of passwords is told whose it is. */
const Whose = ({ email = "" }) => html`<input type="text" hidden readonly tabindex="-1" autocomplete="username" value=${email} />`;
const secret = { type: "password", autocomplete: "new-password", minlength: 10, dir: "ltr" };

/** The field for the second factor's code. */
export function Code() {
  const field = useRef(null);
  useEffect(() => { field.current?.querySelector("input").focus(); }, []);
  return html`<div ref=${field}><${Field} id="code" label=${t("access.code")} hint=${t("access.code.p")} inputmode="numeric" autocomplete="one-time-code" dir="ltr" /></div>`;
}

/** An invitation: as who one is, or with a new account. */
export function Invitation({ token, onSignIn, onIn }) {
  const [offer, setOffer] = useState(null);
  const [error, setError] = useState("");
  useEffect(() => { post("/api/invitations/look", { token }).then(setOffer, (problem) => setError(sentence(problem))); }, []);
  const accept = async (values) => {
    setError("");
    try {
      await post("/api/invitations/accept", { token, ...values });
      onIn();
    } catch (problem) { setError(sentence(problem)); }
  };
  const submit = (event) => {
    event.preventDefault();
    accept({ ...Object.fromEntries(new FormData(event.target)), language: lang.value });
  };
  return html`<h1>${offer ? t("access.invited.h", { b: offer.business }) : t("access.invited")}</h1><${Wrong} text=${error} />
    ${offer && html`<p class="lead">${t("access.invited.p", { r: t(`role.${offer.role}`), e: offer.email })}</p>
      ${session.value === "in" ? html`<button type="button" class="btn pri big" onClick=${() => accept({})}>${t("access.join")}</button>`
        : offer.known ? html`<p>${t("access.known")}</p><button type="button" class="btn pri big" onClick=${onSignIn}>${t("signin.go")}</button>`
        : html`<form onSubmit=${submit}><${Whose} email=${offer.email} /><${Field} id="name" label=${t("signin.name")} autocomplete="name" dir="auto" />
          <${Field} id="password" label=${t("signin.newpassword")} hint=${t("access.password.p")} ...${secret} />
          <button type="submit" class="btn pri big">${t("access.join")}</button></form>`}`}`;
}

/** A new password by the link that was mailed. */
export function NewPassword({ token, onSignIn }) {
  const [state, setState] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    try {
      await post("/api/session/password", { token, password: new FormData(event.target).get("password") });
      setState({ done: true });
    } catch (problem) { setState({ error: sentence(problem) }); }
  };
  return html`<h1>${t("access.new.h")}</h1><${Wrong} text=${state.error} />
    ${state.done ? html`<p class="lead" role="status">${t("access.new.done")}</p><button type="button" class="btn pri big" onClick=${onSignIn}>${t("signin.go")}</button>`
      : html`<form onSubmit=${submit}><${Whose} /><${Field} id="password" label=${t("signin.newpassword")} hint=${t("access.password.p")} ...${secret} /><button type="submit" class="btn pri big">${t("act.save")}</button></form>`}`;
}

/** Asking for such a link. */
export function Forgotten({ onSignIn }) {
  const [state, setState] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    try {
      await post("/api/session/forgotten", { email: new FormData(event.target).get("email") });
      setState({ sent: true });
    } catch (problem) { setState({ error: sentence(problem) }); }
  };
  return html`<h1>${t("signin.forgotten")}</h1><${Wrong} text=${state.error} />
    ${state.sent ? html`<p class="lead" role="status">${t("access.sent")}</p>` : html`<p class="lead">${t("access.forgotten.p")}</p>
      <form onSubmit=${submit}><${Field} id="email" label=${t("signin.email")} type="email" autocomplete="username" dir="ltr" /><button type="submit" class="btn pri big">${t("access.send")}</button></form>`}
    <button type="button" class="lnk" onClick=${onSignIn}>${t("access.back")}</button>`;
}
