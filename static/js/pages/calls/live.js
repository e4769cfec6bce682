/* What rings and runs at this moment: over a socket where there is one, by asking where there is none; listening in. */
import { html, useEffect, useRef, useState } from "../../core/signals.js";
import { get, post } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { Icon } from "../../ui/icons.js";
import { clock } from "./player.js";

const ASK_MS = 3000;
const AGAIN_MS = 15000; // another try for a socket while asking goes on
const RATE = 8000;

/* μ-law to samples between -1 and 1. */
const DECODED = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 255;
  const size = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132;
  return (code & 128 ? -size : size) / 32768;
});

/* Plays what comes, a little behind, so that the net may be uneven. */
class Ear {
  constructor() {
    this.context = new AudioContext({ sampleRate: RATE });
    this.next = 0;
  }

  hear(bytes) {
    const codes = new Uint8Array(bytes);
    const buffer = this.context.createBuffer(1, codes.length, RATE);
    buffer.getChannelData(0).set(Float32Array.from(codes, (code) => DECODED[code]));
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.context.destination);
    this.next = Math.max(this.next, this.context.currentTime + 0.15);
    source.start(this.next);
    this.next += buffer.duration;
  }

  close() { this.context.close(); }
}

/** {calls, socket, mayListen, listening, listen(sid)}; `onMove` when a call begins or ends. */
export function useLive(onMove) {
  const [state, set] = useState({ calls: null, socket: false, mayListen: false, listening: null });
  const line = useRef(null), ear = useRef(null), seen = useRef(""), moved = useRef(onMove);
  moved.current = onMove;
  const take = (more) => set((old) => {
    const next = { ...old, ...more };
    const sids = (next.calls || []).map((call) => call.sid).join();
    if (old.calls && sids !== seen.current) queueMicrotask(() => moved.current());
    seen.current = sids;
    return next;
  });
  const hush = () => { ear.current?.close(); ear.current = null; };
  useEffect(() => {
    let over = false, asking = 0, trying = 0;
    const ask = async () => {
      if (document.hidden) return;
      try { take({ calls: (await get("/api/calls/live")).calls }); } catch { /* the page's own lists say what is wrong */ }
    };
    const byAsking = () => {
      if (over || asking) return;
      ask();
      asking = setInterval(ask, ASK_MS);
      trying = setTimeout(open, AGAIN_MS);
    };
    const open = async () => {
      if (over) return;
      let ticket;
      try { ticket = await post("/api/live/ticket", {}); } catch { byAsking(); return; }
      if (over || !ticket.here) { if (!over) byAsking(); return; }
      const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}${ticket.path}?ticket=${encodeURIComponent(ticket.ticket)}`);
      socket.binaryType = "arraybuffer";
      line.current = socket;
      socket.onmessage = ({ data }) => {
        if (typeof data !== "string") { ear.current?.hear(data); return; }
        const told = JSON.parse(data);
        if (!told.listening) hush();
        take({ ...told, socket: true, mayListen: ticket.listen });
      };
      socket.onopen = () => { clearInterval(asking); clearTimeout(trying); asking = 0; };
      socket.onclose = () => { hush(); line.current = null; take({ socket: false, listening: null }); asking = 0; byAsking(); };
    };
    open();
    return () => {
      over = true;
      clearInterval(asking);
      clearTimeout(trying);
      if (line.current) { line.current.onclose = null; line.current.close(); }
      hush();
    };
  }, []);
  const listen = (sid) => {
    hush();
    if (sid) ear.current = new Ear();
    line.current?.send(JSON.stringify({ listen: sid }));
  };
  return { ...state, listen };
}

const Level = ({ value }) => html`<meter class="level" min="0" max="96" value=${Math.min(96, value)} aria-label=${t("calls.level")}></meter>`;

export function Live({ live }) {
  const [, tick] = useState(0);
  const begun = useRef(new Map());
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  if (!live.calls?.length) return null;
  const now = Date.now() / 1000;
  for (const call of live.calls) if (!begun.current.has(call.sid)) begun.current.set(call.sid, now - call.seconds);
  return html`<section class="panel livecalls" aria-label=${t("calls.live")}><h2><span class="beat" aria-hidden="true"></span>${t("calls.live")}</h2>
    <ul class="checks">${live.calls.map((call) => html`<li class="check good" key=${call.sid}><span class="mark"><${Icon} name="phone" /></span>
      <span class="grow"><b>${call.from ? html`<bdi dir="ltr">${call.from}</bdi>` : t("calls.hidden_number")}</b>
        <span>${t(`calls.status.${call.status === "in-progress" ? call.doing || "running" : "ringing"}`)} · <span class="num">${clock(now - begun.current.get(call.sid))}</span></span></span>
      ${call.level !== null && html`<${Level} value=${call.level} />`}
      ${live.mayListen && call.level !== null && html`<button type="button" class="btn" aria-pressed=${live.listening === call.sid} onClick=${() => live.listen(live.listening === call.sid ? "" : call.sid)}><${Icon} name="ear" />${t(live.listening === call.sid ? "calls.listening" : "calls.listen")}</button>`}</li>`)}</ul>
  </section>`;
}
