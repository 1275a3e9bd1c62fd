import type { CatalogModel } from "./catalog.js";
import {
  append,
  before,
  change,
  newConversation,
  rename,
  type AnswerStats,
  type ChatMessage,
  type Conversation,
  type Finish,
} from "./conversations.js";
import type { Failure } from "./failures.js";
import { reduceModel, type ModelAction, type ModelState } from "./modelState.js";
import type { StoredModel } from "./ports.js";
import type { Settings } from "./settings.js";

export type ThemeChoice = "auto" | "light" | "dark";

export interface Toast {
  id: string;
  tone: "info" | "warning";
  text: string;
}

/** The answer that is being written. */
export interface Answering {
  conversationId: string;
  messageId: string;
  /** In the phase "reading", the model processes the prompt, and no text has come yet. */
  phase: "reading" | "writing";
}

/** The WebGPU device, "unknown" until the browser has answered. */
export type DeviceState =
  | { kind: "unknown" }
  | { kind: "usable"; name: string; fallback: boolean }
  | { kind: "unusable"; failure: Failure };

export interface AppState {
  /** What the main part of the window shows. */
  view: "model" | "chat";
  /** null while it is being read. */
  catalog: readonly CatalogModel[] | null;
  catalogFailure: Failure | null;
  device: DeviceState;
  stored: readonly StoredModel[];
  /** Notices about this device that need no attention. They are shown with the models. */
  notes: readonly string[];
  model: ModelState;
  /** The conversations that have messages, the latest first. */
  conversations: readonly Conversation[];
  current: Conversation;
  answering: Answering | null;
  /** Why the last answer of the current conversation failed, where it did. */
  answerFailure: { messageId: string; failure: Failure } | null;
  settings: Settings;
  theme: ThemeChoice;
  toasts: readonly Toast[];
}

export type Action =
  | ModelAction
  | { type: "view-chosen"; view: AppState["view"] }
  | { type: "catalog-read"; models: readonly CatalogModel[] }
  | { type: "catalog-failed"; failure: Failure }
  | { type: "device-probed"; device: DeviceState }
  | { type: "noted"; note: string }
  | { type: "stored-read"; stored: readonly StoredModel[] }
  | { type: "conversations-read"; conversations: readonly Conversation[] }
  | { type: "chat-started"; now: number }
  | { type: "chat-opened"; id: string }
  | { type: "chat-renamed"; id: string; title: string }
  | { type: "chat-deleted"; id: string; now: number }
  | { type: "asked"; question: ChatMessage | null; from: string | null; answer: ChatMessage; now: number }
  | { type: "answer-text"; text: string }
  | {
      type: "answer-ended";
      text: string;
      finish: Finish;
      stats: AnswerStats | null;
      failure: Failure | null;
      now: number;
    }
  | { type: "settings-changed"; settings: Settings }
  | { type: "theme-changed"; theme: ThemeChoice }
  | { type: "toast-shown"; toast: Toast }
  | { type: "toast-closed"; id: string };

export function initialState(settings: Settings, theme: ThemeChoice, now: number): AppState {
  return {
    view: "model",
    catalog: null,
    catalogFailure: null,
    stored: [],
    notes: [],
    device: { kind: "unknown" },
    model: { selected: null, context: 0, plan: { kind: "none" }, status: { kind: "idle" }, loaded: null },
    conversations: [],
    current: newConversation(now),
    answering: null,
    answerFailure: null,
    settings,
    theme,
    toasts: [],
  };
}

/**
 * The state after an action. This function is pure; everything that reaches outside is in the controllers.
 */
export function reduce(state: AppState, action: Action): AppState {
  switch (action.type) {
    case "view-chosen":
      return { ...state, view: action.view };
    case "catalog-read":
      return { ...state, catalog: action.models, catalogFailure: null };
    case "catalog-failed":
      return { ...state, catalog: [], catalogFailure: action.failure };
    case "device-probed":
      return { ...state, device: action.device };
    case "noted":
      return state.notes.includes(action.note) ? state : { ...state, notes: [...state.notes, action.note] };
    case "stored-read":
      return { ...state, stored: action.stored };
    case "settings-changed":
      return { ...state, settings: action.settings };
    case "theme-changed":
      return { ...state, theme: action.theme };
    case "toast-shown":
      return showToast(state, action.toast);
    case "toast-closed":
      return { ...state, toasts: state.toasts.filter((toast) => toast.id !== action.id) };
    case "load-ready":
      return { ...state, view: "chat", model: reduceModel(state.model, action) };
    case "conversations-read":
    case "chat-started":
    case "chat-opened":
    case "chat-renamed":
    case "chat-deleted":
      return reduceChats(state, action);
    case "asked":
    case "answer-text":
    case "answer-ended":
      return reduceAnswer(state, action);
    default:
      return { ...state, model: reduceModel(state.model, action) };
  }
}

const MAX_TOASTS = 4;

function showToast(state: AppState, toast: Toast): AppState {
  const others = state.toasts.filter((other) => other.text !== toast.text);
  return { ...state, toasts: [...others, toast].slice(-MAX_TOASTS) };
}

type ChatsAction = Extract<
  Action,
  { type: "conversations-read" | "chat-started" | "chat-opened" | "chat-renamed" | "chat-deleted" }
>;

function reduceChats(state: AppState, action: ChatsAction): AppState {
  switch (action.type) {
    case "conversations-read":
      return readChats(state, action.conversations);
    case "chat-started":
      return { ...startChat(state, action.now), view: state.model.loaded ? "chat" : state.view };
    case "chat-opened":
      return openChat(state, action.id);
    case "chat-renamed":
      return updateChat(state, action.id, (chat) => rename(chat, action.title));
    case "chat-deleted":
      return deleteChat(state, action.id, action.now);
  }
}

/**
 * Takes over what was read from storage, except for the conversation that is being written here, which is
 * newer.
 */
function readChats(state: AppState, read: readonly Conversation[]): AppState {
  const busy = state.answering?.conversationId;
  const ours = state.conversations.find((chat) => chat.id === busy);
  const others = read.filter((chat) => chat.id !== ours?.id);
  const conversations = sorted(ours ? [ours, ...others] : others);
  const current = others.find((chat) => chat.id === state.current.id && chat.updated > state.current.updated);
  return { ...state, conversations, current: current ?? state.current };
}

function startChat(state: AppState, now: number): AppState {
  return state.current.messages.length === 0
    ? state
    : { ...state, current: newConversation(now), answerFailure: null };
}

function openChat(state: AppState, id: string): AppState {
  const found = state.conversations.find((chat) => chat.id === id);
  return found ? { ...state, current: found, view: "chat", answerFailure: null } : state;
}

function deleteChat(state: AppState, id: string, now: number): AppState {
  const conversations = state.conversations.filter((chat) => chat.id !== id);
  return { ...state, conversations, current: state.current.id === id ? newConversation(now) : state.current };
}

function updateChat(state: AppState, id: string, update: (chat: Conversation) => Conversation): AppState {
  const conversations = state.conversations.map((chat) => (chat.id === id ? update(chat) : chat));
  return {
    ...state,
    conversations,
    current: state.current.id === id ? update(state.current) : state.current,
  };
}

type AnswerAction = Extract<Action, { type: "asked" | "answer-text" | "answer-ended" }>;

function reduceAnswer(state: AppState, action: AnswerAction): AppState {
  if (action.type === "asked") return ask(state, action);
  if (!state.answering) return state;
  const { conversationId, messageId } = state.answering;
  if (action.type === "answer-text") {
    const phase = action.text ? "writing" : "reading";
    const next = updateChat(state, conversationId, (chat) =>
      change(chat, messageId, { content: action.text }),
    );
    return state.answering.phase === phase
      ? next
      : { ...next, answering: { conversationId, messageId, phase } };
  }
  const update = {
    content: action.text,
    finish: action.finish,
    ...(action.stats ? { stats: action.stats } : {}),
  };
  const next = updateChat(state, conversationId, (chat) => ({
    ...change(chat, messageId, update),
    updated: action.now,
  }));
  const answerFailure = action.failure ? { messageId, failure: action.failure } : null;
  return { ...next, conversations: sorted(next.conversations), answering: null, answerFailure };
}

/**
 * Adds a question, or (null) asks the last one again. With `from`, it replaces that message and what
 * followed.
 */
function ask(state: AppState, action: Extract<Action, { type: "asked" }>): AppState {
  if (state.answering) return state;
  let current = action.from === null ? state.current : before(state.current, action.from);
  if (action.question) current = append(current, action.question, action.now);
  current = append(current, action.answer, action.now);
  const conversations = sorted([current, ...state.conversations.filter((chat) => chat.id !== current.id)]);
  const answering: Answering = { conversationId: current.id, messageId: action.answer.id, phase: "reading" };
  return { ...state, view: "chat", current, conversations, answering, answerFailure: null };
}

function sorted(conversations: readonly Conversation[]): readonly Conversation[] {
  return [...conversations].sort((a, b) => b.updated - a.updated);
}

/** How many tokens of the context a conversation takes, by its last answer; 0 before the first one. */
export function usedTokens(conversation: Conversation): number {
  const stats = conversation.messages.findLast((message) => message.stats)?.stats;
  return stats ? stats.promptTokens + stats.completionTokens : 0;
}

/** The selected model, as the list of models describes it. */
export function selectedModel(state: AppState): CatalogModel | null {
  return state.catalog?.find((model) => model.name === state.model.selected) ?? null;
}

/** The title of the model that answers, or null where none is loaded. */
export function loadedTitle(state: AppState): string | null {
  const { loaded } = state.model;
  return loaded ? (state.catalog?.find((model) => model.name === loaded.name)?.title ?? loaded.name) : null;
}

/** The stored files of a model. Of several builds at its address, the most complete one. */
export function storedFor(state: AppState, model: CatalogModel): StoredModel | null {
  const same = state.stored.filter((stored) => stored.url === model.url);
  return same.find((stored) => stored.complete) ?? same[0] ?? null;
}

/** Stored models that this site does not use: earlier builds, and models that it no longer offers. */
export function leftovers(state: AppState): readonly StoredModel[] {
  const used = new Set(state.catalog?.map((model) => storedFor(state, model)?.id));
  return state.stored.filter((stored) => !used.has(stored.id));
}
