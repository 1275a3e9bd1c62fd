import { requestFor, streamAnswer, type Outcome } from "./answer.js";
import {
  MAX_CONTENT,
  MAX_MESSAGES,
  newId,
  type ChatMessage,
  type Conversation,
} from "./state/conversations.js";
import { describeFailure } from "./state/failures.js";
import type { ModelController } from "./modelController.js";
import type { Services } from "./services.js";
import type { Action, AppState } from "./state/state.js";
import type { Store } from "./state/store.js";

/** Errors after which an engine cannot be used any more. */
const FATAL = new Set(["device-lost", "out-of-memory", "self-check"]);

/** Asks questions, stops answers, and stores conversations. */
export class ChatController {
  private stopping: AbortController | null = null;

  constructor(
    private readonly store: Store<AppState, Action>,
    private readonly models: ModelController,
    private readonly services: Services,
  ) {}

  /** Reads the stored conversations. Where that fails, those in memory stay as they are. */
  async start(): Promise<void> {
    const conversations = await this.services.conversations.list().catch(() => null);
    if (conversations) this.store.dispatch({ type: "conversations-read", conversations });
  }

  /** Asks a question. With `from`, it replaces that message and everything after it. */
  async ask(text: string, from: string | null = null): Promise<void> {
    const content = text.trim();
    if (content)
      await this.answer({ id: newId(), role: "user", content: content.slice(0, MAX_CONTENT) }, from);
  }

  /** Answers the last question once more. */
  async regenerate(): Promise<void> {
    const last = this.store.state.current.messages.at(-1);
    if (last?.role === "assistant") await this.answer(null, last.id);
  }

  stop(): void {
    this.stopping?.abort();
  }

  async rename(id: string, title: string): Promise<void> {
    this.store.dispatch({ type: "chat-renamed", id, title });
    await this.keep(id);
  }

  async delete(id: string): Promise<void> {
    if (this.store.state.answering?.conversationId === id) this.stop();
    this.store.dispatch({ type: "chat-deleted", id, now: this.services.now() });
    await this.services.conversations.delete(id).catch((error: unknown) => this.warn(error));
  }

  private async answer(question: ChatMessage | null, from: string | null): Promise<void> {
    const { engine } = this.models;
    if (!engine || this.store.state.answering || this.isFull()) return;
    const stopping = new AbortController();
    this.stopping = stopping;
    const now = this.services.now();
    this.store.dispatch({
      type: "asked",
      question,
      from,
      answer: { id: newId(), role: "assistant", content: "" },
      now,
    });
    const conversation = this.store.state.current;
    await this.keep(conversation.id);
    const request = requestFor(
      conversation,
      this.store.state.settings,
      stopping.signal,
      engine.model?.generation,
    );
    const show = (shown: string): void => this.store.dispatch({ type: "answer-text", text: shown });
    this.end(await streamAnswer(engine, request, this.services.clock, show), conversation);
    await this.keep(conversation.id);
  }

  /** Whether a chat has so many messages that it could not be read back. */
  private isFull(): boolean {
    const full = this.store.state.current.messages.length + 2 > MAX_MESSAGES;
    if (full) this.tell("This chat is as long as a chat can be. Start a new one.");
    return full;
  }

  private end(outcome: Outcome, conversation: Conversation): void {
    const { text, finish, stats, error } = outcome;
    const failure = finish === "failed" ? describeFailure(error, this.services.surroundings) : null;
    this.stopping = null;
    this.store.dispatch({ type: "answer-ended", text, finish, stats, failure, now: this.services.now() });
    if (failure && FATAL.has(failure.code)) void this.models.abandon(failure);
    if (failure) console.warn(`answer in ${conversation.id} failed`, error);
  }

  private async keep(id: string): Promise<void> {
    const conversation = this.store.state.conversations.find((chat) => chat.id === id);
    if (conversation)
      await this.services.conversations.save(conversation).catch((error: unknown) => this.warn(error));
  }

  private warn(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    this.tell(`Conversations cannot be kept in this browser: ${detail}`);
  }

  private tell(text: string): void {
    this.store.dispatch({ type: "toast-shown", toast: { id: newId(), tone: "warning", text } });
  }
}
