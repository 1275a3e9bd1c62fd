/** What the page knows, and what may change it. */

import type { CatalogModel } from "./catalog.js";
import type { AnswerStats, ChatMessage, Conversation, Finish } from "./conversations.js";
import type { Failure } from "./failures.js";
import type { ModelAction, ModelState } from "./modelState.js";
import type { PromptProgress, StoredModel } from "./ports.js";
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
  /** How far the reading is, where that has been told. */
  progress: PromptProgress | null;
}

/** The WebGPU device, "unknown" until the browser has answered. */
export type DeviceState =
  | { kind: "unknown" }
  | { kind: "usable"; name: string; slow: boolean }
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
  /** The conversations that another window of this browser is answering in. */
  elsewhere: ReadonlySet<string>;
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
  /** What storage has of a conversation now. */
  | { type: "chat-read"; conversation: Conversation }
  | { type: "elsewhere-known"; ids: ReadonlySet<string> }
  | { type: "chat-started"; now: number }
  | { type: "chat-opened"; id: string }
  | { type: "chat-renamed"; id: string; title: string }
  | { type: "chat-deleted"; id: string; now: number }
  | { type: "all-chats-deleted"; now: number }
  | { type: "version-chosen"; messageId: string; step: number; now: number }
  /** The oldest turns of a conversation may be left out from now on. */
  | { type: "chat-slides"; id: string }
  /** A conversation's own system prompt; blank for that of the settings. */
  | { type: "chat-instructed"; id: string; system: string }
  | { type: "asked"; question: ChatMessage | null; from: string | null; answer: ChatMessage; now: number }
  /** The last answer goes on. */
  | { type: "continued"; messageId: string; now: number }
  | { type: "answer-progress"; progress: PromptProgress }
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
