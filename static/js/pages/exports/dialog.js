/* Handing over what a filter shows: the format, how many and how much; then how far it is, and the files. */
import { html, useState } from "../../core/signals.js";
import { get, post, sentence } from "../../core/api.js";
import { at } from "../../core/business.js";
import { t, lang, LANGUAGES } from "../../core/i18n.js";
import { num } from "../../core/fmt.js";
import { done } from "../../core/undo.js";
import { Dialog } from "../../ui/dialog.js";
import { Switch, Wrong, choose, Labelled } from "../../ui/form.js";
import { useLoad, usePoll } from "../../ui/load.js";
import { toApi } from "../../receipts/filters.js";
import { BOOKS, Files, LeftOut, MAIN, Sums, formatName, period } from "./parts.js";

/** What would be in it, before anything is made. */
function Preview({ seen, error }) {
  if (error) return html`<${Wrong} text=${sentence(error)} />`;
  return html`<div class="extotal" role="status">${seen && html`
    <b>${t("exports.n", { n: seen.count, n_text: num(seen.count) })}${seen.count > 0 && html` · <${Sums} currencies=${seen.currencies} />`}</b>
    <span>${[period(seen.first, seen.last), seen.to_review > 0 && t("exports.to_review", { n: seen.to_review, n_text: num(seen.to_review) }),
    seen.duplicates > 0 && t("exports.duplicates", { n: seen.duplicates, n_text: num(seen.duplicates) })].filter(Boolean).join(" · ") || t("exports.nothing")}</span>`}</div>`;
}

/** It is being made, or it is ready. */
function Progress({ first, onClose }) {
  const [row, set] = useState(first);
  const going = ["queued", "making"].includes(row.status);
  usePoll(async () => {
    const now = await get(`/api/exports/${row.id}`).catch(() => row);
    set(now);
    if (now.status === "ready" && row.status !== "ready" && now.mark && now.count > 0) {
      done(t("exports.handed", { n: now.count, n_text: num(now.count) }), () => post(`/api/exports/${now.id}/undo`));
    }
  }, going ? 700 : false);
  const share = row.progress_percentage;
  const foot = html`<a class="btn" href=${at("exports")} onClick=${onClose}>${t("exports.all")}</a><span class="grow"></span>
    ${row.status === "ready" ? html`<${Files} row=${row} main />` : html`<button type="button" class="btn" onClick=${onClose}>${t("act.close")}</button>`}`;
  return html`<${Dialog} title=${t(going ? "exports.making" : row.status === "ready" ? "exports.ready" : "exports.failed")} onClose=${onClose} foot=${foot}>
    <div class="exform exlist" aria-live="polite">
      ${going && html`<progress class="exbar" max="100" value=${share} aria-label=${t("exports.making")}></progress><p class="hint">${t("exports.goes_on")}</p>`}
      ${row.error && !going && html`<${Wrong} text=${row.error.text} />`}
      ${row.status === "ready" && html`<div class="extotal"><b>${formatName(row.format)} · ${t("exports.n", { n: row.count, n_text: num(row.count) })}</b><span><${Sums} currencies=${row.currencies} /></span></div>`}
      <${LeftOut} row=${row} />
    </div></${Dialog}>`;
}

export function ExportDialog({ filter, ids, onClose }) {
  const [format, setFormat] = useState("csv");
  const [fresh, setFresh] = useState(!filter.exported && !ids);
  const [state, set] = useState({ busy: false, error: null, made: null });
  const asked = { ...toApi(filter), ...(ids ? { ids: ids.join(",") } : {}) };
  const [seen, error] = useLoad(() => get("/api/exports/preview", { ...asked, new_since_last: fresh ? 1 : 0 }), [fresh]);
  const make = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    set({ busy: true, error: null, made: null });
    const body = { ...asked, ...(ids ? { ids } : {}), format, new_since_last: fresh, mark: form.get("mark") === "on", language: form.get("language") };
    for (const key of ["mailbox"]) if (body[key]) body[key] = Number(body[key]);
    if (body.exported !== undefined) body.exported = body.exported === "1";
    delete body.sort;
    try {
      set({ busy: false, error: null, made: await post("/api/exports", body) });
    } catch (problem) { set({ busy: false, error: problem, made: null }); }
  };
  if (state.made) return html`<${Progress} first=${state.made} onClose=${onClose} />`;
  const foot = html`<button type="button" class="btn" onClick=${onClose}>${t("act.cancel")}</button>
    <button type="submit" form="exform" class="btn pri" disabled=${state.busy || !seen || seen.count === 0}>${t("act.export")}</button>`;
  return html`<${Dialog} title=${t("exports.title")} onClose=${onClose} foot=${foot}>
    <form id="exform" class="exform" onSubmit=${make}>
      <${Preview} seen=${seen} error=${error} />
      <fieldset class="formats"><legend>${t("exports.format")}</legend>
        ${MAIN.map((name) => html`<label key=${name}><input type="radio" name="format" value=${name} checked=${format === name} onChange=${() => setFormat(name)} /><b>${formatName(name)}</b><small>${t(`exports.what.${name}`)}</small></label>`)}
      </fieldset>
      <${Labelled} id="books" label=${t("exports.books")}>${choose("books", BOOKS.includes(format) ? format : "", [["", "—"], ...BOOKS.map((name) => [name, formatName(name)])], false, (event) => setFormat(event.target.value || "csv"))}</${Labelled}>
      ${!filter.exported && html`<${Switch} id="fresh" checked=${fresh} label=${t("exports.fresh")} hint=${t("exports.fresh.p")} onChange=${(event) => setFresh(event.target.checked)} />`}
      <${Switch} id="mark" checked=${true} label=${t("exports.mark")} hint=${t("exports.mark.p")} />
      <${Labelled} id="language" label=${t("exports.language")}>${choose("language", lang.value, LANGUAGES.map((code) => [code, t(`lang.name.${code}`)]))}</${Labelled}>
      <${Wrong} text=${state.error && sentence(state.error)} />
    </form></${Dialog}>`;
}
