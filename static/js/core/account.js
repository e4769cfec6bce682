/* Who is signed in: session, profile, businesses; sign in and out. */
import { batch, signal } from "./signals.js";
import { api, me, session, slug } from "./api.js";
import { business, mailboxes, counts, loadBusiness, loadMailboxes, loadCounts } from "./business.js";
import { lang, setLanguage, LANGUAGES } from "./i18n.js";
import { stored, remember } from "./prefs.js";
import { route } from "./router.js";
import { loadLatest } from "./sync.js";
import { forget } from "../receipts/list.js";

export const withGoogle = signal(false); // whether this installation lets people sign in with Google

function welcome(profile) {
  batch(() => {
    me.value = profile;
    session.value = "in";
  });
  const wanted = profile.user.language;
  if (LANGUAGES.includes(wanted) && !stored("lang.chosen") && wanted !== lang.value) setLanguage(wanted);
}

/** Ask the server who we are. */
export async function loadMe() {
  try {
    const { me: profile, google } = await api("GET", "/api/session");
    withGoogle.value = google;
    if (profile) welcome(profile);
    else session.value = "out";
  } catch { session.value = "down"; }
}

/** Sign in with {token…} or {email, password}; throws ApiError (code `account_needed` asks for a name). */
export async function signIn({ newPassword, ...credentials }) {
  const answer = await api("POST", "/api/session", { body: credentials });
  welcome(answer.me);
  if (newPassword) await api("PATCH", "/api/me", { body: { password: newPassword } });
}

export async function signOut() {
  try { await api("DELETE", "/api/session"); } catch { /* the cookie goes with the next answer of the server */ }
  batch(() => {
    me.value = null;
    session.value = "out";
    enter(null);
  });
}

/** Speak another language from now on. */
export async function speakLanguage(code) {
  await setLanguage(code);
  remember("lang.chosen", "1");
  if (me.value) api("PATCH", "/api/me", { body: { language: code } }).catch(() => {});
}

let entered = null;
/** Enter a business: its settings, mailboxes, counts and newest sync. */
export function enter(name) {
  if (entered === name) return;
  entered = name;
  batch(() => {
    slug.value = name;
    business.value = mailboxes.value = counts.value = null;
    forget();
  });
  if (!name) return;
  remember("last", name);
  const counted = route.value.page === "receipts"; // the list counts by itself
  Promise.allSettled([loadBusiness(), loadMailboxes(), !counted && loadCounts(), loadLatest()]);
}

/** The business to open when the address names none. */
export const lastBusiness = () => {
  const all = me.value?.businesses || [];
  return (all.find((b) => b.slug === stored("last")) || all[0])?.slug || null;
};
