/* Oneself, at the foot of the side bar: look, language, help, settings, signing out. */
import { html } from "./core/signals.js";
import { me } from "./core/api.js";
import { signOut, speakLanguage } from "./core/account.js";
import { at } from "./core/business.js";
import { go } from "./core/router.js";
import { t, otherLanguages } from "./core/i18n.js";
import { theme, isDark } from "./core/prefs.js";
import { Avatar, Menu } from "./ui/parts.js";

export function Me({ help }) {
  const { user } = me.value;
  return html`<${Menu} class="me" align="start" up label=${t("nav.account")} text=${html`<${Avatar} name=${user.name || user.email} />
      <span class="lbl trunc" dir="auto">${user.name || user.email}</span>`} items=${[
    { label: t(isDark() ? "theme.light" : "theme.dark"), icon: isDark() ? "sun" : "moon", act: () => { theme.value = isDark() ? "light" : "dark"; }, key: "t" },
    ...otherLanguages().map((code) => ({ label: t(`lang.name.${code}`), icon: "globe", act: () => speakLanguage(code) })),
    { label: t("nav.help"), icon: "help", key: "?", act: help },
    "-",
    { label: t("nav.settings"), icon: "gear", act: () => go(at("settings")) },
    { label: t("nav.signout"), icon: "out", act: signOut },
  ]} />`;
}
