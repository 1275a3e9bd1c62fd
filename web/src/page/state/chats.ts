import type { Action, Answering, AppState } from "./appState.js";
import {
  append,
  change,
  instruct,
  newConversation,
  rename,
  type AnswerStats,
  type ChatMessage,
  type Conversation,
} from "./conversations.js";
import { before, switchVersion } from "./versions.js";

type ActionOf<T extends Action["type"]> = Extract<Action, { type: T }>;

type ChatsAction = ActionOf<
  | "conversations-read"
  | "chat-read"
  | "chat-started"
  | "chat-opened"
  | "chat-renamed"
  | "chat-deleted"
  | "all-chats-deleted"
  | "version-chosen"
  | "chat-slides"
  | "chat-instructed"
>;

/** The state after an action on conversations as a whole. */
export function reduceChats(state: AppState, action: ChatsAction): AppState {
  switch (action.type) {
    case "conversations-read":
      return readChats(state, action.conversations);
    case "chat-read":
      return readChats(state, [
        action.conversation,
        ...without(state.conversations, action.conversation.id),
      ]);
    case "chat-started":
      return { ...startChat(state, action.now), view: "chat" };
    case "chat-opened":
      return openChat(state, action.id);
    case "chat-renamed":
      return updateChat(state, action.id, (chat) => rename(chat, action.title));
    case "chat-deleted":
      return deleteChat(state, action.id, action.now);
    case "all-chats-deleted":
      return { ...state, conversations: [], current: newConversation(action.now), answerFailure: null };
    case "version-chosen":
      return chooseVersion(state, action);
    case "chat-slides":
      return updateChat(state, action.id, (chat) => ({ ...chat, slides: true }));
    case "chat-instructed":
      return updateChat(state, action.id, (chat) => instruct(chat, action.system));
  }
}

/**
 * Takes over what was read from storage. What is newer here stays: a conversation that is being answered, and
 * one that could not be stored.
 */
function readChats(state: AppState, read: readonly Conversation[]): AppState {
  const ours = new Map(state.conversations.map((chat) => [chat.id, chat]));
  const busy = state.answering?.conversationId;
  const taken = read.map((chat) => {
    const own = ours.get(chat.id);
    if (own && chat.id === busy) return chat.named ? { ...own, title: chat.title, named: true } : own;
    return own && own.updated > chat.updated ? own : chat;
  });
  const writing = busy === undefined ? undefined : ours.get(busy);
  if (writing && !taken.some((chat) => chat.id === busy)) taken.push(writing);
  const current = taken.find((chat) => chat.id === state.current.id) ?? state.current;
  return { ...state, conversations: sorted(taken), current };
}

function startChat(state: AppState, now: number): AppState {
  return state.current.messages.length === 0 && state.current.system === undefined
    ? state
    : { ...state, current: newConversation(now), answerFailure: null };
}

function openChat(state: AppState, id: string): AppState {
  const found = state.conversations.find((chat) => chat.id === id);
  return found ? { ...state, current: found, view: "chat", answerFailure: null } : state;
}

function deleteChat(state: AppState, id: string, now: number): AppState {
  const conversations = without(state.conversations, id);
  return { ...state, conversations, current: state.current.id === id ? newConversation(now) : state.current };
}

function chooseVersion(state: AppState, { messageId, step, now }: ActionOf<"version-chosen">): AppState {
  if (state.answering?.conversationId === state.current.id) return state;
  const update = (chat: Conversation): Conversation => ({
    ...switchVersion(chat, messageId, step),
    updated: now,
  });
  return { ...updateChat(state, state.current.id, update), answerFailure: null };
}

function updateChat(state: AppState, id: string, update: (chat: Conversation) => Conversation): AppState {
  const conversations = state.conversations.map((chat) => (chat.id === id ? update(chat) : chat));
  const shown = conversations.find((chat) => chat.id === state.current.id);
  const current = state.current.id === id ? (shown ?? update(state.current)) : state.current;
  return { ...state, conversations, current };
}

type AnswerAction = ActionOf<"asked" | "continued" | "answer-progress" | "answer-text" | "answer-ended">;

/** The state after an action on the answer that is being written, or is to be. */
export function reduceAnswer(state: AppState, action: AnswerAction): AppState {
  if (action.type === "asked") return ask(state, action);
  if (action.type === "continued") return goOn(state, action);
  const { answering } = state;
  if (!answering) return state;
  if (action.type === "answer-progress")
    return { ...state, answering: { ...answering, progress: action.progress } };
  return action.type === "answer-text"
    ? write(state, answering, action.text)
    : end(state, answering, action);
}

function write(state: AppState, answering: Answering, text: string): AppState {
  const { conversationId, messageId } = answering;
  const next = updateChat(state, conversationId, (chat) => change(chat, messageId, { content: text }));
  return answering.phase === "writing" ? next : { ...next, answering: { ...answering, phase: "writing" } };
}

function end(state: AppState, answering: Answering, action: ActionOf<"answer-ended">): AppState {
  const { conversationId, messageId } = answering;
  const next = updateChat(state, conversationId, (chat) => {
    const before = chat.messages.find((message) => message.id === messageId)?.stats;
    const stats = action.stats ? { stats: together(before, action.stats) } : {};
    const update = { content: action.text, finish: action.finish, ...stats };
    return { ...change(chat, messageId, update), updated: action.now };
  });
  const answerFailure = action.failure ? { messageId, failure: action.failure } : null;
  return { ...next, conversations: sorted(next.conversations), answering: null, answerFailure };
}

/** The numbers of an answer that went on: its beginning was a part of the second prompt. */
function together(before: AnswerStats | undefined, after: AnswerStats): AnswerStats {
  if (!before) return after;
  return {
    ...after,
    promptTokens: Math.max(0, after.promptTokens - before.completionTokens),
    completionTokens: before.completionTokens + after.completionTokens,
    firstTokenMs: before.firstTokenMs,
  };
}

/**
 * Adds a question, or (null) asks the last one again. With `from`, it replaces that message and what
 * followed, which stays as another version.
 */
function ask(state: AppState, action: ActionOf<"asked">): AppState {
  if (state.answering) return state;
  let current = action.from === null ? state.current : before(state.current, action.from);
  if (action.question) current = append(current, action.question, action.now);
  current = append(current, action.answer, action.now);
  return answeringIn(state, current, action.answer.id);
}

/** Lets the last answer go on where it ended. */
function goOn(state: AppState, { messageId, now }: ActionOf<"continued">): AppState {
  const last = state.current.messages.at(-1);
  if (state.answering || last?.id !== messageId || last.role !== "assistant") return state;
  const { finish: _, ...open } = last satisfies ChatMessage;
  const messages = [...state.current.messages.slice(0, -1), open];
  return answeringIn(state, { ...state.current, messages, updated: now }, messageId);
}

function answeringIn(state: AppState, current: Conversation, messageId: string): AppState {
  const conversations = sorted([current, ...without(state.conversations, current.id)]);
  const answering: Answering = {
    conversationId: current.id,
    messageId,
    phase: "reading",
    progress: null,
  };
  return { ...state, view: "chat", current, conversations, answering, answerFailure: null };
}

function without(conversations: readonly Conversation[], id: string): readonly Conversation[] {
  return conversations.filter((chat) => chat.id !== id);
}

function sorted(conversations: readonly Conversation[]): readonly Conversation[] {
  return [...conversations].sort((a, b) => b.updated - a.updated);
}
