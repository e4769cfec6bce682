/* What was typed and not yet saved, by receipt and field; survives a reload and a lost session. */
import { remember, stored } from "./prefs.js";

const name = (slug, id) => `draft.${slug}.${id}`;

export function draftOf(slug, id) {
  try { return JSON.parse(stored(name(slug, id)) || "null") || {}; } catch { return {}; }
}
export function keepDraft(slug, id, field, text) {
  const draft = draftOf(slug, id);
  if (text === undefined) delete draft[field];
  else draft[field] = text;
  remember(name(slug, id), Object.keys(draft).length ? JSON.stringify(draft) : null);
}
