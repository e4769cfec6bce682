/* What usually comes in the month and is not here, in a few words beside its sum. */
import { html, useEffect, useState } from "../core/signals.js";
import { get } from "../core/api.js";
import { at } from "../core/business.js";
import { t } from "../core/i18n.js";
import { num } from "../core/fmt.js";

export function Missing({ month }) {
  const [late, setLate] = useState([]);
  useEffect(() => {
    let live = true;
    get("/api/vendors/missing", { month }, { tries: 1 }).then(
      (page) => live && setLate(page.items.filter((one) => one.state === "missing")),
      () => live && setLate([]), // the sum stands without it
    );
    return () => { live = false; };
  }, [month]);
  if (!late.length) return null;
  return html`<a class="lnk missing" href=${at("vendors/missing", `?month=${month}`)} title=${late.map((one) => one.vendor).join(", ")}>${t("sum.missing", { n: late.length, n_text: num(late.length) })}</a>`;
}
