import type { Actions } from "../actions.js";
import type { ChatMessage } from "../state/conversations.js";
import { h, setChildren, setText } from "../dom.js";
import { loadedTitle, type AppState } from "../state/state.js";
import { AnswerView, QuestionView, type MessageContext } from "./message.js";
import type { View } from "./view.js";

const STARTERS = [
  "Tell me a short story about an owl",
  "What is 417 − 58?",
  "My name is Ada. What can you do?",
];
/** The page follows a growing answer while it is scrolled within this many pixels of the end. */
const FOLLOW_WITHIN = 80;

/** The messages of the current conversation, or suggestions for a first one. */
export class Transcript implements View {
  readonly element: HTMLElement;
  private readonly messages = h("div", { class: "messages" });
  private readonly heading = h("h1", { class: "hello" });
  private readonly welcome: HTMLElement;
  private views = new Map<string, AnswerView | QuestionView>();
  private conversationId = "";
  private count = 0;

  constructor(private readonly actions: Actions) {
    this.welcome = h(
      "div",
      { class: "welcome" },
      this.heading,
      h("p", { class: "muted" }, "Every word is computed on this device. Nothing you write leaves it."),
      this.starters(),
    );
    this.element = h(
      "section",
      { class: "transcript", "aria-label": "Conversation", tabindex: 0 },
      this.welcome,
      this.messages,
    );
  }

  update(state: AppState): void {
    this.element.hidden = state.view !== "chat";
    if (this.element.hidden) return;
    const follow = this.isAtEnd();
    this.reset(state);
    this.welcome.hidden = state.current.messages.length > 0;
    setText(this.heading, `Chat with ${loadedTitle(state) ?? "a model"}`);
    setChildren(
      this.messages,
      state.current.messages.map((message, index) => this.show(message, index, state)),
    );
    const grown = state.current.messages.length > this.count;
    this.count = state.current.messages.length;
    if (follow || grown) this.element.scrollTop = this.element.scrollHeight;
  }

  private show(message: ChatMessage, index: number, state: AppState): HTMLElement {
    const view = this.views.get(message.id) ?? this.create(message);
    this.views.set(message.id, view);
    view.update(message, contextOf(message, index, state));
    return view.element;
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
    this.views = new Map();
    this.count = 0;
  }

  private isAtEnd(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < FOLLOW_WITHIN;
  }

  private starters(): HTMLElement {
    const buttons = STARTERS.map((text) =>
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

function contextOf(message: ChatMessage, index: number, state: AppState): MessageContext {
  const own = state.answering?.messageId === message.id;
  return {
    phase: own ? (state.answering?.phase ?? null) : null,
    last: index === state.current.messages.length - 1,
    canAsk: state.model.loaded !== null && state.answering === null,
    failure: state.answerFailure?.messageId === message.id ? state.answerFailure.failure : null,
  };
}
