/* Settings: how an operator makes the Google client that Gmail is read through, and how long a permission lasts. */
import { html } from "../../core/signals.js";
import { get } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { moment } from "../../core/fmt.js";
import { Icon } from "../../ui/icons.js";
import { Copied } from "../../ui/form.js";
import { useLoad } from "../../ui/load.js";

const HOUR = 3600, DAY = 86400, SOON = 2 * DAY;

/** Time left in words: days while there are two, hours after that. */
function left(seconds) {
  return seconds >= SOON ? t("gsetup.days", { n: Math.floor(seconds / DAY) }) : t("gsetup.hours", { n: Math.floor(seconds / HOUR) });
}

export function GmailSetup() {
  const [setup, error] = useLoad(() => get("/api/gmail/setup"), []);
  if (error || !setup) return null;
  const ends = setup.token_expires_at;
  return html`
    ${ends && html`<p class=${`${setup.seconds_left < SOON ? "bad " : ""}box`} role="status"><${Icon} name="clock" />
      <span>${t("gsetup.ends", { left: left(setup.seconds_left), at: moment(ends) })} ${setup.testing_suspected ? t("gsetup.testing") : ""}</span></p>`}
    <details class="morefields" open=${!setup.client_configured}><summary><${Icon} name="chev" flip />${t("gsetup.h")}</summary>
      <div class="stackform"><p class="hint">${t("gsetup.p")}</p>
        ${setup.problem && html`<p class="bad box" role="alert"><${Icon} name="warn" /><bdi>${setup.problem.text}</bdi></p>`}
        <ol class="steps">${["project", "consent", "client", "publish", "env", "connect"].map((step) => html`<li key=${step}>${t(`gsetup.${step}`)}</li>`)}</ol>
        <${Copied} label=${t("gsetup.redirect")} value=${setup.redirect_uri} />
        <${Copied} label=${t("gsetup.origin")} value=${setup.javascript_origin} />
        <p class="hint">${t(setup.client_configured ? "gsetup.there" : "gsetup.missing")}</p></div></details>`;
}
