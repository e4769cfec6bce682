/* Settings, section by section; a section comes when it is first looked at. */
import { html, useEffect } from "../core/signals.js";
import { at } from "../core/business.js";
import { route } from "../core/router.js";
import { t, loadWords } from "../core/i18n.js";
import { Lazy } from "../ui/lazy.js";
import { Frame } from "../ui/frame.js";
import { loadStyles } from "../ui/styles.js";

/* A section's module, its sheet and its words; gives its `Body`. */
const section = (module, { css, words } = {}) => Promise.all([module, css && loadStyles(css), words && loadWords(words)]).then(([m]) => m.Body);

/* One entry each; "-" parts the groups. Its name in the list is the word settings.<name>. */
const SECTIONS = [
  ["business", () => section(import("./settings/business.js"), { words: "own" })],
  ["people", () => section(import("./settings/people.js"), { words: "access" })],
  ["exportplan", () => section(import("./settings/exportplan.js"), { words: "exports", css: "exports" })],
  ["passwords", () => section(import("./settings/passwords.js"), { words: "vendors" })],
  "-",
  ["mailboxes", () => section(import("./settings/mailboxes.js"), { words: "delegated" })],
  ["senders", () => section(import("./settings/senders.js"))],
  ["phone", () => section(import("./settings/phone.js"), { words: "phone", css: "calls" })],
  "-",
  ["tokens", () => section(import("./settings/tokens.js"))],
  ["webhooks", () => section(import("./settings/webhooks.js"), { words: "webhooks" })],
  ["alerts", () => section(import("./settings/alerts.js"), { words: "alerts" })],
  ["audit", () => section(import("./settings/audit.js"), { words: "audit" })],
  "-",
  ["security", () => section(import("./settings/security.js"), { words: "access" })],
  ["you", () => section(import("./settings/you.js"), { words: "own" })],
];
const BY_NAME = Object.fromEntries(SECTIONS.filter((one) => one !== "-"));

export function Page() {
  const asked = route.value.rest[0];
  const here = Object.hasOwn(BY_NAME, asked) ? asked : "business";
  useEffect(() => { document.querySelector(".sections [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" }); }, [here]);
  return html`<${Frame} title=${t("nav.settings")} class="settings" wide>
    <nav class="sections" aria-label=${t("nav.settings")}>${SECTIONS.map((one, n) => one === "-" ? html`<hr key=${n} />` : html`<a key=${one[0]} href=${at(`settings/${one[0]}`)}
      aria-current=${one[0] === here ? "page" : null}>${t(`settings.${one[0]}`)}</a>`)}</nav>
    <section class="panel narrow"><h2>${t(`settings.${here}`)}</h2><${Lazy} key=${here} name=${`settings.${here}`} load=${BY_NAME[here]} /></section>
  </${Frame}>`;
}
