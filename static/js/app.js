/* The whole screen: who is there, which page, and the frame around it. */
import { html, useEffect, useLayoutEffect } from "./core/signals.js";
import { session, me } from "./core/api.js";
import { enter, lastBusiness, loadMe } from "./core/account.js";
import { at } from "./core/business.js";
import { toasts } from "./core/feedback.js";
import { route, place, go } from "./core/router.js";
import { t, lang } from "./core/i18n.js";
import { Trouble } from "./ui/parts.js";
import { Boundary, Lazy, calm, settleDown } from "./ui/lazy.js";
import { withStyles } from "./ui/styles.js";
import { Shell } from "./shell.js";
import { ReceiptsPage } from "./receipts/page.js";
import { PAGES } from "./pages.js";

const toastStack = () => withStyles("more", import("./ui/toasts.js")).then((m) => m.Toasts);
const signinPage = () => withStyles("pages", import("./pages/signin.js")).then((m) => m.SignInPage);

export function App() {
  const { slug: name, page, rest } = route.value;
  const state = session.value;
  const known = me.value?.businesses.some((b) => b.slug === name);
  useLayoutEffect(() => { if (state === "in") enter(known ? name : null); }, [state, name, known]);
  useEffect(() => {
    if (state !== "in" || page === "sign-in") return;
    if (!name) {
      const last = lastBusiness();
      if (last) go(`/app/b/${encodeURIComponent(last)}/${Object.hasOwn(PAGES, page) ? [page, ...rest].map(encodeURIComponent).join("/") : "receipts"}${place.value.query}`, { replace: true });
    } else if (known && !page) go(at("receipts"), { replace: true });
  }, [state, name, page, known]);
  useEffect(() => {
    const title = t(state === "in" ? `nav.${Object.hasOwn(PAGES, page) ? page : "receipts"}` : "signin.title");
    document.title = `${title} · ProSaaS`;
  }, [state, page, lang.value]);

  useEffect(() => { if (page && page !== "receipts") settleDown(); }, [page]);

  let content;
  if (state === "loading") content = null;
  else if (state === "down") {
    content = html`<main id="main" class="alone"><${Trouble} text=${t("error.down")} again=${() => { session.value = "loading"; loadMe(); }} /></main>`;
  } else if (state === "out" || page === "sign-in") content = html`<${Lazy} name="signin" load=${signinPage} />`;
  else if (name && !known) content = html`<main id="main" class="alone"><${Trouble} text=${t("error.no_business")} /></main>`;
  else if (!name) content = me.value.businesses.length ? null : html`<main id="main" class="alone"><${Trouble} text=${t("error.none_yet")} /></main>`;
  else if (page && !Object.hasOwn(PAGES, page)) content = html`<${Shell}><${Trouble} text=${t("error.no_page")} /></${Shell}>`;
  else {
    content = html`<${Shell} key=${name}>
      <${Boundary} key=${page || "receipts"}>${!page || page === "receipts" ? html`<${ReceiptsPage} />` : html`<${Lazy} name=${page} load=${PAGES[page].load} />`}</${Boundary}>
    </${Shell}>`;
  }
  return html`<a class="skip" href="#main">${t("app.skip")}</a>${content}
    ${state === "expired" && html`<${Lazy} name="again" load=${() => withStyles("pages", import("./pages/signin.js")).then((m) => m.AgainDialog)} />`}
    ${(calm.value || toasts.value.length > 0) && html`<${Lazy} name="toasts" load=${toastStack} quiet />`}`;
}
