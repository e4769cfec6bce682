/* Settings, section by section. */
import { html } from "../core/signals.js";
import { at } from "../core/business.js";
import { route } from "../core/router.js";
import { t } from "../core/i18n.js";
import { Body as Business } from "./settings/business.js";
import { Body as Mailboxes } from "./settings/mailboxes.js";
import { Body as People } from "./settings/people.js";
import { Body as Senders } from "./settings/senders.js";
import { Body as Tokens } from "./settings/tokens.js";
import { Body as You } from "./settings/you.js";

const SECTIONS = { business: Business, mailboxes: Mailboxes, senders: Senders, people: People, tokens: Tokens, you: You };

export function SettingsPage() {
  const asked = route.value.rest[0];
  const here = Object.hasOwn(SECTIONS, asked) ? asked : "business";
  return html`<main class="main page" id="main" tabindex="-1">
    <header class="top"><h1 class="h1">${t("nav.settings")}</h1></header>
    <div class="fb"><nav class="tabs" aria-label=${t("nav.settings")}>${Object.keys(SECTIONS).map((name) => html`<a key=${name} href=${at(`settings/${name}`)}
      aria-current=${name === here ? "true" : null}>${t(`settings.${name}`)}</a>`)}</nav></div>
    <div class="body"><section class="panel narrow"><h2>${t(`settings.${here}`)}</h2><${SECTIONS[here]} key=${here} /></section></div>
  </main>`;
}
