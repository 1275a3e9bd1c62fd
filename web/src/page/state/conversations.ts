/** How an answer ended. "context": the context was full. */
export type Finish = "stop" | "length" | "context" | "stopped" | "failed";

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
  /** When it was begun, in milliseconds since 1970; messages of older pages have no time. */
  created?: number;
  /** An answer without one is being written, or was interrupted: the page was closed, or ended. */
  finish?: Finish;
  stats?: AnswerStats;
}

/** Messages that others replaced: a question that was edited or answered again, and what followed it. */
export interface Version {
  /** The message that it follows; null for the beginning. */
  after: string | null;
  messages: ChatMessage[];
}

export interface Conversation {
  id: string;
  title: string;
  /** Whether a person has named it; if not, its first message does. */
  named: boolean;
  created: number;
  updated: number;
  messages: ChatMessage[];
  /** What `messages` once was, and may become again. */
  others?: Version[];
  /** Whether the oldest turns are left out where the context cannot hold all. */
  slides?: boolean;
  /** Its own system prompt, in place of the one in the settings. */
  system?: string;
}

export const MAX_CONVERSATIONS = 500;
export const MAX_MESSAGES = 2000;
export const MAX_CONTENT = 400_000;
export const MAX_TITLE = 120;
export const MAX_SYSTEM_LENGTH = 20_000;
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

/** A conversation with a system prompt of its own; blank: with that of the settings again. */
export function instruct(conversation: Conversation, system: string): Conversation {
  const { system: _, ...rest } = conversation;
  return system.trim() ? { ...rest, system: system.slice(0, MAX_SYSTEM_LENGTH) } : rest;
}

/** The beginning of a text, cut at the end of a word. */
export function titleOf(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  if (line.length <= SHOWN_TITLE) return line || "New chat";
  const cut = line.slice(0, SHOWN_TITLE);
  const end = cut.lastIndexOf(" ");
  return `${cut.slice(0, end > SHOWN_TITLE / 2 ? end : SHOWN_TITLE).trimEnd()}…`;
}
