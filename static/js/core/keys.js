/* Keyboard: what is valid where. Places register their keys; the topmost place that knows a key acts. */
import { singleKeys } from "./prefs.js";
import { useLayoutEffect, useRef } from "./signals.js";

const places = []; // innermost last: {name, keys: {key: [label, act]}}

const EDITABLE = "input:not([type=checkbox]):not([type=radio]):not([type=button]), select, textarea, [contenteditable]";
export const typing = (target) => Boolean(target?.closest?.(EDITABLE));

/** "Mod+Enter", "Shift+X", "j", "/" … of a key event. */
export function nameOf(event) {
  let key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // A Hebrew or other layout: the key's place on the keyboard says which letter is meant.
  if (event.key.length === 1 && /^Key[A-Z]$/.test(event.code) && !/^[a-z]$/.test(key)) key = event.code[3].toLowerCase();
  if (key === " ") key = "Space";
  const mod = event.ctrlKey || event.metaKey ? "Mod+" : "";
  const shift = event.shiftKey && (key.length > 1 || /^[a-z]$/.test(key)) ? "Shift+" : "";
  return mod + (event.altKey ? "Alt+" : "") + shift + key;
}

/* Keys pressed before the place that knows them was fetched wait for it: a quick hand loses nothing. */
let early = []; // {event, until}
const PATIENCE = 10_000; // ms

/**
 * Register keys while a component is shown. `keys`: {name: [i18n label, act(event), options]};
 * act may return false to let a lower place have the key; options: {typing: true} also while typing.
 * `late`: the place was fetched after the page stood, and takes up what was pressed for it meanwhile.
 */
export function useKeys(name, keys, { late = false } = {}) {
  const held = useRef(null);
  if (!held.current) held.current = { name, keys };
  held.current.keys = keys;
  useLayoutEffect(() => {
    places.push(held.current);
    if (late && early.length) queueMicrotask(() => takeUp(held.current));
    return () => { places.splice(places.indexOf(held.current), 1); };
  }, []);
}

function takeUp(place) {
  const now = performance.now();
  const waiting = early.filter(({ until }) => until > now);
  early = waiting.filter(({ event }) => !event.target.isConnected || !press(event, [place]));
}

/** All keys valid here, innermost place first: [{name, keys: [[key, label], …]}]. */
export function validKeys() {
  const found = new Map();
  for (const place of [...places].reverse()) {
    const own = found.get(place.name) || new Map();
    for (const [key, [label]] of Object.entries(place.keys)) if (label && !own.has(key)) own.set(key, label);
    if (own.size) found.set(place.name, own);
  }
  return [...found].map(([name, keys]) => ({ name, keys: [...keys] }));
}

let prefix = null; // the "g" of "g r"
let prefixTimer = 0;

/* Let the innermost of the places that knows the key act; whether one did. */
function press(event, among) {
  const name = nameOf(event);
  const single = !name.startsWith("Mod+") && !["Escape", "Enter"].includes(name);
  const inField = typing(event.target);
  if (single && inField && !name.startsWith("F")) return true;
  if (single && name.length === 1 && !singleKeys.value) return true;
  const full = prefix && name.length === 1 ? `${prefix} ${name}` : name;
  prefix = null;
  clearTimeout(prefixTimer);
  for (const place of [...among].reverse()) {
    const entry = place.keys[full];
    if (entry && !(inField && single && !entry[2]?.typing) && entry[1](event) !== false) {
      event.preventDefault();
      return true;
    }
    if (place.modal && !entry) return true;
  }
  if (name !== "g" || !among.some((place) => Object.keys(place.keys).some((key) => key.startsWith("g ")))) return false;
  prefix = "g";
  prefixTimer = setTimeout(() => { prefix = null; }, 1200);
  return true;
}

function hear(event) {
  if (event.defaultPrevented || event.isComposing) return;
  if (press(event, places)) early = []; // what was pressed before it is no longer awaited
  else if (event.key.length === 1) early.push({ event, until: performance.now() + PATIENCE });
}

/** Listen, having heard of what was pressed already. */
export function start(pressed) {
  pressed.filter((event) => event.target.isConnected).forEach(hear);
  document.addEventListener("keydown", hear);
}

const MAC = /Mac|iPhone|iPad/.test(navigator.platform || "");
const SHOWN = { Mod: MAC ? "⌘" : "Ctrl", Enter: "↵", Escape: "Esc", ArrowDown: "↓", ArrowUp: "↑", Shift: "⇧" };
/** "Mod+Enter" → ["Ctrl", "↵"] for showing. */
export const shown = (key) => key.split(/[+ ](?=.)/).map((part) => SHOWN[part] || (part.length === 1 ? part.toUpperCase() : part));
