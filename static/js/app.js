/* The whole screen: who is there, which page, and the frame around it. */
import { html, useEffect, useState, useLayoutEffect } from "./core/signals.js";
import { session, me } from "./core/api.js";
import { enter, lastBusiness, loadMe } from "./core/account.js";
import { at } from "./core/business.js";
import { route, place, go } from "./core/router.js";
import { t, lang } from "./core/i18n.js";
import { Toasts, Trouble, Wait } from "./ui/parts.js";
import { withStyles } from "./ui/styles.js";
import { Shell } from "./shell.js";
import { ReceiptsPage } from "./receipts/page.js";

/* Pages by name; all but the receipts come when they are first visited. */
const PAGES = {
  receipts: () => ReceiptsPage,
  mail: () => withStyles("pages", import("./pages/mail.js")).then((m) => m.MailPage),
  status: () => withStyles("pages", import("./pages/status.js")).then((m) => m.StatusPage),
  settings: () => withStyles("pages", import("./pages/settings.js")).then((m) => m.SettingsPage),
};
const loaded = new Map([["receipts", ReceiptsPage]]);

/** A page or panel that is fetched on first use. */
export function Lazy({ name, load, ...props }) {
  const [state, set] = useState(() => loaded.get(name) || null);
  useEffect(() => {
    let live = true;
    if (loaded.get(name)) { set(() => loaded.get(name)); return undefined; }
    set(null);
    Promise.resolve(load()).then(
      (page) => { loaded.set(name, page); if (live) set(() => page); },
      () => { if (live) set("failed"); },
    );
    return () => { live = false; };
  }, [name]);
  if (state === "failed") return html`<${Trouble} text=${t("error.page")} again=${() => window.location.reload()} />`;
  return state ? html`<${state} ...${props} />` : html`<${Wait} />`;
}

const signinPage = () => withStyles("pages", import("./pages/signin.js")).then((m) => m.SignInPage);

export function App() {
  const { slug: name, page } = route.value;
  const state = session.value;
  const known = me.value?.businesses.some((b) => b.slug === name);
  useLayoutEffect(() => { if (state === "in") enter(known ? name : null); }, [state, name, known]);
  useEffect(() => {
    if (state !== "in" || page === "sign-in") return;
    if (!name) {
      const last = lastBusiness();
      if (last) go(`/app/b/${encodeURIComponent(last)}/${page && PAGES[page] ? page : "receipts"}${place.value.query}`, { replace: true });
    } else if (known && !page) go(at("receipts"), { replace: true });
  }, [state, name, page, known]);
  useEffect(() => {
    const title = t(state === "in" ? `nav.${PAGES[page] ? page : "receipts"}` : "signin.title");
    document.title = `${title} · ProSaaS`;
  }, [state, page, lang.value]);

  let content;
  if (state === "loading") content = null;
  else if (state === "down") {
    content = html`<main id="main" class="alone"><${Trouble} text=${t("error.down")} again=${() => { session.value = "loading"; loadMe(); }} /></main>`;
  } else if (state === "out" || page === "sign-in") content = html`<${Lazy} name="signin" load=${signinPage} />`;
  else if (name && !known) content = html`<main id="main" class="alone"><${Trouble} text=${t("error.no_business")} /></main>`;
  else if (!name) content = me.value.businesses.length ? null : html`<main id="main" class="alone"><${Trouble} text=${t("error.none_yet")} /></main>`;
  else if (!PAGES[page] && page) content = html`<${Shell}><${Trouble} text=${t("error.no_page")} /></${Shell}>`;
  else {
    content = html`<${Shell} key=${name}>
      <${Lazy} name=${page || "receipts"} load=${PAGES[page || "receipts"]} />
    </${Shell}>`;
  }
  return html`<a class="skip" href="#main">${t("app.skip")}</a>${content}
    ${state === "expired" && html`<${Lazy} name="again" load=${() => withStyles("pages", import("./pages/signin.js")).then((m) => m.AgainDialog)} />`}
    <${Toasts} />`;
}
