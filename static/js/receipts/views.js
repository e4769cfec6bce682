/* Saved views: a filter under a name in the side bar, with its live count. */
import { html, signal, useEffect, useState } from "../core/signals.js";
import { api, get, post, slug } from "../core/api.js";
import { at } from "../core/business.js";
import { route, place } from "../core/router.js";
import { t } from "../core/i18n.js";
import { num } from "../core/fmt.js";
import { toast, failed } from "../core/feedback.js";
import { done } from "../core/undo.js";
import { Icon } from "../ui/icons.js";
import { Dialog } from "../ui/dialog.js";
import { list, onForget } from "./list.js";
import { fromQuery, toQuery } from "./filters.js";

const views = signal(null);
onForget(() => { views.value = null; });

async function load() {
  try { views.value = (await get("/api/views")).items; } catch { /* the side bar does without them */ }
}

async function remove(view) {
  const all = views.value;
  views.value = all.filter((one) => one.id !== view.id);
  try {
    await api("DELETE", `/api/views/${view.id}`);
    done(t("views.removed", { n: view.name }), async () => {
      await post("/api/views", { name: view.name, query: view.query, shared: view.shared });
      await load();
    });
  } catch (error) {
    views.value = all;
    failed(error, () => remove(view));
  }
}

function SaveDialog({ query, onClose }) {
  const [busy, setBusy] = useState(false);
  const save = async (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    setBusy(true);
    try {
      await post("/api/views", { name: data.get("name").trim(), query, shared: data.get("shared") === "on" });
      await load();
      toast(t("views.saved", { n: data.get("name") }), { life: 4000 });
      onClose();
    } catch (error) { failed(error); setBusy(false); }
  };
  return html`<${Dialog} title=${t("views.save")} class="small" onClose=${onClose}><form class="stackform" onSubmit=${save}>
    <div class="f"><label for="view-name">${t("views.name")}</label><input class="in" id="view-name" name="name" required maxlength="80" dir="auto" autocomplete="off" /></div>
    <label class="switch"><input type="checkbox" name="shared" /><span><b>${t("views.shared")}</b><small>${t("views.shared.p")}</small></span></label>
    <div class="acts"><button type="button" class="btn" onClick=${onClose}>${t("act.cancel")}</button><button type="submit" class="btn pri" disabled=${busy}>${t("act.save")}</button></div>
  </form></${Dialog}>`;
}

export function Views() {
  const [naming, setNaming] = useState(false);
  const stamp = list.value.state === "ready" ? list.value : null;
  useEffect(() => { if (slug.value) load(); }, [slug.value, stamp]);
  const query = toQuery(fromQuery(place.value.query));
  const here = route.value.page === "receipts" && query;
  const all = views.value || [];
  if (!all.length && !here) return null;
  return html`<nav class="nav views" aria-label=${t("views.title")}><h2>${t("views.title")}</h2>
    ${all.map((view) => {
    const own = toQuery(fromQuery(view.query));
    return html`<span class="view" key=${view.id}><a href=${at("receipts", own)} aria-current=${here && own === query ? "page" : null}>
        <${Icon} name="bookmark" /><bdi class="trunc grow" dir="auto">${view.name}</bdi>${view.shared && html`<${Icon} name="users" class="tiny" />`}<span class="n">${num(view.count)}</span></a>
      ${view.mine && html`<button type="button" class="drop" aria-label=${t("views.remove", { n: view.name })} onClick=${() => remove(view)}><${Icon} name="x" /></button>`}</span>`;
  })}
    ${here && !all.some((view) => toQuery(fromQuery(view.query)) === query) && html`<button type="button" onClick=${() => setNaming(true)}><${Icon} name="plus" />${t("views.save")}</button>`}
    ${naming && html`<${SaveDialog} query=${query.slice(1)} onClose=${() => setNaming(false)} />`}
  </nav>`;
}
