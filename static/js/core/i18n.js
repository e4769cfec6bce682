/* The words of the screen: one flat file per language, {name} places, plurals by suffix. */
import { signal } from "./signals.js";

export const LANGUAGES = ["en", "he", "de", "fr"];
const LOCALES = { en: "en-IL", he: "he-IL", de: "de-DE", fr: "fr-FR" };
const RTL = new Set(["he"]);

export const lang = signal("en");
const words = signal({});
let plural = new Intl.PluralRules("en");

export const locale = () => LOCALES[lang.value] || lang.value;

/** The languages that one may turn to from here. */
export const otherLanguages = () => LANGUAGES.filter((code) => code !== lang.value);

/** The language to begin with, before anybody has signed in. */
export function firstLanguage(stored) {
  const wanted = [stored, ...(navigator.languages || [])].filter(Boolean).map((l) => l.slice(0, 2));
  return wanted.map((l) => (l === "iw" ? "he" : l)).find((l) => LANGUAGES.includes(l)) || "en";
}

const sets = new Set(); // the further files asked for: "more", and those of pages
const tables = new Map(); // "he.more" → its words, once they are here
const fetched = new Map(); // "he.more" → the promise of it
const nameOf = (code, set) => (set ? `${code}.${set}` : code);
let wanted = "";

function load(code, set) {
  const name = nameOf(code, set);
  if (!fetched.has(name)) {
    fetched.set(name, fetch(new URL(`../../i18n/${name}.json`, import.meta.url)).then(async (answer) => {
      if (!answer.ok) throw new Error(`language ${name}: ${answer.status}`);
      tables.set(name, await answer.json());
    }).catch((error) => {
      fetched.delete(name);
      throw error;
    }));
  }
  return fetched.get(name);
}
const gathered = (code) => Object.assign({}, ...["", ...sets].map((set) => tables.get(nameOf(code, set))));

/** Fetch a language and turn the page to it. */
export async function setLanguage(code) {
  wanted = code;
  for (let known = -1; known !== sets.size;) { // more may be asked for while these are on their way
    known = sets.size;
    await Promise.all(["", ...sets].map((set) => load(code, set)));
  }
  if (wanted !== code) return; // another was asked for meanwhile
  words.value = gathered(code);
  plural = new Intl.PluralRules(LOCALES[code] || code);
  lang.value = code;
  document.documentElement.lang = code;
  document.documentElement.dir = RTL.has(code) ? "rtl" : "ltr";
}

const filled = new Map();
/** Fetch the words of a set, i18n/<language>.<set>.json, for now and for every language to come. */
export function loadWords(set) {
  if (!filled.has(set)) {
    sets.add(set);
    filled.set(set, (async () => {
      let code;
      do await load(code = lang.value, set); while (code !== lang.value); // the language may change meanwhile
      words.value = gathered(code);
    })().catch((error) => {
      sets.delete(set);
      filled.delete(set);
      throw error;
    }));
  }
  return filled.get(set);
}

/** Fetch the words that the first screen can do without. */
export const moreWords = () => loadWords("more");

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
