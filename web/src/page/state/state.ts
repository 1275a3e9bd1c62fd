import type { Action, AppState, ThemeChoice, Toast } from "./appState.js";
import type { CatalogModel } from "./catalog.js";
import { reduceAnswer, reduceChats } from "./chats.js";
import { newConversation, type ChatMessage, type Conversation } from "./conversations.js";
import { reduceModel } from "./modelState.js";
import type { StoredModel } from "./ports.js";
import type { Settings } from "./settings.js";

export type * from "./appState.js";

export function initialState(settings: Settings, theme: ThemeChoice, now: number): AppState {
  return {
    view: "chat",
    catalog: null,
    catalogFailure: null,
    stored: [],
    notes: [],
    device: { kind: "unknown" },
    model: {
      selected: null,
      context: 0,
      plan: { kind: "none" },
      rate: null,
      status: { kind: "idle" },
      loaded: null,
    },
    conversations: [],
    current: newConversation(now),
    answering: null,
    elsewhere: new Set(),
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
    case "elsewhere-known":
      return same(state.elsewhere, action.ids) ? state : { ...state, elsewhere: action.ids };
    case "conversations-read":
    case "chat-read":
    case "chat-started":
    case "chat-opened":
    case "chat-renamed":
    case "chat-deleted":
    case "all-chats-deleted":
    case "version-chosen":
    case "chat-slides":
    case "chat-instructed":
      return reduceChats(state, action);
    case "asked":
    case "continued":
    case "answer-progress":
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

function same(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((id) => other.has(id));
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

/** The model that answers, as the list of models describes it; null where none is loaded. */
export function loadedModel(state: AppState): CatalogModel | null {
  const { loaded } = state.model;
  return state.catalog?.find((model) => model.name === loaded?.name) ?? null;
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

/**
 * Whether an answer has no end and nobody is writing it: the page was closed, or the browser ended it, while
 * it was being written.
 */
export function isInterrupted(message: ChatMessage, conversation: Conversation, state: AppState): boolean {
  const own = state.answering?.messageId === message.id;
  return message.role === "assistant" && !message.finish && !own && !state.elsewhere.has(conversation.id);
}
