/* The words of the screen: one flat file per language, {name} places, plurals by suffix. */
import { signal } from "./signals.js";

export const LANGUAGES = ["en", "he"];
const LOCALES = { en: "en-IL", he: "he-IL" };
const RTL = new Set(["he"]);

export const lang = signal("en");
const words = signal({});
let plural = new Intl.PluralRules("en");

export const locale = () => LOCALES[lang.value] || lang.value;

/** The language to begin with, before anybody has signed in. */
export function firstLanguage(stored) {
  const wanted = [stored, ...(navigator.languages || [])].filter(Boolean).map((l) => l.slice(0, 2));
  return wanted.map((l) => (l === "iw" ? "he" : l)).find((l) => LANGUAGES.includes(l)) || "en";
}

let wantsMore = false, filling = null, wanted = "";

async function file(name) {
  const answer = await fetch(new URL(`../../i18n/${name}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`language ${name}: ${answer.status}`);
  return answer.json();
}

/** Fetch a language and turn the page to it. */
export async function setLanguage(code) {
  wanted = code;
  const whole = wantsMore;
  const tables = await Promise.all([file(code), whole ? file(`${code}.more`) : {}]);
  if (wanted !== code) return; // another was asked for meanwhile
  words.value = Object.assign({}, ...tables);
  plural = new Intl.PluralRules(LOCALES[code] || code);
  lang.value = code;
  document.documentElement.lang = code;
  document.documentElement.dir = RTL.has(code) ? "rtl" : "ltr";
  // Somebody asked for the other words while these were on their way.
  if (wantsMore && !whole) await (filling = fill());
}

async function fill() {
  const code = lang.value;
  const table = await file(`${code}.more`);
  if (lang.value === code) words.value = { ...words.value, ...table };
  else await fill(); // the language changed meanwhile
}

/** Fetch the words that the first screen can do without. */
export function moreWords() {
  if (!wantsMore) {
    wantsMore = true;
    filling = fill();
  }
  return filling;
}

/** A module together with the words it may use. */
export const worded = (module) => Promise.all([module, moreWords()]).then(([m]) => m);

/** Whether the language has this key (or its plural). */
export const has = (key) => key in words.value || `${key}_other` in words.value;

/** The words for a key; `vars` fill {name} places, and a numeric `n` picks the plural. */
export function t(key, vars) {
  const table = words.value;
  let text = table[key];
  if (vars && typeof vars.n === "number") {
    text = table[`${key}_${plural.select(vars.n)}`] ?? table[`${key}_other`] ?? text;
  }
  if (text === undefined) return key;
  if (!vars) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = vars[`${name}_text`] ?? vars[name];
    return value === undefined || value === null ? whole : String(value);
  });
}
