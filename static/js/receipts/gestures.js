/* The list's finer gestures: a pointer that rests on a picture peeks, a double click edits in place. */
import { mayWrite } from "../core/business.js";
import { peek, startEdit } from "./row.js";

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
  element.addEventListener("dblclick", double);
  element.addEventListener("pointerover", point);
  element.addEventListener("pointerleave", leave);
  return () => {
    leave();
    element.removeEventListener("dblclick", double);
    element.removeEventListener("pointerover", point);
    element.removeEventListener("pointerleave", leave);
  };
}
