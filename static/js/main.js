/* The start: taste, language, session, then the page. */
import { html, render, effect } from "./core/signals.js";
import { firstLanguage, setLanguage, moreWords, lang } from "./core/i18n.js";
import * as prefs from "./core/prefs.js";
import * as router from "./core/router.js";
import { calm } from "./ui/lazy.js";
import { loadMe } from "./core/account.js";
import { App } from "./app.js";

prefs.start();
router.start();
const pressed = []; // before the keys' own module is here
const hear = (event) => pressed.push(event);
document.addEventListener("keydown", hear);

const root = document.getElementById("app");
await Promise.all([setLanguage(firstLanguage(prefs.stored("lang"))), loadMe()]);
effect(() => prefs.remember("lang", lang.value));
render(html`<${App} />`, root);
import("./core/keys.js").then((m) => {
  document.removeEventListener("keydown", hear);
  m.start(pressed);
});
calm.subscribe((now) => { // what the first screen can do without
  if (!now) return;
  moreWords();
  import("./core/tick.js").then((m) => m.start());
  import("./banners.js"); // what says that the network is gone cannot be fetched then
});
/* The worker comes once the page stands: what it fetches ahead must not be in the page's way. */
function register() {
  // Under require-trusted-types-for a worker's address, too, must come from a policy: this one knows one address.
  const policy = window.trustedTypes?.createPolicy("prosaas", { createScriptURL: () => "/sw.js" });
  navigator.serviceWorker.register(policy ? policy.createScriptURL("") : "/sw.js").catch(() => { /* looking works without it */ });
}
if ("serviceWorker" in navigator && window.isSecureContext) {
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
