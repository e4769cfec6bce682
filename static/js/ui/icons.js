/* Our icons: one 24-unit grid, strokes of 1.6, drawn inline. */
import { html } from "../core/signals.js";

const PATHS = {
  ban: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM6 6l12 12",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4",
  camera: "M4 8h3.5l1.5-2.5h6L16.5 8H20a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zM12 16.5a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7.5V12l3 2",
  copy: "M9 9h10v11H9zM5 15V4h10",
  down: "M6 9l6 6 6-6",
  export: "M12 15V4M8 8l4-4 4 4M5 14v4a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-4",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  gear: "M12 15.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM19.4 13.5l1.6 1.2-1.9 3.3-1.9-.7a7.5 7.5 0 0 1-2.3 1.3L14.6 21h-3.8l-.4-2.3a7.5 7.5 0 0 1-2.3-1.3l-2 .7-1.8-3.3 1.6-1.3a7.7 7.7 0 0 1 0-2.9L4.3 9.3 6.1 6l2 .7a7.5 7.5 0 0 1 2.3-1.3L10.8 3h3.8l.3 2.4a7.5 7.5 0 0 1 2.3 1.3l1.9-.7L21 9.3l-1.6 1.3a7.7 7.7 0 0 1 0 2.9z",
  mail: "M4 6h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zM3.5 7.5 12 13l8.5-5.5",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M6 12h.1M12 12h.1M18 12h.1",
  phone: "M6.5 3.5h3l1.5 4-2 1.5a11 11 0 0 0 6 6l1.5-2 4 1.5v3a2 2 0 0 1-2.2 2A17 17 0 0 1 4.5 5.7a2 2 0 0 1 2-2.2z",
  plus: "M12 5v14M5 12h14",
  pulse: "M3 12h4l2.5-7 5 14 2.5-7h4",
  receipt: "M5 3v18l2.3-1.6L9.7 21 12 19.4 14.3 21l2.4-1.6L19 21V3l-2.3 1.6L14.3 3 12 4.6 9.7 3 7.3 4.6zM9 9h6M9 13h6",
  rows: "M4 6h16M4 12h16M4 18h16",
  rows2: "M4 5h16M4 9.7h16M4 14.3h16M4 19h16",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM20 20l-4.7-4.7",
  sheet: "M5 4h14v16H5zM5 9h14M5 14h14M11 9v11",
  store: "M4 9l1.5-5h13L20 9M4 9a2.7 2.7 0 0 0 5.3 0 2.7 2.7 0 0 0 5.4 0A2.7 2.7 0 0 0 20 9M5.5 12v8h13v-8M10 20v-5h4v5",
  sync: "M20 11a8 8 0 0 0-14.3-4L3.5 9M3.5 4.5V9H8M4 13a8 8 0 0 0 14.3 4l2.2-2M20.5 19.5V15H16",
  tag: "M4 4h7l9 9-7 7-9-9zM8 8v.1",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5",
  upload: "M12 16V6M8 10l4-4 4 4M4 19h16",
  users: "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.9c2 .7 3.3 2.4 3.5 5.1",
  warn: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2v.1",
  x: "M6 6l12 12M18 6 6 18",
};

/** Know more icons. */
export const addIcons = (paths) => Object.assign(PATHS, paths);

/** An icon; `flip` mirrors it where the page reads from right to left. */
export const Icon = ({ name, flip, class: extra = "" }) => html`
  <svg class=${`i${flip ? " flip" : ""}${name === "more" ? " dots" : ""} ${extra}`} viewBox="0 0 24 24" aria-hidden="true">
    <path d=${PATHS[name]} />
  </svg>`;

export const Logo = () => html`
  <svg class="logo" viewBox="0 0 26 26" aria-hidden="true">
    <rect width="26" height="26" rx="7" fill="#0b6656" />
    <path d="M7.5 5.5v15l1.9-1.5 1.8 1.5L13 19l1.8 1.5 1.8-1.5 1.9 1.5v-15z" fill="#fff" />
    <path d="M10.2 12.3l2.1 2.1 3.7-4" stroke="#0b6656" stroke-width="1.9" fill="none"
      stroke-linecap="round" stroke-linejoin="round" />
  </svg>`;
