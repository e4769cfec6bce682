/* Connecting a Gmail account: to Google's consent page and back. */
import { get } from "./api.js";
import { toast, failed } from "./feedback.js";
import { place, go } from "./router.js";
import { t, has } from "./i18n.js";
import { loadMailboxes } from "./business.js";
import { loadLatest } from "./sync.js";

/** Go to the consent page; `mailbox` reconnects that one. */
export async function connectGmail(mailbox) {
  try {
    const { auth_url: address } = await get("/api/gmail/oauth/start", typeof mailbox === "number" ? { mailbox } : {});
    window.location.assign(address);
  } catch (error) { failed(error); }
}

/** Back from Google: say how it went, once, and clean the address. */
export function greetReturn() {
  const params = new URLSearchParams(place.value.query);
  const connected = params.get("connected"), error = params.get("error");
  if (!connected && !error) return;
  params.delete("connected");
  params.delete("error");
  go(`${place.value.path}${params.size ? `?${params}` : ""}`, { replace: true });
  if (connected) {
    toast(t("connect.done"));
    loadMailboxes().catch(() => {});
    loadLatest().catch(() => {});
  } else toast(t(has(`error.${error}`) ? `error.${error}` : "connect.failed"), { kind: "bad", life: 15000 });
}
