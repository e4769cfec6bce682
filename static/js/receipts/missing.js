/* What usually comes in the month and is not here, in a few words beside its sum. */
import { html, useEffect, useState } from "../core/signals.js";
import { get } from "../core/api.js";
import { at } from "../core/business.js";
import { t } from "../core/i18n.js";
import { num } from "../core/fmt.js";

/** `seen`: how many receipts are known; with another one here, less may be missing. */
export function Missing({ month, seen }) {
  const [late, setLate] = useState([]);
  useEffect(() => {
    let live = true;
    get("/api/vendors/missing", { month }).then(
      (page) => live && setLate(page.items.filter((one) => one.state === "missing")),
      () => { /* what was known stands; the next change asks again */ },
    );
    return () => { live = false; };
  }, [month, seen]);
  if (!late.length) return null;
  return html`<a class="lnk missing" href=${at("vendors/missing", `?month=${month}`)} title=${late.map((one) => one.vendor).join(", ")}>${t("sum.missing", { n: late.length, n_text: num(late.length) })}</a>`;
}
