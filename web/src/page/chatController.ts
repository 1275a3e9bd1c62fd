import { requestFor, streamAnswer, type Outcome } from "./answer.js";
import { allChatsFile, chatFile, MAX_FILE_BYTES, readChatsFile } from "./keeping/chatFiles.js";
import { MAX_CONTENT, MAX_MESSAGES, newId, type Conversation } from "./state/conversations.js";
import { describeFailure } from "./state/failures.js";
import type { ModelController } from "./modelController.js";
import type { Services } from "./services.js";
import type { Change } from "./keeping/sharing.js";
import { loadedModel, type Action, type AppState, type Toast } from "./state/state.js";
import type { Store } from "./state/store.js";

/** Errors after which an engine cannot be used any more. */
const FATAL = new Set(["device-lost", "out-of-memory", "self-check"]);
/** A growing answer is stored this often: no more than that is lost where the browser ends the page. */
const KEEP_EVERY_MS = 1000;

/** An answer of at least so many tokens tells how fast the model is. */
const TELLING_TOKENS = 16;

/** Asks questions, stops answers, and stores conversations. */
export class ChatController {
  private stopping: AbortController | null = null;
  /** The conversation whose lock this window holds, or asks for. */
  private locked: string | null = null;
  /** Settles when the last answer has ended and is stored. */
  private turn: Promise<unknown> = Promise.resolve();
  /** Conversations whose lock this window waits for. */
  private readonly awaited = new Set<string>();

  constructor(
    private readonly store: Store<AppState, Action>,
    private readonly models: ModelController,
    private readonly services: Services,
  ) {
    services.sharing.listen((change) => void this.take(change));
  }

  /** Reads the stored conversations. Where that fails, those in memory stay as they are. */
  async start(): Promise<void> {
    const conversations = await this.services.conversations.list().catch(() => null);
    if (conversations) this.store.dispatch({ type: "conversations-read", conversations });
    await this.lookElsewhere();
  }

  /**
   * Asks a question. With `from`, it replaces that message and everything after it, which stays as another
   * version. False where it was not asked.
   */
  async ask(text: string, from: string | null = null): Promise<boolean> {
    const content = text.trim().slice(0, MAX_CONTENT);
    if (!content) return false;
    return this.answer((now) => {
      const question = { id: newId(), role: "user" as const, content, created: now };
      this.begin(question, from, now);
    });
  }

  /** Answers the last question once more. */
  async regenerate(): Promise<void> {
    const last = this.store.state.current.messages.at(-1);
    if (last) await this.answer((now) => this.begin(null, last.role === "assistant" ? last.id : null, now));
  }

  /** Lets the last answer go on where it ended. */
  async continue(): Promise<void> {
    const last = this.store.state.current.messages.at(-1);
    if (last?.role === "assistant")
      await this.answer((now) => this.store.dispatch({ type: "continued", messageId: last.id, now }));
  }

  /** Lets the oldest turns of the conversation be left out from now on, and answers. */
  async slide(): Promise<void> {
    const { current } = this.store.state;
    this.store.dispatch({ type: "chat-slides", id: current.id });
    await this.keep(current.id); // answering begins with what is stored
    const last = current.messages.at(-1);
    await (last?.role === "assistant" && last.content ? this.continue() : this.regenerate());
  }

  stop(): void {
    this.stopping?.abort();
  }

  async rename(id: string, title: string): Promise<void> {
    this.store.dispatch({ type: "chat-renamed", id, title });
    await this.keep(id);
  }

  /** Gives the current conversation a system prompt of its own. */
  async instruct(system: string): Promise<void> {
    const { current, elsewhere } = this.store.state;
    if (elsewhere.has(current.id) || (current.system ?? "") === system) return;
    this.store.dispatch({ type: "chat-instructed", id: current.id, system });
    await this.keep(current.id);
  }

  /** Shows another version of a message and of what followed it. */
  async chooseVersion(messageId: string, step: number): Promise<void> {
    const { current, elsewhere } = this.store.state;
    if (elsewhere.has(current.id)) return;
    this.store.dispatch({ type: "version-chosen", messageId, step, now: this.services.now() });
    await this.keep(current.id);
  }

  async delete(id: string): Promise<void> {
    if (this.store.state.answering?.conversationId === id) this.stop();
    this.store.dispatch({ type: "chat-deleted", id, now: this.services.now() });
    await this.services.conversations.delete(id).catch((error: unknown) => this.warn(error));
    this.services.sharing.tell({ id });
  }

  async deleteAll(): Promise<void> {
    this.stop();
    this.store.dispatch({ type: "all-chats-deleted", now: this.services.now() });
    await this.services.conversations.clear().catch((error: unknown) => this.warn(error));
    this.services.sharing.tell({ id: null });
  }

  /** Hands a chat to the person as a file, or all of them where `id` is null. */
  export(id: string | null): void {
    const { conversations } = this.store.state;
    const chat = conversations.find((each) => each.id === id);
    const all = id === null ? allChatsFile(conversations, this.services.now()) : null;
    const file = chat ? chatFile(chat) : all;
    if (file) this.services.saveFile(file.name, file.text);
    else this.tell("There is no answer in this chat yet, so there is nothing to save.");
  }

  /** Takes over the chats of a file. One that is here already stays as it is, and comes a second time. */
  async import(file: Blob): Promise<void> {
    try {
      if (file.size > MAX_FILE_BYTES) throw new Error("The file is larger than any file of chats.");
      const { chats, refused } = readChatsFile(await file.text(), this.services.now());
      const known = new Set(this.store.state.conversations.map((chat) => chat.id));
      for (const chat of chats)
        await this.services.conversations.save(known.has(chat.id) ? { ...chat, id: newId() } : chat);
      await this.start();
      this.services.sharing.tell({ id: null });
      const words = chats.length === 1 ? "One chat was" : `${chats.length} chats were`;
      this.tell(`${words} added${refused > 0 ? `; ${refused} could not be read` : ""}.`, "info");
    } catch (error) {
      this.tell(describeFailure(error, this.services.surroundings).detail);
    }
  }

  /** Stores the answer that is being written: the browser may end the page at any time from now on. */
  async keepNow(): Promise<void> {
    const id = this.store.state.answering?.conversationId;
    if (id !== undefined) await this.keep(id);
  }

  /** True once the answer has ended; false where none was begun. */
  private async answer(begin: (now: number) => void): Promise<boolean> {
    if (!this.models.engine || this.store.state.answering || this.isFull()) return false;
    const { id } = this.store.state.current;
    const answered = this.turn.then(() => this.answerIn(id, begin)); // the last one may still be being stored
    this.turn = answered.catch(() => undefined);
    return answered;
  }

  private async answerIn(id: string, begin: (now: number) => void): Promise<boolean> {
    const stopping = (this.stopping = new AbortController());
    this.locked = id;
    const ended = await this.services.sharing.alone(id, async () => {
      await this.readAgain(id);
      if (this.store.state.current.id !== id) return false; // another one was opened meanwhile
      begin(this.services.now());
      return this.write(stopping);
    });
    this.stopping = this.locked = null;
    this.services.sharing.tell({ id });
    if (ended !== "busy") return ended;
    this.tell("This chat is being answered in another window. Wait until that is done.");
    return false;
  }

  private begin(
    question: { id: string; role: "user"; content: string } | null,
    from: string | null,
    now: number,
  ): void {
    const answer = { id: newId(), role: "assistant" as const, content: "", created: now };
    this.store.dispatch({ type: "asked", question, from, answer, now });
  }

  /** Streams the answer that was begun. */
  private async write(stopping: AbortController): Promise<boolean> {
    const { engine } = this.models;
    const { answering, current, settings } = this.store.state;
    if (!engine || !answering) return false;
    await this.keep(current.id);
    const site = loadedModel(this.store.state)?.system;
    const request = requestFor(current, settings, stopping.signal, engine.model?.generation, site);
    const { clock } = this.services;
    let next = clock() + KEEP_EVERY_MS;
    const outcome = await streamAnswer(engine, request, clock, current.messages.at(-1)?.content ?? "", {
      onProgress: (progress) => this.store.dispatch({ type: "answer-progress", progress }),
      onText: (text) => {
        this.store.dispatch({ type: "answer-text", text });
        if (clock() < next) return;
        next = clock() + KEEP_EVERY_MS;
        void this.keep(current.id);
      },
    });
    this.end(outcome, current);
    await this.keep(current.id);
    return true;
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
    this.store.dispatch({ type: "answer-ended", text, finish, stats, failure, now: this.services.now() });
    if (stats && stats.completionTokens >= TELLING_TOKENS) this.models.noteRate(stats.tokensPerSecond);
    if (failure && FATAL.has(failure.code)) void this.models.abandon(failure);
    if (failure) console.warn(`answer in ${conversation.id} failed`, error);
  }

  /** Takes over what another window did. */
  private async take({ id }: Change): Promise<void> {
    if (id === null) return this.takeAll();
    await this.lookElsewhere();
    if (await this.readAgain(id)) return;
    if (this.store.state.answering?.conversationId === id) this.stop();
    this.store.dispatch({ type: "chat-deleted", id, now: this.services.now() });
  }

  private async takeAll(): Promise<void> {
    const { id } = this.store.state.current;
    const known = this.store.state.conversations.some((chat) => chat.id === id);
    await this.start();
    const gone = known && !this.store.state.conversations.some((chat) => chat.id === id);
    if (gone) this.store.dispatch({ type: "chat-deleted", id, now: this.services.now() });
  }

  /** Reads a conversation again, which another window may have changed; false where it is not stored. */
  private async readAgain(id: string): Promise<boolean> {
    const conversation = await this.services.conversations.get(id).catch(() => undefined);
    if (conversation) this.store.dispatch({ type: "chat-read", conversation });
    return conversation !== null;
  }

  /** Sees which conversations other windows answer in, and waits for their end. */
  private async lookElsewhere(): Promise<void> {
    const ids = new Set(await this.services.sharing.answered());
    if (this.locked !== null) ids.delete(this.locked);
    this.store.dispatch({ type: "elsewhere-known", ids });
    for (const id of ids) void this.awaitEnd(id);
  }

  private async awaitEnd(id: string): Promise<void> {
    if (this.awaited.has(id)) return;
    this.awaited.add(id);
    await this.services.sharing.free(id).catch(() => undefined);
    this.awaited.delete(id);
    await this.take({ id });
  }

  private async keep(id: string): Promise<void> {
    const conversation = this.store.state.conversations.find((chat) => chat.id === id);
    if (!conversation) return;
    try {
      await this.services.conversations.save(conversation);
      this.services.sharing.tell({ id });
    } catch (error) {
      this.warn(error);
    }
  }

  private warn(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    this.tell(`Conversations cannot be kept in this browser: ${detail}`);
  }

  private tell(text: string, tone: Toast["tone"] = "warning"): void {
    this.store.dispatch({ type: "toast-shown", toast: { id: newId(), tone, text } });
  }
}
