/* A look at a document without opening it: Space or a resting pointer; Escape or leaving ends it. */
import { html, useEffect, useRef, useState } from "../core/signals.js";
import { fileUrl } from "../core/api.js";
import { t } from "../core/i18n.js";
import { money } from "../core/fmt.js";
import { useKeys } from "../core/keys.js";
import { Amount } from "../ui/parts.js";
import { briefOf } from "./list.js";
import { peek } from "./row.js";
import { StatusChip, subtitle } from "./words.js";

export function Peek() {
  const now = peek.value;
  const receipt = now && briefOf(now.id).value;
  return receipt ? html`<${Card} key=${now.id} receipt=${receipt} top=${now.top} />` : null;
}

function Card({ receipt, top }) {
  const box = useRef(null);
  const [place, setPlace] = useState(Math.max(12, top - 120));
  const shut = () => { peek.value = null; return true; };
  useKeys(t("keys.peek"), { Escape: [t("act.close"), shut] });
  useEffect(() => {
    const fit = () => setPlace((old) => Math.max(12, Math.min(old, window.innerHeight - (box.current?.offsetHeight || 0) - 12)));
    fit();
    const watch = new ResizeObserver(fit);
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return html`<aside class="peek" ref=${box} style=${{ insetBlockStart: `${place}px` }} aria-label=${t("keys.peek")} onPointerLeave=${shut}>
    ${receipt.document ? html`<img alt=${t("doc.alt", { n: 1 })} width="400" src=${fileUrl(`/api/receipts/${receipt.id}/preview`, { page: 0, width: 800, v: receipt.document.id })} />`
    : html`<p>${t("doc.none")}</p>`}
    <footer><span class="grow"><b><bdi class="trunc" dir="auto">${receipt.vendor || t("receipt.unnamed")}</bdi></b><small>${subtitle(receipt)}</small></span>
      <span><b><${Amount} text=${money(receipt.total) || "—"} /></b><${StatusChip} receipt=${receipt} /></span></footer>
  </aside>`;
}
