import { isCount, isRecord, isText } from "./check.js";

/** How an answer ended. */
export type Finish = "stop" | "length" | "stopped" | "failed";

/** The numbers that are shown under an answer. */
export interface AnswerStats {
  promptTokens: number;
  completionTokens: number;
  firstTokenMs: number;
  tokensPerSecond: number;
}

export interface ChatMessage {
  id: string;
  role: "user" | "assistant";
  content: string;
  finish?: Finish;
  stats?: AnswerStats;
}

export interface Conversation {
  id: string;
  title: string;
  /** Whether a person has named it; if not, its first message does. */
  named: boolean;
  created: number;
  updated: number;
  messages: ChatMessage[];
}

export const MAX_CONVERSATIONS = 500;
export const MAX_MESSAGES = 2000;
export const MAX_CONTENT = 400_000;
export const MAX_TITLE = 120;
const SHOWN_TITLE = 48;

let counter = 0;

/** An id that no other conversation or message of this device has. */
export function newId(): string {
  counter += 1;
  const random = crypto.getRandomValues(new Uint32Array(2));
  return `${Date.now().toString(36)}-${counter}-${Array.from(random, (word) => word.toString(36)).join("")}`;
}

export function newConversation(now: number): Conversation {
  return { id: newId(), title: "New chat", named: false, created: now, updated: now, messages: [] };
}

/** A conversation with one more message. Its first question gives it a title. */
export function append(conversation: Conversation, message: ChatMessage, now: number): Conversation {
  const first = !conversation.named && message.role === "user" && conversation.messages.length === 0;
  const title = first ? titleOf(message.content) : conversation.title;
  return { ...conversation, title, updated: now, messages: [...conversation.messages, message] };
}

/** The part of a conversation before a message. */
export function before(conversation: Conversation, messageId: string): Conversation {
  const index = conversation.messages.findIndex((message) => message.id === messageId);
  return index < 0 ? conversation : { ...conversation, messages: conversation.messages.slice(0, index) };
}

/** A conversation with one message changed. */
export function change(
  conversation: Conversation,
  messageId: string,
  update: Partial<Omit<ChatMessage, "id" | "role">>,
): Conversation {
  const messages = conversation.messages.map((message) =>
    message.id === messageId ? { ...message, ...update } : message,
  );
  return { ...conversation, messages };
}

export function rename(conversation: Conversation, title: string): Conversation {
  const clean = title.trim().replace(/\s+/g, " ").slice(0, MAX_TITLE);
  return clean ? { ...conversation, title: clean, named: true } : conversation;
}

/** The beginning of a text, cut at the end of a word. */
export function titleOf(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  if (line.length <= SHOWN_TITLE) return line || "New chat";
  const cut = line.slice(0, SHOWN_TITLE);
  const end = cut.lastIndexOf(" ");
  return `${cut.slice(0, end > SHOWN_TITLE / 2 ? end : SHOWN_TITLE).trimEnd()}…`;
}

/**
 * A stored conversation; null where the value is not a valid one. Nothing else on the page reads raw stored
 * values.
 */
export function readConversation(value: unknown): Conversation | null {
  if (!isRecord(value)) return null;
  const { id, title, named, created, updated, messages } = value;
  if (!isText(id, 100) || !isText(title, MAX_TITLE) || !isCount(created) || !isCount(updated)) return null;
  if (!Array.isArray(messages) || messages.length > MAX_MESSAGES) return null;
  const read = messages.map(readMessage);
  if (read.includes(null)) return null;
  return {
    id,
    title,
    named: named === true,
    created,
    updated,
    messages: read.filter((message) => message !== null),
  };
}

function readMessage(value: unknown): ChatMessage | null {
  if (!isRecord(value)) return null;
  const { id, role, content, finish, stats } = value;
  if (!isText(id, 100) || (role !== "user" && role !== "assistant")) return null;
  if (typeof content !== "string" || content.length > MAX_CONTENT) return null;
  const message: ChatMessage = { id, role, content };
  if (finish === "stop" || finish === "length" || finish === "stopped" || finish === "failed")
    message.finish = finish;
  const read = readStats(stats);
  if (read) message.stats = read;
  return message;
}

function readStats(value: unknown): AnswerStats | null {
  if (!isRecord(value)) return null;
  const { promptTokens, completionTokens, firstTokenMs, tokensPerSecond } = value;
  if (!isCount(promptTokens) || !isCount(completionTokens)) return null;
  if (typeof firstTokenMs !== "number" || typeof tokensPerSecond !== "number") return null;
  return { promptTokens, completionTokens, firstTokenMs, tokensPerSecond };
}
