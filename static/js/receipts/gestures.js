/* The list's finer gestures: a resting pointer peeks, a double click edits in place, a long touch chooses. */
import { mayWrite } from "../core/business.js";
import { chosenCount } from "./list.js";
import { peek, startEdit } from "./row.js";
import { pickRow } from "./vlist.js";

const idOf = (event) => {
  const row = event.target.closest?.(".row[data-id]");
  return row ? Number(row.dataset.id) : null;
};

/** Listen on the list; gives the way to stop. `opening`: a ref to the timer of a click that waits for a second one. */
export function attach(element, { opening, mayOpen }) {
  let resting = 0;
  const double = (event) => {
    const id = idOf(event), field = event.target.closest?.("[data-field]")?.dataset.field;
    if (id === null || !field || !mayWrite.value || !mayOpen()) return;
    clearTimeout(opening.current);
    startEdit(id, field);
  };
  const point = (event) => {
    clearTimeout(resting);
    const id = event.pointerType === "mouse" ? idOf(event) : null;
    if (peek.value && peek.value.id !== id) peek.value = null;
    if (id === null || !mayOpen() || !event.target.closest(".thumb")) return;
    const { top } = event.target.getBoundingClientRect();
    resting = setTimeout(() => { peek.value = { id, top }; }, 400);
  };
  const leave = () => clearTimeout(resting);
  // A long touch chooses a row; while any is chosen, a tap chooses, too.
  let pressing = 0, from = null, held = false, byTouch = false;
  const press = (event) => {
    clearTimeout(pressing);
    byTouch = event.pointerType === "touch";
    held = false;
    const id = byTouch && mayWrite.value && mayOpen() ? idOf(event) : null;
    if (id === null) return;
    from = [event.clientX, event.clientY];
    pressing = setTimeout(() => { held = true; navigator.vibrate?.(10); pickRow(id, false); }, 450);
  };
  const move = (event) => { if (from && Math.hypot(event.clientX - from[0], event.clientY - from[1]) > 10) clearTimeout(pressing); };
  const lift = () => clearTimeout(pressing);
  const tap = (event) => {
    const id = idOf(event);
    if (!byTouch || id === null || !(held || (chosenCount.value && mayOpen()))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!held) pickRow(id, false);
    held = false;
  };
  const menu = (event) => { if (byTouch && idOf(event) !== null) event.preventDefault(); };
  element.addEventListener("dblclick", double);
  element.addEventListener("pointerover", point);
  element.addEventListener("pointerleave", leave);
  const touches = { pointerdown: press, pointermove: move, pointerup: lift, pointercancel: lift, scroll: lift, contextmenu: menu };
  for (const [name, act] of Object.entries(touches)) element.addEventListener(name, act, { passive: name !== "contextmenu" });
  element.addEventListener("click", tap, { capture: true });
  return () => {
    leave();
    element.removeEventListener("dblclick", double);
    element.removeEventListener("pointerover", point);
    element.removeEventListener("pointerleave", leave);
    lift();
    for (const [name, act] of Object.entries(touches)) element.removeEventListener(name, act);
    element.removeEventListener("click", tap, { capture: true });
  };
}
