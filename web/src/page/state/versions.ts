/**
 * The versions of a conversation. Where a question is edited, or answered again, what was there before is
 * kept, and a person can go back to it.
 */

import { MAX_MESSAGES, type ChatMessage, type Conversation, type Version } from "./conversations.js";

/** The part of a conversation before a message; what was there from it on becomes another version. */
export function before(conversation: Conversation, messageId: string): Conversation {
  const index = conversation.messages.findIndex((message) => message.id === messageId);
  if (index < 0) return conversation;
  const replaced = versionAt(conversation, index);
  const messages = conversation.messages.slice(0, index);
  const others = isWorthKeeping(replaced) ? [...(conversation.others ?? []), replaced] : conversation.others;
  return withOthers({ ...conversation, messages }, others ?? []);
}

/** The versions from a message on, in the order in which they were begun, and which of them is shown. */
export function versionsAt(conversation: Conversation, index: number): { all: Version[]; shown: number } {
  const own = versionAt(conversation, index);
  const others = (conversation.others ?? []).filter((version) => version.after === own.after);
  const all = [...others, own].sort((a, b) => begunAt(a) - begunAt(b));
  return { all, shown: all.indexOf(own) };
}

/** How many versions there are from each message on: what `versionsAt` says, for all messages at once. */
export function versionCounts(conversation: Conversation): ReadonlyMap<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const { after } of conversation.others ?? []) counts.set(after, (counts.get(after) ?? 1) + 1);
  return counts;
}

/** Shows the version that is `step` after the one that is shown from a message on. */
export function switchVersion(conversation: Conversation, messageId: string, step: number): Conversation {
  const index = conversation.messages.findIndex((message) => message.id === messageId);
  if (index < 0) return conversation;
  const { all, shown } = versionsAt(conversation, index);
  const chosen = all[shown + step];
  const own = all[shown];
  if (!chosen || !own || step === 0) return conversation;
  const others = (conversation.others ?? []).map((version) => (version === chosen ? own : version));
  const messages = [...conversation.messages.slice(0, index), ...chosen.messages];
  return withOthers({ ...conversation, messages }, others);
}

function versionAt({ messages }: Conversation, index: number): Version {
  return { after: messages[index - 1]?.id ?? null, messages: messages.slice(index) };
}

/** Whether there is anything in it that somebody wrote or a model said. */
function isWorthKeeping({ messages }: Version): boolean {
  return messages.some((message) => message.content.trim() !== "");
}

function begunAt({ messages }: Version): number {
  const first: ChatMessage | undefined = messages[0];
  return first?.created ?? 0;
}

/**
 * The conversation with these other versions; the oldest ones go where there are more than can be read back.
 */
function withOthers(conversation: Conversation, others: readonly Version[]): Conversation {
  let left = MAX_MESSAGES;
  const kept = [...others].reverse().filter((version) => (left -= version.messages.length) >= 0);
  return kept.length > 0 ? { ...conversation, others: kept.reverse() } : omitOthers(conversation);
}

function omitOthers({ others: _, ...conversation }: Conversation): Conversation {
  return conversation;
}
