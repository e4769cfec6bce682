/* The frame around every page: side bar, phone bar, banners, global keys. */
import { html, useState, useEffect, useRef } from "./core/signals.js";
import { me, slug, online } from "./core/api.js";
import { signOut, speakLanguage } from "./core/account.js";
import { business, mailSources, counts, at, mayWrite } from "./core/business.js";
import { route, go } from "./core/router.js";
import { t, lang } from "./core/i18n.js";
import { theme, isDark } from "./core/prefs.js";
import { num, ago } from "./core/fmt.js";
import { useKeys } from "./core/keys.js";
import { undoLast } from "./core/feedback.js";
import { active, startSync, workerOffline, reconnecting } from "./core/sync.js";
import { connectGmail } from "./core/connect.js";
import { withStyles } from "./ui/styles.js";
import { Icon, Logo } from "./ui/icons.js";
import { Avatar, Menu } from "./ui/parts.js";
import { capture } from "./uploads.js";
import { DropZone, UploadTray } from "./uploads_view.js";
import { Lazy } from "./app.js";

const LINKS = [["receipts", "receipt"], ["mail", "mail"], ["status", "pulse"], ["settings", "gear"]];

function NavLink({ name, icon, extra }) {
  return html`<a href=${at(name)} aria-current=${route.value.page === name ? "page" : null}>
    <${Icon} name=${icon} /><span class="lbl">${t(`nav.${name}`)}</span>${extra}</a>`;
}

/* Which business, and the way to the others. */
function Workspace() {
  const all = me.value.businesses;
  const name = business.value?.name || all.find((b) => b.slug === slug.value)?.name || "";
  const [open, setOpen] = useState(false);
  const wrap = useRef(null);
  useEffect(() => {
    if (!open) return undefined;
    const away = (event) => { if (!wrap.current?.contains(event.target)) setOpen(false); };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  const inner = html`<${Avatar} name=${name} /><span class="grow"><b class="trunc"><bdi>${name}</bdi></b>
    <small>${t(`role.${all.find((b) => b.slug === slug.value)?.role || "accountant"}`)}</small></span>`;
  if (all.length < 2) return html`<div class="ws one">${inner}</div>`;
  return html`<div class="menuwrap wide" ref=${wrap} onKeyDown=${(e) => { if (e.key === "Escape") setOpen(false); }}>
    <button type="button" class="ws" aria-haspopup="menu" aria-expanded=${open} onClick=${() => setOpen(!open)}>${inner}<${Icon} name="down" /></button>
    ${open && html`<div class="menu start" role="menu" aria-label=${t("nav.businesses")}>
      ${all.map((b) => html`<a role="menuitem" href=${`/app/b/${encodeURIComponent(b.slug)}/receipts`} onClick=${() => setOpen(false)}>
        <span class="noicon">${b.slug === slug.value ? html`<${Icon} name="check" />` : ""}</span><bdi class="trunc">${b.name}</bdi></a>`)}
    </div>`}
  </div>`;
}

/* Where mail comes from, and how fresh it is. */
function Sources() {
  const boxes = mailSources.value;
  if (!boxes.length) return null;
  const bad = boxes.find((box) => box.status === "needs_reconnect");
  const box = bad || boxes[0];
  const text = bad ? t("src.reconnect") : box.status === "connected" ? t("src.connected") : t("src.disconnected");
  return html`<a class="src" href=${at("settings/mailboxes")}><span class="r">
    <span class=${`dot ${bad ? "bad" : box.status === "connected" ? "" : "off"}`}></span>
    <span class="grow"><b>${text}</b><span class="m trunc">${active.value ? t("src.syncing")
      : box.last_sync_at ? t("src.synced", { t: ago(box.last_sync_at) }) : t("src.never")}</span></span></span></a>`;
}

function Me() {
  const { user } = me.value;
  const other = lang.value === "he" ? "en" : "he";
  return html`<${Menu} class="me" align="start" up label=${t("nav.account")} text=${html`<${Avatar} name=${user.name || user.email} />
      <span class="lbl trunc"><bdi>${user.name || user.email}</bdi></span>`} items=${[
    { label: t(isDark() ? "theme.light" : "theme.dark"), icon: isDark() ? "sun" : "moon", act: toggleTheme, key: "t" },
    { label: t(`lang.to.${other}`), icon: "globe", act: () => speakLanguage(other) },
    { label: t("nav.help"), icon: "help", key: "?", act: () => openOverlay("help") },
    "-",
    { label: t("nav.settings"), icon: "gear", act: () => go(at("settings")) },
    { label: t("nav.signout"), icon: "out", act: signOut },
  ]} />`;
}
const toggleTheme = () => { theme.value = isDark() ? "light" : "dark"; };

function Banners() {
  const lost = mailSources.value.filter((box) => box.status === "needs_reconnect");
  return html`
    ${!online.value && html`<p class="banner info" role="status"><${Icon} name="warn" /><span class="grow">${t("banner.offline")}</span></p>`}
    ${lost.map((box) => html`<p class="banner" role="alert" key=${box.id}><${Icon} name="warn" />
      <span class="grow"><b>${t("banner.reconnect", { a: box.address })}</b> <bdi>${box.error?.text || ""}</bdi></span>
      ${mayWrite.value && html`<button type="button" class="btn" onClick=${() => connectGmail(box.id)}>${t("act.reconnect")}</button>`}</p>`)}
    ${workerOffline.value && active.value && html`<p class="banner" role="status"><${Icon} name="clock" /><span class="grow">${t("banner.worker")}</span>
      <a class="btn" href=${at("status")}>${t("nav.status")}</a></p>`}
    ${reconnecting.value && html`<p class="banner info" role="status"><${Icon} name="sync" /><span class="grow">${t("banner.reconnecting")}</span></p>`}`;
}

let openOverlay = () => {};
const OVERLAYS = {
  palette: () => withStyles("pages", import("./palette.js")).then((m) => m.Palette),
  help: () => withStyles("pages", import("./palette.js")).then((m) => m.Help),
};
/** Open one of the overlays: "palette", "help". */
export const overlay = (name) => openOverlay(name);

export function Shell({ children }) {
  const [shown, show] = useState(null);
  openOverlay = show;
  const { page } = route.value;
  useKeys(t("keys.everywhere"), {
    "Mod+k": [t("keys.palette"), () => show("palette"), { typing: true }],
    "?": [t("keys.help"), () => show("help")],
    z: [t("keys.undo"), () => undoLast()],
    "g r": [t("keys.go", { p: t("nav.receipts") }), () => go(at("receipts"))],
    "g m": [t("keys.go", { p: t("nav.mail") }), () => go(at("mail"))],
    "g s": [t("keys.go", { p: t("nav.status") }), () => go(at("status"))],
    "g e": [t("keys.go", { p: t("nav.settings") }), () => go(at("settings"))],
    s: [t("sync.now"), () => { if (mayWrite.value) startSync(); }],
    t: [t("theme.toggle"), toggleTheme],
  });
  const waiting = counts.value?.to_review || 0;
  return html`<div class="app">
    <aside class="side" aria-label=${t("nav.side")}>
      <a class="brand" href=${at("receipts")}><${Logo} /><span>ProSaaS</span></a>
      <${Workspace} />
      <nav class="nav" aria-label=${t("nav.main")}>
        ${LINKS.map(([name, icon]) => html`<${NavLink} key=${name} name=${name} icon=${icon}
          extra=${name === "receipts" && waiting > 0 && html`<span class="n hot">${num(waiting)}<span class="sr"> ${t("tab.review")}</span></span>`} />`)}
      </nav>
      <div class="grow"></div>
      <${Sources} />
      <${Me} />
    </aside>
    <div class="col"><${Banners} />${children}</div>
    <nav class="bnav" aria-label=${t("nav.main")}>
      <a href=${at("receipts")} aria-current=${page === "receipts" ? "page" : null}><${Icon} name="receipt" />${t("nav.receipts")}</a>
      <a href=${at("mail")} aria-current=${page === "mail" ? "page" : null}><${Icon} name="mail" />${t("nav.mail")}</a>
      <button type="button" class="cam" aria-label=${t("nav.capture")} disabled=${!mayWrite.value} onClick=${capture}><${Icon} name="camera" /></button>
      <a href=${at("status")} aria-current=${page === "status" ? "page" : null}><${Icon} name="pulse" />${t("nav.status")}</a>
      <a href=${at("settings")} aria-current=${page === "settings" ? "page" : null}><${Icon} name="menu" />${t("nav.more")}</a>
    </nav>
    <${DropZone} /><${UploadTray} />
    ${shown && html`<${Lazy} key=${shown} name=${`overlay.${shown}`} load=${OVERLAYS[shown]} onClose=${() => show(null)} />`}
  </div>`;
}
