/* Settings: erasing for good, counted and confirmed by typing a name: the business, or one's own account. */
import { html, useState } from "../../core/signals.js";
import { api, get, me, sentence } from "../../core/api.js";
import { enter, loadMe } from "../../core/account.js";
import { business } from "../../core/business.js";
import { go } from "../../core/router.js";
import { t } from "../../core/i18n.js";
import { num } from "../../core/fmt.js";
import { toast } from "../../core/feedback.js";
import { Dialog } from "../../ui/dialog.js";
import { Labelled, Wrong } from "../../ui/form.js";
import { useLoad } from "../../ui/load.js";
import { Wait } from "../../ui/parts.js";

/* The dialog of both: what goes, what has to be typed, and a button that waits for it. */
function Sure({ title, text, label, expected, password, onErase, onClose, children }) {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const same = typed.trim().toLowerCase() === expected.trim().toLowerCase();
  const send = async (event) => {
    event.preventDefault();
    if (!same || busy) return;
    setBusy(true);
    setError("");
    try {
      await onErase(typed, event.target.password?.value);
    } catch (problem) {
      setError(sentence(problem));
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} class="small" onClose=${onClose}><form class="stackform" onSubmit=${send}>
    <p>${text}</p>${children}
    <${Labelled} id="sure" label=${label}><input class="in" id="sure" dir="auto" required autocomplete="off" placeholder=${expected} onInput=${(event) => setTyped(event.target.value)} /></${Labelled}>
    ${password && html`<${Labelled} id="surepass" label=${t("signin.password")}><input class="in" id="surepass" name="password" type="password" dir="ltr" required autocomplete="current-password" /></${Labelled}>`}
    <${Wrong} text=${error} />
    <div class="exfiles"><button type="button" class="btn" onClick=${onClose}>${t("act.cancel")}</button><button type="submit" class="btn irrev" disabled=${!same || busy}>${t("own.erase.yes")}</button></div></form></${Dialog}>`;
}

const COUNTED = ["receipts", "documents", "mails", "contacts", "tasks", "people"];

/** The business, for its owner. */
export function EraseBusiness() {
  const [open, setOpen] = useState(false);
  const [counts, error] = useLoad(async () => (open ? get("/api/business/erase") : null), [open]);
  const { name } = business.value;
  const erase = async (typed) => {
    await api("DELETE", "/api/business", { body: { name: typed } });
    toast(t("own.erased", { n: name }));
    enter(null);
    await loadMe();
    go("/app/", { replace: true });
  };
  return html`<h3>${t("own.erase.business")}</h3><p class="hint">${t("own.erase.business.p")}</p>
    <div><button type="button" class="btn danger" onClick=${() => setOpen(true)}>${t("own.erase.business")}</button></div>
    ${open && html`<${Sure} title=${t("own.erase.h", { n: name })} text=${t("own.erase.business.long")} label=${t("own.erase.type", { n: name })} expected=${name} onErase=${erase} onClose=${() => setOpen(false)}>
      <${Wrong} text=${error && sentence(error)} />
      ${!counts ? html`<${Wait} rows=${2} />` : html`<dl class="facts">${COUNTED.map((kind) => html`<dt key=${kind}>${t(`own.count.${kind}`)}</dt><dd class="num">${num(counts[kind] || 0)}</dd>`)}</dl>`}</${Sure}>`}`;
}

/** One's own account. */
export function EraseMe() {
  const [open, setOpen] = useState(false);
  const { email, has_password: password } = me.value.user;
  const erase = async (typed, given) => {
    await api("DELETE", "/api/me", { body: { email: typed, ...(given ? { password: given } : {}) } });
    enter(null);
    await loadMe();
    go("/app/", { replace: true });
  };
  return html`<h3>${t("own.erase.me")}</h3><p class="hint">${t("own.erase.me.p")}</p>
    <div><button type="button" class="btn danger" onClick=${() => setOpen(true)}>${t("own.erase.me")}</button></div>
    ${open && html`<${Sure} title=${t("own.erase.me")} text=${t("own.erase.me.long")} label=${t("own.erase.type", { n: email })} expected=${email} password=${password} onErase=${erase} onClose=${() => setOpen(false)} />`}`;
}
