/* The keys that work everywhere. */
import { at, mayWrite } from "./core/business.js";
import { go } from "./core/router.js";
import { t } from "./core/i18n.js";
import { useKeys } from "./core/keys.js";
import { theme, isDark } from "./core/prefs.js";
import { startSync } from "./core/sync.js";
import { undoLast } from "./core/undo.js";
import { PAGES } from "./pages.js";

export function EveryKey({ show }) {
  useKeys(t("keys.everywhere"), {
    "Mod+k": [t("keys.palette"), () => show("palette"), { typing: true }],
    "?": [t("keys.help"), () => show("help")],
    z: [t("keys.undo"), () => undoLast()],
    ...Object.fromEntries(Object.values(PAGES).filter((page) => page.key).map(({ name, key }) =>
      [`g ${key}`, [t("keys.go", { p: t(`nav.${name}`) }), () => go(at(name))]])),
    s: [t("sync.now"), () => { if (mayWrite.value) startSync(); }],
    t: [t("theme.toggle"), () => { theme.value = isDark() ? "light" : "dark"; }],
  }, { late: true });
  return null;
}
