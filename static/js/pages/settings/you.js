/* Settings: one's own name, password, language and taste. */
import { html, useState } from "../../core/signals.js";
import { api, me, sentence } from "../../core/api.js";
import { speakLanguage, signOut } from "../../core/account.js";
import { t, lang, LANGUAGES } from "../../core/i18n.js";
import { theme, density, singleKeys } from "../../core/prefs.js";
import { toast } from "../../core/feedback.js";
import { Icon } from "../../ui/icons.js";
import { Labelled, choose } from "../../ui/form.js";
import { EraseMe } from "./erase.js";

export function Body() {
  const [error, setError] = useState("");
  const { user } = me.value;
  const save = async (event) => {
    event.preventDefault();
    setError("");
    const values = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value));
    if (!values.password) delete values.old_password;
    try {
      me.value = await api("PATCH", "/api/me", { body: values });
      event.target.password.value = "";
      if (event.target.old_password) event.target.old_password.value = "";
      toast(t("settings.saved"), { life: 4000 });
    } catch (problem) { setError(sentence(problem)); }
  };
  return html`<div class="stackform">
    <form class="stackform" onSubmit=${save}>
      <${Labelled} id="uname" label=${t("signin.name")}><input class="in" id="uname" name="name" dir="auto" maxlength="200" autocomplete="name" defaultValue=${user.name} /></${Labelled}>
      ${user.has_password && html`<${Labelled} id="uold" label=${t("you.old_password")}><input class="in" id="uold" name="old_password" type="password" dir="ltr" autocomplete="current-password" /></${Labelled}>`}
      <${Labelled} id="upass" label=${t("you.password")} hint=${t("signin.newpassword.hint")}><input class="in" id="upass" name="password" type="password" dir="ltr" minlength="10" autocomplete="new-password" /></${Labelled}>
      ${error && html`<p class="bad box" role="alert"><${Icon} name="warn" /><bdi>${error}</bdi></p>`}
      <div><button type="submit" class="btn pri">${t("act.save")}</button></div></form>
    <h3>${t("you.look")}</h3>
    <div class="f2"><${Labelled} id="ulang" label=${t("you.language")}>${choose("ulang", lang.value, LANGUAGES.map((l) => [l, t(`lang.name.${l}`)]), false, (event) => speakLanguage(event.target.value))}</${Labelled}>
      <${Labelled} id="utheme" label=${t("you.theme")}>${choose("utheme", theme.value, ["auto", "light", "dark"].map((v) => [v, t(`theme.name.${v}`)]), false, (event) => { theme.value = event.target.value; })}</${Labelled}></div>
    <div class="f2"><${Labelled} id="udens" label=${t("density.label")}>${choose("udens", density.value, ["comfortable", "compact"].map((v) => [v, t(`density.${v}`)]), false, (event) => { density.value = event.target.value; })}</${Labelled}><span></span></div>
    <label class="switch"><input type="checkbox" checked=${singleKeys.value} onChange=${(event) => { singleKeys.value = event.target.checked; }} /><span><b>${t("you.keys")}</b><small>${t("you.keys.p")}</small></span></label>
    <div><button type="button" class="btn" onClick=${signOut}><${Icon} name="out" />${t("nav.signout")}</button></div>
    <${EraseMe} />
  </div>`;
}
