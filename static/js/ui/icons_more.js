/* Icons that the first screen does not show. */
import { addIcons } from "./icons.js";

addIcons({
  back: "M15 6l-6 6 6 6",
  bookmark: "M7 4h10v16l-5-4-5 4z",
  calendar: "M4.5 6h15a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zM3.5 10.5h17M8 3.5V8M16 3.5V8",
  chev: "M9 6l6 6-6 6",
  cmd: "M8 8h8v8H8zM8 8V6a2 2 0 1 0-2 2zM16 8h2a2 2 0 1 0-2-2zM8 16H6a2 2 0 1 0 2 2zM16 16v2a2 2 0 1 0 2-2z",
  dl: "M12 4v11M8 11l4 4 4-4M5 20h14",
  edit: "M4 20l1-4.5L16.5 4 20 7.5 8.5 19zM14 6.5l3.5 3.5",
  filter: "M4 6h16M7 12h10M10 18h4",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  hist: "M4 5v5h5M4.5 10A8 8 0 1 1 4 13.5M12 8v4.5l3 1.8",
  inbox: "M3 13h5l1.5 3h5L16.5 13H21M5.5 5h13L21 13v5a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-5z",
  key: "M14.5 13a4.5 4.5 0 1 0-4.3-3.2L4 16v4h4v-2.5h2.5V15l1.7-1.7a4.5 4.5 0 0 0 2.3-.3zM15.5 8.5v.1",
  link: "M10 14a4 4 0 0 0 6 .4l2.5-2.5a4 4 0 0 0-5.7-5.7L11.5 7.5M14 10a4 4 0 0 0-6-.4l-2.5 2.5a4 4 0 0 0 5.7 5.7l1.3-1.3",
  rotate: "M20 5v5h-5M19.5 10A8 8 0 1 0 20 14",
  split: "M4 5h16v14H4zM12 5v14",
  stop: "M7 7h10v10H7z",
  up: "M6 15l6-6 6 6",
  zin: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM20 20l-4.7-4.7M7.5 10.5h6M10.5 7.5v6",
  zout: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM20 20l-4.7-4.7M7.5 10.5h6",
});
