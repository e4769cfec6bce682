/* The keys that work everywhere. */
import { at, mayWrite } from "./core/business.js";
import { go } from "./core/router.js";
import { t } from "./core/i18n.js";
import { useKeys } from "./core/keys.js";
import { theme, isDark } from "./core/prefs.js";
import { startSync } from "./core/sync.js";
import { undoLast } from "./core/undo.js";

export function EveryKey({ show }) {
  useKeys(t("keys.everywhere"), {
    "Mod+k": [t("keys.palette"), () => show("palette"), { typing: true }],
    "?": [t("keys.help"), () => show("help")],
    z: [t("keys.undo"), () => undoLast()],
    "g r": [t("keys.go", { p: t("nav.receipts") }), () => go(at("receipts"))],
    "g m": [t("keys.go", { p: t("nav.mail") }), () => go(at("mail"))],
    "g s": [t("keys.go", { p: t("nav.status") }), () => go(at("status"))],
    "g e": [t("keys.go", { p: t("nav.settings") }), () => go(at("settings"))],
    s: [t("sync.now"), () => { if (mayWrite.value) startSync(); }],
    t: [t("theme.toggle"), () => { theme.value = isDark() ? "light" : "dark"; }],
  });
  return null;
}
