/* A recording: play, its waveform to jump in, its speed, and what was said. */
import { html, useEffect, useRef, useState } from "../../core/signals.js";
import { fileUrl } from "../../core/api.js";
import { num } from "../../core/fmt.js";
import { t } from "../../core/i18n.js";
import { Icon } from "../../ui/icons.js";
import "../../ui/icons_more.js";
import "./icons.js";

const SPEEDS = [1, 1.5, 2];
let playing = null; // one sound at a time

/** Seconds as 1:05. */
export const clock = (seconds) => `${Math.floor((seconds || 0) / 60)}:${String(Math.floor((seconds || 0) % 60)).padStart(2, "0")}`;

/* Bars from zero to one, whatever the sound's loudness. */
function bars(waveform) {
  const peak = Math.max(24, ...waveform);
  return waveform.map((value) => Math.max(0.06, value / peak));
}

export function Player({ recording, onHeard }) {
  const sound = useRef(null);
  const [on, setOn] = useState(false);
  const [at, setAt] = useState(0);
  const [speed, setSpeed] = useState(1);
  const [broken, setBroken] = useState(false);
  const length = recording.seconds || 0;
  useEffect(() => () => { sound.current?.pause(); }, []);
  const audio = () => {
    if (sound.current) return sound.current;
    const made = new Audio(fileUrl(`/api/recordings/${recording.id}/sound`));
    made.preload = "none";
    made.addEventListener("timeupdate", () => setAt(made.currentTime));
    made.addEventListener("play", () => setOn(true));
    made.addEventListener("pause", () => setOn(false));
    made.addEventListener("ended", () => setAt(0));
    made.addEventListener("error", () => { setBroken(true); setOn(false); });
    sound.current = made;
    return made;
  };
  const play = async () => {
    const made = audio();
    if (!made.paused) { made.pause(); return; }
    if (playing && playing !== made) playing.pause();
    playing = made;
    made.playbackRate = speed;
    try {
      await made.play();
      onHeard?.();
    } catch { setBroken(true); }
  };
  const seek = (seconds) => {
    const made = audio();
    made.currentTime = Math.min(Math.max(0, seconds), Math.max(0, length - 0.05));
    setAt(made.currentTime);
  };
  const faster = () => {
    const next = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
    setSpeed(next);
    if (sound.current) sound.current.playbackRate = next;
  };
  const heights = bars(recording.waveform);
  return html`<div class="player" dir="ltr">
    <button type="button" class="btn round" aria-label=${t(on ? "calls.pause" : "calls.play")} onClick=${play}><${Icon} name=${on ? "pause" : "play"} /></button>
    <span class="wave">
      <svg viewBox=${`0 0 ${Math.max(1, heights.length)} 1`} preserveAspectRatio="none" aria-hidden="true">${heights.map((height, n) => html`<rect key=${n} x=${n + 0.15} width="0.7" y=${(1 - height) / 2} height=${height} class=${length && n / heights.length < at / length ? "on" : ""} />`)}</svg>
      <input type="range" min="0" max=${Math.max(1, Math.round(length * 10))} value=${Math.round(at * 10)} aria-label=${t("calls.position")} aria-valuetext=${`${clock(at)} / ${clock(length)}`} onInput=${(event) => seek(Number(event.target.value) / 10)} /></span>
    <span class="num time">${clock(at)} / ${clock(length)}</span>
    <button type="button" class="btn ghost speed" aria-label=${t("calls.speed", { n: num(speed) })} onClick=${faster}>${num(speed)}×</button>
    ${broken && html`<p class="bad" dir="auto">${t("calls.cannot_play")}</p>`}
  </div>`;
}
