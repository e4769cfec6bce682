/* The frame of a page: its heading, what stands beside it, the row under it, and its body. */
import { html, useRef } from "../core/signals.js";
import { Icon } from "./icons.js";

/** `title`; `tools`: buttons beside it; `row`: tabs, filters; `wide`: a body as broad as the window. */
export const Frame = ({ title, tools, row, wide, class: extra = "", children }) => html`<main class=${`main page ${extra}`} id="main" tabindex="-1">
  <header class="top"><h1 class="h1">${title}</h1><span class="grow"></span>${tools}</header>
  ${row && html`<div class="fb">${row}</div>`}
  <div class=${`body${wide ? " wide" : ""}`}>${children}</div></main>`;

/** Tabs that are addresses: `tabs` [{href, text, on, n}]. */
export const Tabs = ({ label, tabs }) => html`<nav class="tabs" aria-label=${label}>${tabs.map((tab) => html`<a key=${tab.href} href=${tab.href} aria-current=${tab.on ? "true" : null}>
  ${tab.text}${tab.n !== undefined && html` <span class="n">${tab.n}</span>`}</a>`)}</nav>`;

/** Nothing here: what is missing, and the way on (buttons as children). */
export const Empty = ({ icon, title, text, children }) => html`<div class="empty"><div><div class="sign"><${Icon} name=${icon} /></div>
  <h2>${title}</h2><p>${text}</p>${children}</div></div>`;

/** The search field of a page; `onSearch` gets the words a moment after they were typed. */
export function SearchBox({ value, label, onSearch }) {
  const timer = useRef(0);
  const soon = (event) => {
    const text = event.target.value.trim();
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onSearch(text), 250);
  };
  return html`<div class="search page-search" role="search"><${Icon} name="search" /><input type="search" dir="auto" autocomplete="off" aria-label=${label} placeholder=${label}
    defaultValue=${value} onInput=${soon} onKeyDown=${(event) => { if (event.key === "Enter") onSearch(event.target.value.trim()); }} /></div>`;
}
