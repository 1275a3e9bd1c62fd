import { isCount, isRecord, isText } from "./check.js";
import {
  MAX_CONTENT,
  MAX_MESSAGES,
  MAX_SYSTEM_LENGTH,
  MAX_TITLE,
  type AnswerStats,
  type ChatMessage,
  type Conversation,
  type Finish,
  type Version,
} from "./conversations.js";

const FINISHES: readonly unknown[] = ["stop", "length", "context", "stopped", "failed"] satisfies Finish[];

/**
 * A stored conversation; null where the value is not a valid one. Nothing else on the page reads raw stored
 * values.
 */
export function readConversation(value: unknown): Conversation | null {
  if (!isRecord(value)) return null;
  const { id, title, named, created, updated, messages, others, slides, system } = value;
  if (!isText(id, 100) || !isText(title, MAX_TITLE) || !isCount(created) || !isCount(updated)) return null;
  if (!Array.isArray(messages) || messages.length > MAX_MESSAGES) return null;
  const read = readMessages(messages);
  if (!read) return null;
  const versions = readVersions(others);
  return {
    id,
    title,
    named: named === true,
    created,
    updated,
    messages: read,
    ...(versions.length > 0 ? { others: versions } : {}),
    ...(slides === true ? { slides } : {}),
    ...(isText(system, MAX_SYSTEM_LENGTH) && system.trim() ? { system } : {}),
  };
}

/** The messages; null where one of them is not valid. */
function readMessages(values: readonly unknown[]): ChatMessage[] | null {
  const read = values.map(readMessage).filter((message) => message !== null);
  return read.length === values.length ? read : null;
}

/** The valid versions: a conversation is not refused for one that is not. */
function readVersions(value: unknown): Version[] {
  if (!Array.isArray(value) || value.length > MAX_MESSAGES) return [];
  let left = MAX_MESSAGES;
  return value.flatMap((version: unknown) => {
    if (!isRecord(version) || !Array.isArray(version.messages)) return [];
    const { after, messages } = version;
    if ((after !== null && !isText(after, 100)) || messages.length < 1 || messages.length > left) return [];
    const read = readMessages(messages);
    if (read) left -= read.length;
    return read ? [{ after, messages: read }] : [];
  });
}

function readMessage(value: unknown): ChatMessage | null {
  if (!isRecord(value)) return null;
  const { id, role, content, created, finish, stats } = value;
  if (!isText(id, 100) || (role !== "user" && role !== "assistant")) return null;
  if (typeof content !== "string" || content.length > MAX_CONTENT) return null;
  const message: ChatMessage = { id, role, content };
  if (isCount(created)) message.created = created;
  if (FINISHES.includes(finish)) message.finish = finish as Finish;
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
