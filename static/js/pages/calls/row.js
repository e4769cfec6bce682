/* A call in the list: who, what became of it, when. */
import { html } from "../../core/signals.js";
import { t } from "../../core/i18n.js";
import { Icon } from "../../ui/icons.js";
import "./icons.js";

const ICON = { answered: "answered", voicemail: "voicemail", interrupted: "warn", missed: "missed", blocked: "ban", hidden: "ban" };
const TONE = { answered: "ok", voicemail: "info", interrupted: "bad", missed: "bad", blocked: "ok", hidden: "ok" };

/** Whose call it is: the contact, the carrier's name, the number. */
export const Who = ({ call }) => call.contact ? html`<bdi dir="auto">${call.contact.name}</bdi>`
  : call.caller_name ? html`<bdi dir="auto">${call.caller_name}</bdi>`
    : call.from ? html`<bdi dir="ltr">${call.from}</bdi>` : t("calls.hidden_number");

export const iconOf = (call) => ICON[call.outcome] || "phone";

export const Outcome = ({ call }) => html`<span class=${`flag ${TONE[call.outcome] || "info"}`}><${Icon} name=${iconOf(call)} />${t(`calls.outcome.${call.outcome || "running"}`)}</span>`;
