/* The keys of the list. */
import { mayWrite } from "../core/business.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { chosenCount, unchoose } from "./list.js";
import { cursor, peek, startEdit } from "./row.js";
import { pickRow, step } from "./vlist.js";

export function ListKeys({ openId, onOpen }) {
  const focused = () => (openId === null && !document.activeElement?.closest?.(".pop, .menu, .dialog") ? cursor.value : null);
  const edit = (field) => () => {
    const id = focused();
    if (id === null || !mayWrite.value) return false;
    startEdit(id, field);
    return true;
  };
  const search = [t("keys.search"), () => { // on a phone the field is hidden until it is wanted
    const field = document.getElementById("q");
    if (!field.offsetParent) document.querySelector(".top .mob")?.click();
    else { field.focus(); field.select(); }
  }];
  useKeys(t("nav.receipts"), openId !== null ? { "/": search } : {
    "/": search,
    j: [t("keys.down"), () => step(1)],
    k: [t("keys.up"), () => step(-1)],
    ArrowDown: [null, () => (document.activeElement?.closest?.(".row") || document.activeElement === document.body ? step(1) : false)],
    ArrowUp: [null, () => (document.activeElement?.closest?.(".row") || document.activeElement === document.body ? step(-1) : false)],
    Home: [t("keys.first"), () => step(-Infinity)],
    End: [t("keys.last"), () => step(Infinity)],
    PageDown: [null, () => step(8)],
    PageUp: [null, () => step(-8)],
    Enter: [t("keys.open"), (event) => { const id = focused(); if (id === null || !event.target.closest(".row")) return false; onOpen(id); return true; }],
    x: [t("keys.choose"), () => { const id = focused(); if (id !== null) pickRow(id, false); }],
    "Shift+x": [t("keys.range"), () => { const id = focused(); if (id !== null) pickRow(id, true); }],
    e: [t("keys.edit"), edit("category")],
    Space: [t("keys.peek"), () => {
      const id = focused();
      if (id === null) return false;
      const row = document.querySelector(`[data-id="${id}"]`);
      peek.value = peek.value?.id === id ? null : { id, top: row?.getBoundingClientRect().top || 0 };
      return true;
    }],
    Escape: [t("keys.unchoose"), () => { if (!chosenCount.value) return false; unchoose(); return true; }],
  }, { late: true });
  return null;
}
