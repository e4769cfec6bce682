/* The frame around every page: side bar, phone bar, banners, global keys. */
import { html, useState } from "./core/signals.js";
import { me, slug, online } from "./core/api.js";
import { business, mailSources, counts, at, mayWrite, unreadAlerts } from "./core/business.js";
import { route, go } from "./core/router.js";
import { t, worded } from "./core/i18n.js";
import { num } from "./core/fmt.js";
import { active, workerOffline, reconnecting } from "./core/sync.js";
import { withStyles } from "./ui/styles.js";
import { Icon, Logo } from "./ui/icons.js";
import { Avatar, Menu } from "./ui/parts.js";
import { Lazy, calm } from "./ui/lazy.js";
import { MENU, PAGES } from "./pages.js";

const banners = () => withStyles("more", import("./banners.js")).then((m) => m.Banners);
const views = () => withStyles("more", import("./receipts/views.js")).then((m) => m.Views);
const everyKey = () => withStyles("more", import("./everywhere.js")).then((m) => m.EveryKey);
const sources = () => withStyles("more", import("./sources.js")).then((m) => m.Sources);
const uploads = () => withStyles("more", import("./uploads_view.js")).then((m) => m.Uploads);
const account = () => withStyles("more", import("./me.js")).then((m) => m.Me);
const capture = () => worded(import("./uploads.js")).then((m) => m.capture());
const BAR = ["receipts", "mail", "calls"]; // what stands in the phone's bar beside the camera, as far as it is there

function NavLink({ name, icon, extra }) {
  return html`<a href=${at(name)} aria-current=${route.value.page === name ? "page" : null}>
    <${Icon} name=${icon} /><span class="lbl">${t(`nav.${name}`)}</span>${extra}</a>`;
}

/* The phone's bar: the first pages, the camera, and the way to all others. */
function PhoneBar() {
  const { page } = route.value;
  const told = unreadAlerts.value > 0 ? ` (${num(unreadAlerts.value)})` : "";
  const barred = [...BAR, "status"].filter((name) => PAGES[name]).slice(0, 3);
  const link = (name) => html`<a key=${name} href=${at(name)} aria-current=${page === name ? "page" : null}><${Icon} name=${PAGES[name].icon} />${t(`nav.${name}`)}</a>`;
  const others = MENU.filter((one) => !barred.includes(one.name)).filter((one, n, all) => one !== "-" || (n > 0 && all[n - 1] !== "-"));
  return html`<nav class="bnav" aria-label=${t("nav.main")}>
    ${barred.slice(0, 2).map(link)}
    <button type="button" class="cam" aria-label=${t("nav.capture")} disabled=${!mayWrite.value} onClick=${capture}><${Icon} name="camera" /></button>
    ${barred.slice(2).map(link)}
    <${Menu} class=${barred.includes(page) ? "" : "on"} up label=${t("nav.more")} text=${html`<${Icon} name="menu" />${t("nav.more")}${told}`}
      items=${others.map((one) => (one === "-" ? one : { label: t(`nav.${one.name}`) + (one.name === "alerts" ? told : ""), icon: one.icon, act: () => go(at(one.name)) }))} />
  </nav>`;
}

/* Which business, and the way to the others. */
function Workspace() {
  const all = me.value.businesses;
  const mine = all.find((b) => b.slug === slug.value);
  const name = business.value?.name || mine?.name || "";
  const inner = html`<${Avatar} name=${name} /><span class="grow"><b class="trunc" dir="auto">${name}</b>
    <small>${t(`role.${mine?.role || "accountant"}`)}</small></span>`;
  if (all.length < 2) return html`<div class="ws one">${inner}</div>`;
  return html`<${Menu} class="ws" align="start" label=${t("nav.businesses")} text=${inner} items=${all.map((b) => ({
    label: html`<bdi>${b.name}</bdi>`, checked: b.slug === slug.value,
    act: () => go(`/app/b/${encodeURIComponent(b.slug)}/receipts`) }))} />`;
}

const OVERLAYS = {
  palette: () => withStyles("pages", import("./palette.js")).then((m) => m.Palette),
  help: () => withStyles("pages", import("./palette.js")).then((m) => m.Help),
};

export function Shell({ children }) {
  const [shown, show] = useState(null);
  const trouble = !online.value || reconnecting.value || (workerOffline.value && active.value)
    || mailSources.value.some((box) => box.status === "needs_reconnect");
  const waiting = counts.value?.to_review || 0;
  return html`<div class="app">
    <aside class="side" aria-label=${t("nav.side")}>
      <a class="brand" href=${at("receipts")}><${Logo} /><span>ProSaaS</span></a>
      <${Workspace} />
      <nav class="nav" aria-label=${t("nav.main")}>
        ${MENU.map(({ name, icon }, n) => !name ? html`<hr key=${n} />` : html`<${NavLink} key=${name} name=${name} icon=${icon}
          extra=${name === "receipts" ? waiting > 0 && html`<span class="n hot">${num(waiting)}<span class="sr"> ${t("tab.review")}</span></span>`
            : name === "alerts" && unreadAlerts.value > 0 && html`<span class="n hot">${num(unreadAlerts.value)}</span>`} />`)}
      </nav>
      ${calm.value && html`<${Lazy} name="views" load=${views} quiet />`}
      <div class="grow"></div>
      ${calm.value && html`<${Lazy} name="sources" load=${sources} quiet />`}
      ${calm.value && html`<${Lazy} name="me" load=${account} quiet help=${() => show("help")} />`}
    </aside>
    ${calm.value && html`<${Lazy} name="keys" load=${everyKey} quiet show=${show} />`}
    <div class="col">${trouble && html`<${Lazy} name="banners" load=${banners} quiet />`}${children}</div>
    <${PhoneBar} />
    ${calm.value && html`<${Lazy} name="uploads" load=${uploads} quiet />`}
    ${shown && html`<${Lazy} key=${shown} name=${`overlay.${shown}`} load=${OVERLAYS[shown]} onClose=${() => show(null)} />`}
  </div>`;
}
