import type { Actions } from "../actions.js";
import type { ChatMessage } from "../state/conversations.js";
import { h, setChildren, setHidden, setText } from "../dom.js";
import { GROUP, later } from "../reading/later.js";
import { loadedModel, loadedTitle, selectedModel, type AppState } from "../state/state.js";
import { AnswerView } from "./answerView.js";
import { textButton } from "./buttons.js";
import { messageContexts, sameContext, type MessageContext } from "./messageContext.js";
import { QuestionView } from "./questionView.js";
import type { View } from "./view.js";

/** Questions to begin with: what the toy was made for, and what SmolLM2, a small one, can answer. */
const STARTERS = {
  toy: ["Tell me a short story about an owl", "What is 417 - 58?", "What can you do?"],
  other: [
    "Why is the sky blue?",
    "Give me three tips for a good night's sleep",
    "Explain what gravity is in one sentence",
  ],
} as const;
/**
 * So many messages are one group. What a browser does for each token grows with the number of children next
 * to the one that changes, and with the number of those that it leaves out of sight.
 */
const GROUPED = 32;
/** The page follows a growing answer while it is scrolled within this many pixels of the end. */
const FOLLOW_WITHIN = 80;

interface Entry {
  readonly view: AnswerView | QuestionView;
  /** What it shows; null before the first time. */
  message: ChatMessage | null;
  context: MessageContext;
  /** Whether it shows that already. */
  drawn: boolean;
}

/** The messages of the current conversation, or suggestions for a first one. */
export class Transcript implements View {
  readonly element: HTMLElement;
  private readonly messages = h("div", { class: "messages" });
  private readonly groups: HTMLElement[] = [];
  private readonly heading = h("h1", { class: "hello" });
  private readonly welcome: HTMLElement;
  private readonly starters: Readonly<Record<keyof typeof STARTERS, HTMLElement>>;
  /** The button that leads to the end of the conversation, where that is out of sight. */
  readonly toEnd: HTMLButtonElement;
  private entries = new Map<string, Entry>();
  /** What is to be drawn later, in order. */
  private undrawn: Entry[] = [];
  /** Whether the end is kept in sight while the answer grows. */
  private following = true;
  /** How far it was scrolled when that was last seen, in pixels. */
  private top = 0;
  private conversationId = "";
  private count = 0;

  constructor(private readonly actions: Actions) {
    this.starters = { toy: this.buildStarters(STARTERS.toy), other: this.buildStarters(STARTERS.other) };
    this.welcome = h(
      "div",
      { class: "welcome" },
      this.heading,
      h("p", { class: "muted" }, "Every word is computed on this device. Nothing you write leaves it."),
      this.starters.toy,
      this.starters.other,
    );
    this.element = h(
      "section",
      { class: "transcript", "aria-label": "Conversation", tabindex: 0 },
      this.welcome,
      this.messages,
    );
    this.element.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.toEnd = textButton("To the end", () => this.follow(), { icon: "down", class: "to-end" });
    this.toEnd.hidden = true;
  }

  update(state: AppState): void {
    this.element.hidden = state.view !== "chat";
    this.toEnd.hidden = this.element.hidden || this.following || state.current.messages.length === 0;
    if (this.element.hidden) return;
    if (this.element.scrollTop < this.top) this.scrolled(); // a person did so, whose event is still to come
    this.reset(state);
    setHidden(this.welcome, state.current.messages.length > 0);
    const title = loadedTitle(state) ?? selectedModel(state)?.title;
    setText(this.heading, `Chat with ${title ?? "a model"}`);
    const [loaded, toy] = [state.model.loaded !== null, loadedModel(state)?.toy === true];
    setHidden(this.starters.toy, !loaded || !toy);
    setHidden(this.starters.other, !loaded || toy);
    const contexts = messageContexts(state);
    const { messages } = state.current;
    const far = messages.length - GROUPED;
    this.place(messages.flatMap((message, index) => this.show(message, contexts[index], index < far)));
    for (const entry of this.undrawn.splice(0).reverse()) later.do(() => this.drawLate(entry));
    const grown = messages.length > this.count;
    this.count = messages.length;
    if (this.following || grown) this.follow();
  }

  /**
   * Shows a message. One that shows the same as before is not touched: there may be two thousand. One that is
   * far from the end when a chat is opened has its place at once, and is drawn later.
   */
  private show(
    message: ChatMessage,
    context: MessageContext | undefined,
    far: boolean,
  ): readonly HTMLElement[] {
    if (!context) return [];
    const known = this.entries.get(message.id);
    const entry = known ?? { view: this.create(message), message: null, context, drawn: false };
    if (!known) this.entries.set(message.id, entry);
    if (!known && far) this.undrawn.push(entry);
    if (entry.message !== message || !sameContext(entry.context, context)) {
      [entry.message, entry.context] = [message, context];
      if (entry.drawn || !far) this.draw(entry);
    }
    return [entry.view.element];
  }

  private draw(entry: Entry): void {
    entry.drawn = true;
    if (entry.message) entry.view.update(entry.message, entry.context);
  }

  /** Draws what has not been drawn by now, if it is still shown. */
  private drawLate(entry: Entry): void {
    if (!entry.drawn && this.entries.get(entry.message?.id ?? "") === entry) this.draw(entry);
  }

  /** Puts the messages into their groups. */
  private place(elements: readonly HTMLElement[]): void {
    const count = Math.ceil(elements.length / GROUPED);
    while (this.groups.length < count) this.groups.push(h("div", { class: GROUP }));
    this.groups.length = count;
    setChildren(this.messages, this.groups);
    for (const [index, group] of this.groups.entries())
      setChildren(group, elements.slice(index * GROUPED, (index + 1) * GROUPED));
  }

  private create(message: ChatMessage): AnswerView | QuestionView {
    return message.role === "user"
      ? new QuestionView(this.actions, message)
      : new AnswerView(this.actions, message);
  }

  /** Removes the elements of the conversation that was shown before. */
  private reset(state: AppState): void {
    if (state.current.id === this.conversationId) return;
    this.conversationId = state.current.id;
    this.entries = new Map();
    this.count = 0;
    this.following = true;
  }

  private follow(): void {
    this.following = true;
    this.toEnd.hidden = true;
    this.element.scrollTop = this.element.scrollHeight;
    this.top = this.element.scrollTop;
  }

  /**
   * Notes whether the end is in sight. While a person reads above it, the page does not scroll. What moves
   * the end away without anybody's scrolling up, such as a message that is drawn only now, changes nothing.
   */
  private scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    if (scrollHeight - scrollTop - clientHeight < FOLLOW_WITHIN) this.following = true;
    else if (scrollTop < this.top) this.following = false;
    this.top = scrollTop;
    this.toEnd.hidden = this.following || this.count === 0;
  }

  private buildStarters(texts: readonly string[]): HTMLElement {
    const buttons = texts.map((text) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "starter", on: { click: () => void this.actions.ask(text) } },
          text,
        ),
      ),
    );
    return h("ul", { class: "starters", "aria-label": "To begin with" }, ...buttons);
  }
}
