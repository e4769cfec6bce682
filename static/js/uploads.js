/* Files on their way in: chosen, dropped, pasted or photographed; each with its progress and its fate. */
import { signal } from "./core/signals.js";
import { ApiError, get, me, post, session, sentence, slug, online } from "./core/api.js";
import { t } from "./core/i18n.js";
import { toast, failed } from "./core/feedback.js";
import { reasonText } from "./receipts/lists.js";
import { follow } from "./core/syncing.js";
import { refresh } from "./receipts/list.js";
import { mayWrite } from "./core/business.js";

export const LARGEST = 50 * 1024 * 1024;
const ACCEPT = ".pdf,.jpg,.jpeg,.png,.webp,.gif,.tif,.tiff,.bmp,.heic,.heif,.xml,.html,.htm,.eml,.zip,.txt";
const KNOWN = new Set(ACCEPT.split(","));
const AT_ONCE = 2;

/**
 * [{id, name, size, state, share, error, file, mail}]; state: "waiting", "sending", "reading", then "done", "same"
 * (it was here already), "nothing" (no receipt in it), "failed" or "offline" (kept until the network is back).
 */
export const files = signal([]);
/** Who takes the next dropped file in place of all: a receipt that waits for its document. */
export const taker = { take: null };
let serial = 0;
let running = 0;

const set = (id, values) => {
  files.value = files.value.map((one) => (one.id === id ? { ...one, ...values } : one));
};

/** Take files in. */
export function add(list) {
  if (!mayWrite.value || !list.length) return;
  const fresh = [...list].map((file) => {
    const one = { id: (serial += 1), name: file.name || t("upload.photo"), size: file.size, file, share: 0, state: "waiting", error: null, business: slug.value };
    const end = /\.[^.]+$/.exec(one.name.toLowerCase())?.[0] || "";
    if (!file.size) return { ...one, state: "failed", error: t("upload.empty") };
    if (file.size > LARGEST) return { ...one, state: "failed", error: t("upload.large") };
    if (!KNOWN.has(end) && !file.type.startsWith("image/")) return { ...one, state: "failed", error: t("upload.kind") };
    return one;
  });
  files.value = [...files.value.filter((one) => !["done", "same"].includes(one.state)), ...fresh];
  pump();
}

/** Send one file and hear how much of it has gone: fetch cannot tell, XMLHttpRequest can. */
export function upload(path, form, progress) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("Accept", "application/json");
    if (slug.value) request.setRequestHeader("X-Business", slug.value);
    if (me.value?.csrf) request.setRequestHeader("X-CSRF-Token", me.value.csrf);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      if (request.status < 300) { done(request.response); return; }
      if (request.status === 401) session.value = "expired";
      fail(new ApiError(request.status, request.response));
    };
    request.onerror = () => fail(new ApiError(0, null));
    request.send(form);
  });
}

function pump() {
  while (running < AT_ONCE) {
    const next = files.value.find((one) => one.state === "waiting");
    if (!next) return;
    running += 1;
    send(next).finally(() => { running -= 1; pump(); });
  }
}

/* A server that is busy is asked again: the same bytes are kept once, so nothing comes in twice. */
async function sent(form, progress) {
  for (let pause = 1500; ; pause *= 2) {
    try {
      return await upload("/api/receipts", form, progress);
    } catch (error) {
      if (![429, 502, 503, 504].includes(error.status) || pause > 12000) throw error;
      await new Promise((done) => setTimeout(done, pause * (0.8 + Math.random() * 0.4)));
    }
  }
}

async function send(one) {
  set(one.id, { state: "sending", share: 0, error: null });
  const form = new FormData();
  form.append("files", one.file, one.name);
  try {
    const answer = await sent(form, (share) => set(one.id, { share }));
    const fate = answer.items?.[0] || {};
    unqueue(one.file).catch(() => {});
    if (fate.code === "duplicate") set(one.id, { state: "same", error: t("upload.same"), file: null, mail: fate.mail_id });
    else if (fate.error) set(one.id, { state: "failed", error: sentence(new ApiError(422, fate)) });
    else {
      set(one.id, { state: "reading", share: 1, file: null, mail: fate.mail_id });
      if (answer.run_id) follow(answer.run_id);
      watch();
    }
  } catch (error) {
    if (error.code === "offline" || !online.value) await queue(one);
    else set(one.id, { state: "failed", error: sentence(error) });
  }
}

/* One loop asks after all files that are being read, those first that were asked for longest ago: quickly while
   fates come, patiently while none does. Three hundred files are no three hundred questions a second. */
const askedAt = new Map();
let watching = false;

async function fateOf(one) {
  askedAt.set(one.id, Date.now());
  try {
    const { outcome, reason } = await get(`/api/mail/${one.mail}`, {}, { tries: 1 });
    if (outcome === "waiting") return null;
    const state = { not_receipt: "nothing", failed: "failed", receipt: "done", duplicate: "same" }[outcome] || "failed";
    return [one.id, { state, error: state === "done" ? null : reasonText(reason) }];
  } catch { return null; /* asked again */ }
}

async function watch() {
  if (watching) return;
  watching = true;
  for (let pause = 700; ;) {
    const open = files.value.filter((one) => one.state === "reading" && one.business === slug.value)
      .sort((a, b) => (askedAt.get(a.id) || 0) - (askedAt.get(b.id) || 0)).slice(0, 4);
    if (!open.length) break;
    const fates = (await Promise.all(open.map(fateOf))).filter(Boolean);
    if (fates.some(([, fate]) => fate.state === "done")) await refresh(undefined, 0);
    fates.forEach(([id, fate]) => set(id, fate));
    pause = fates.length ? 700 : Math.min(pause * 1.2, 10000);
    await new Promise((done) => setTimeout(done, fates.length ? 50 : pause));
  }
  watching = false;
}

/** The person says that it is a receipt, whatever the reading thinks. */
export async function insist(id) {
  const one = files.value.find((file) => file.id === id);
  try {
    const answer = await post(`/api/mail/${one.mail}/take`);
    set(id, { state: "reading", error: null });
    if (answer.run_id) follow(answer.run_id);
    watch();
  } catch (error) { failed(error, () => insist(id)); }
}

/** Files that another app shared with us wait in the worker's cache. */
export async function takeShared() {
  if (!("caches" in window)) return;
  const cache = await caches.open("shared");
  const got = [];
  for (const key of await cache.keys()) {
    const answer = await cache.match(key);
    const name = decodeURIComponent(answer.headers.get("X-Name") || "shared");
    got.push(new File([await answer.blob()], name, { type: answer.headers.get("Content-Type") || "" }));
    await cache.delete(key);
  }
  add(got);
}

/** Try one again. */
export function again(id) { set(id, { state: "waiting", error: null }); pump(); }
export function clear() { files.value = files.value.filter((one) => ["waiting", "sending", "reading"].includes(one.state)); }

/* ---- without a network: kept in the browser until it is back and the server has them */
const kept = new Map(); // file → its key in the outbox, for those that are on their way again
const open = () => new Promise((done, fail) => {
  const request = indexedDB.open("prosaas", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("outbox", { autoIncrement: true });
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});
const ask = (request) => new Promise((done, fail) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});

async function queue(one) {
  if (kept.has(one.file)) { set(one.id, { state: "offline", error: t("upload.queued") }); return; }
  try {
    const base = await open();
    await ask(base.transaction("outbox", "readwrite").objectStore("outbox")
      .add({ business: slug.value, name: one.name, file: one.file }));
    set(one.id, { state: "offline", error: t("upload.queued") });
  } catch { set(one.id, { state: "failed", error: t("error.offline") }); }
}

/* What the server has is kept here no longer. */
async function unqueue(file) {
  const key = kept.get(file);
  if (key === undefined) return;
  const base = await open();
  await ask(base.transaction("outbox", "readwrite").objectStore("outbox").delete(key));
  kept.delete(file);
}

/** Send what waited for the network: called at start and when it is back. */
export async function flush() {
  if (!online.value || !slug.value) return;
  let base;
  try { base = await open(); } catch { return; }
  const all = await ask(base.transaction("outbox").objectStore("outbox").getAll());
  const keys = await ask(base.transaction("outbox").objectStore("outbox").getAllKeys());
  const mine = [];
  for (const [n, item] of all.entries()) {
    if (item.business !== slug.value || [...kept.values()].includes(keys[n])) continue;
    const file = new File([item.file], item.name, { type: item.file.type });
    kept.set(file, keys[n]); // it goes from the outbox once the server has it
    mine.push(file);
  }
  if (!mine.length) return;
  files.value = files.value.filter((one) => one.state !== "offline");
  toast(t("upload.sending_queued", { n: mine.length }));
  add(mine);
}
online.subscribe((now) => { if (now) flush(); });

/* ---- choosing */
function chooser(options) {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  for (const [name, value] of Object.entries(options)) input.setAttribute(name, value);
  input.hidden = true;
  input.setAttribute("aria-label", t("act.add"));
  input.onchange = () => { add(input.files); input.remove(); };
  input.oncancel = () => input.remove();
  document.body.append(input);
  input.click();
}
/** Open the file chooser. */
export const pick = () => chooser({ accept: `${ACCEPT},image/*` });
/** Open the phone's camera. */
export const capture = () => chooser({ accept: "image/*", capture: "environment" });
