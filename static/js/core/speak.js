/* The polite voice for screen readers: at most every five seconds, the newest wins. */
import { signal } from "./signals.js";

export const spoken = signal("");
let lastSpoken = 0;
let speakTimer = 0;
/** Have something read out. */
export function speak(text) {
  clearTimeout(speakTimer);
  const rest = Math.max(0, lastSpoken + 5000 - Date.now());
  speakTimer = setTimeout(() => { lastSpoken = Date.now(); spoken.value = text; }, rest);
}
