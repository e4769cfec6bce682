/* The service worker: the page opens without a network, lists and pictures seen before can be looked at again. */
const RELEASE = "{{release}}";
const SHELL = `shell-${RELEASE}`, SEEN = "seen", SHARED = "shared";
const LOOKS = /^\/api\/(session|business|mailboxes|receipts(\/counts|\/stats|\/index|\/\d+(\/(thumbnail|preview))?)?|mail)$/;
const KEEP = 600;

/* What the page itself does not name: parts that come when they are first used. The server fills in their names. */
const LATER = ["{{later}}"];

/* The page, all that it names, and what may come later: so that it opens whole where there is no network. */
async function install() {
  const cache = await caches.open(SHELL);
  const page = await fetch("/app/");
  const named = [...(await page.clone().text()).matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, address]) => address);
  await cache.put("/app/", page);
  const wanted = [...named, ...LATER.map((name) => `/assets/${RELEASE}/${name}`)];
  const lane = async () => { while (wanted.length) await cache.add(wanted.shift()); };
  await Promise.all([lane(), lane()]); // no more at once: the page has need of the line, too
  await self.skipWaiting();
}

self.addEventListener("install", (event) => event.waitUntil(install()));

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("shell-") && name !== SHELL) await caches.delete(name);
    await self.clients.claim();
  })());
});

/* The network first; what was seen before where there is none. Signed out or in trouble is an answer, too. */
async function seenBefore(request, cacheName, key = request) {
  const cache = await caches.open(cacheName);
  try {
    const answer = await fetch(request);
    if (answer.ok) {
      await cache.put(key, answer.clone());
      if (cacheName === SEEN) trim(cache);
    }
    return answer;
  } catch (problem) {
    const old = await cache.match(key);
    if (old) return old;
    throw problem;
  }
}

async function trim(cache) {
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - KEEP))) await cache.delete(key);
}

/* Files of a release never change: the kept one is the right one. */
async function kept(request) {
  const cache = await caches.open(SHELL);
  const old = await cache.match(request);
  if (old) return old;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

/* Files shared to us from another app: kept until the page takes them. */
async function share(request) {
  const data = await request.formData();
  const cache = await caches.open(SHARED);
  let n = 0;
  for (const file of data.getAll("files")) {
    n += 1;
    await cache.put(`/shared/${Date.now()}-${n}`, new Response(file, {
      headers: { "Content-Type": file.type || "application/octet-stream", "X-Name": encodeURIComponent(file.name || "shared") },
    }));
  }
  return Response.redirect("/app/?shared=1", 303);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST" && url.pathname === "/app/share") { event.respondWith(share(request)); return; }
  if (request.method !== "GET") return;
  if (url.pathname.startsWith("/assets/")) event.respondWith(kept(request));
  else if (request.mode === "navigate" && url.pathname.startsWith("/app")) event.respondWith(seenBefore(request, SHELL, "/app/"));
  else if (LOOKS.test(url.pathname)) {
    // The business rides in a header: it belongs to the key.
    const key = new Request(`${url.pathname}${url.search}${url.search ? "&" : "?"}~=${request.headers.get("X-Business") || ""}`);
    event.respondWith(seenBefore(request, SEEN, key));
  }
});

self.addEventListener("message", (event) => {
  if (event.data === "forget") event.waitUntil(caches.delete(SEEN));
});
