/** Where a window goes on when it is loaded again, or opened after another one was ended. */

import type { Preferences } from "../services.js";
import { isInterrupted, type AppState } from "../state/state.js";

const CHAT = "chat";
const DRAFT = "draft";

/** Notes which conversation this window shows. */
export function rememberChat(session: Preferences, id: string): void {
  session.write(CHAT, id);
}

/**
 * The conversation that this window showed before it was loaded again; in a new window, one in which an
 * answer was interrupted last. null where neither is.
 */
export function lastChat(state: AppState, session: Preferences): string | null {
  const id = session.read(CHAT);
  if (typeof id === "string") return id;
  const [latest] = state.conversations;
  const last = latest?.messages.at(-1);
  return latest && last && isInterrupted(last, latest, state) ? latest.id : null;
}

/** Keeps what is written in the message field, and not sent yet. */
export function keepDraft(preferences: Preferences, text: string): void {
  preferences.write(DRAFT, text);
}

/** What was written and not sent; null where there is none, or where it was sent just before the end. */
export function unsentDraft(state: AppState, preferences: Preferences): string | null {
  const draft = preferences.read(DRAFT);
  if (typeof draft !== "string" || !draft.trim()) return null;
  const sent = state.conversations.some((chat) => {
    const question = chat.messages.findLast((message) => message.role === "user");
    return question?.content === draft.trim();
  });
  return sent ? null : draft;
}
