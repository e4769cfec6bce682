/* Style sheets that only some pages need, fetched with the first of them. */
import { loadWords, moreWords } from "../core/i18n.js";

const asked = new Map();

/** Link css/<name>.css once; resolves when it holds, so that nothing is ever seen bare. */
export function loadStyles(name) {
  if (!asked.has(name)) {
    asked.set(name, new Promise((done) => {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = new URL(`../../css/${name}.css`, import.meta.url);
      link.onload = link.onerror = done;
      document.head.append(link);
    }));
  }
  return asked.get(name);
}

/** A page or a part of one: its module, the sheet of all pages, its own `css` sheet and `words`. Gives its `Page`. */
export const whole = (module, { css, words } = {}) =>
  Promise.all([withStyles("pages", module), css && loadStyles(css), words && loadWords(words)]).then(([m]) => m.Page);

/** A module of a part together with its style sheet, words and icons. */
export const withStyles = (name, module) => Promise.all([module, loadStyles("more"), loadStyles(name), moreWords(), import("./icons_more.js")]).then(([m]) => m);
