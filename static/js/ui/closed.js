/* Asking before a closed month changes: yes sends the refused request once more. */
import { html, render } from "../core/signals.js";
import { t, loadWords } from "../core/i18n.js";
import { month as monthName } from "../core/fmt.js";
import { Confirm } from "./dialog.js";
import { loadStyles } from "./styles.js";

/** True when the person says so. */
export async function ask(error) {
  await Promise.all([loadStyles("more"), loadWords("exports"), import("./icons_more.js")]);
  const host = document.body.appendChild(document.createElement("div"));
  const months = (error.body.months || []).map(monthName).join(", ");
  return new Promise((answer) => {
    let yes = false;
    const end = () => setTimeout(() => { render(null, host); host.remove(); answer(yes); });
    render(html`<${Confirm} title=${t("exports.ask.h", { m: months })} text=${t("exports.ask.p")} label=${t("exports.ask.yes")}
      onYes=${() => { yes = true; }} onClose=${end} />`, host);
  });
}
