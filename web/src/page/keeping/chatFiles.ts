/**
 * Chats as files: one as the command line's /save and /load write and read it, or all of them with
 * everything.
 */

import { loadTranscript, saveTranscript } from "../../text/transcript.js";
import { isRecord } from "../state/check.js";
import {
  append,
  instruct,
  MAX_CONTENT,
  MAX_CONVERSATIONS,
  MAX_MESSAGES,
  newConversation,
  newId,
  type Conversation,
} from "../state/conversations.js";
import { readConversation } from "../state/readConversation.js";

const FORMAT = "kernelc-chats";
const VERSION = 1;
/** More than all chats that the page keeps are likely to take. */
export const MAX_FILE_BYTES = 256 * 2 ** 20;

/** A file: its name, and what is in it. */
export interface ChatFile {
  name: string;
  text: string;
}

/**
 * One chat, as it is shown. A question without an answer is left out, since the command line wants them in
 * pairs; null where nothing is left.
 */
export function chatFile(chat: Conversation): ChatFile | null {
  const said = chat.messages.map(({ role, content }) => ({ role, content }));
  const pairs = said.flatMap((message, at) => {
    const answer = said[at + 1];
    const answered = message.role === "user" && answer?.role === "assistant" && answer.content.trim() !== "";
    return answered ? [message, answer] : [];
  });
  if (pairs.length === 0) return null;
  const system = chat.system === undefined ? [] : [{ role: "system" as const, content: chat.system }];
  return { name: `${fileName(chat.title)}.json`, text: saveTranscript([...system, ...pairs]) };
}

/** All chats, with their versions and numbers. */
export function allChatsFile(chats: readonly Conversation[], now: number): ChatFile {
  const day = new Date(now).toISOString().slice(0, 10);
  const text = JSON.stringify({ format: FORMAT, version: VERSION, conversations: chats }, null, 1);
  return { name: `kernelc-chats-${day}.json`, text };
}

/** What a file holds: the chats that can be read, and how many could not. */
export interface ReadChats {
  chats: Conversation[];
  refused: number;
}

/** @throws KernelcError "usage" that says what is wrong with a file of neither kind. */
export function readChatsFile(text: string, now: number): ReadChats {
  const all = conversationsIn(text);
  if (all) {
    const chats = all.map(readConversation).filter((chat) => chat !== null);
    return { chats: chats.slice(0, MAX_CONVERSATIONS), refused: all.length - chats.length };
  }
  const transcript = loadTranscript(text);
  const system = transcript.find(({ role }) => role === "system")?.content ?? "";
  const said = transcript.filter(({ role }) => role !== "system");
  const chat = said.slice(0, MAX_MESSAGES).reduce((grown, { role, content }) => {
    const finish = role === "assistant" ? { finish: "stop" as const } : {};
    const known = role === "assistant" ? role : "user";
    const kept = content.slice(0, MAX_CONTENT);
    return append(grown, { id: newId(), role: known, content: kept, ...finish }, now);
  }, newConversation(now));
  return { chats: [instruct(chat, system)], refused: 0 };
}

/** The entries of a file of all chats; null where it is something else. */
function conversationsIn(text: string): readonly unknown[] | null {
  try {
    const value: unknown = JSON.parse(text);
    const ours = isRecord(value) && value.format === FORMAT && value.version === VERSION;
    return ours && Array.isArray(value.conversations) ? (value.conversations as unknown[]) : null;
  } catch {
    return null;
  }
}

/** A title as the name of a file that every system takes. */
function fileName(title: string): string {
  const plain = title.replace(/[^\p{L}\p{N} _-]/gu, "").trim().replace(/\s+/g, "-").slice(0, 60);
  return plain || "chat";
}
