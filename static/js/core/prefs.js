/* What this browser remembers of a person's taste: theme, density, single keys, language. */
import { signal, effect } from "./signals.js";

function stored(key) {
  try { return window.localStorage.getItem(`prosaas.${key}`); } catch { return null; }
}
export function remember(key, value) {
  try {
    if (value === null || value === undefined) window.localStorage.removeItem(`prosaas.${key}`);
    else window.localStorage.setItem(`prosaas.${key}`, value);
  } catch { /* a browser that keeps nothing (private window): the taste lasts as long as the page */ }
}
export { stored };

export const theme = signal(stored("theme") || "auto"); // "light" | "dark" | "auto"
export const density = signal(stored("density") || "comfortable"); // or "compact"
export const singleKeys = signal(stored("keys") !== "off"); // WCAG 2.1.4: they can be turned off

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(dark.matches);
dark.addEventListener("change", (event) => { systemDark.value = event.matches; });

export const isDark = () => (theme.value === "auto" ? systemDark.value : theme.value === "dark");

/** Keep the page and the memory in step with the taste. */
export function start() {
  effect(() => {
    const now = isDark();
    document.documentElement.dataset.theme = now ? "dark" : "light";
    document.querySelector("meta[name=theme-color]").content = now ? "#111210" : "#f6f5f0";
    remember("theme", theme.value === "auto" ? null : theme.value);
  });
  effect(() => remember("density", density.value === "compact" ? "compact" : null));
  effect(() => remember("keys", singleKeys.value ? null : "off"));
}
