import type { Actions } from "../actions.js";
import type { ChatMessage } from "../state/conversations.js";
import { h, setText } from "../dom.js";
import type { Failure } from "../state/failures.js";
import { MarkdownView } from "../markdown.js";
import { frameCode } from "../reading/code.js";
import { partsOf } from "../reading/reasoning.js";
import { readingWords, statsLine } from "./answerWords.js";
import { copyButton, iconButton, textButton } from "./buttons.js";
import { failureCard } from "./failureCard.js";
import type { MessageContext } from "./messageContext.js";
import { ReasoningView } from "./reasoningView.js";
import { VersionSwitch } from "./versionSwitch.js";

/** An answer: growing Markdown, with its numbers and buttons once it is complete. */
export class AnswerView {
  readonly element: HTMLElement;
  private readonly body = h("div", { class: "markdown", dir: "auto" });
  private readonly markdown = new MarkdownView(this.body, (pre) => this.frame(pre));
  /** null until there is some: most models have none. */
  private reasoning: ReasoningView | null = null;
  private readonly reading = h("span");
  private readonly thinking = h(
    "p",
    { class: "thinking" },
    h("span", { class: "dots", "aria-hidden": "true" }),
    this.reading,
  );
  private readonly stats = h("span", { class: "stats" });
  private readonly buttons: HTMLElement;
  private readonly retry: HTMLButtonElement;
  private readonly goOn: HTMLButtonElement;
  private readonly versions: VersionSwitch;
  private readonly failure = h("div");
  private content = "";
  private shown = "";
  private writing = false;
  private shownFailure: Failure | null = null;
  private readonly say = (text: string): void => this.actions.announce(text);

  constructor(
    private readonly actions: Actions,
    private message: ChatMessage,
  ) {
    this.retry = iconButton("retry", "Answer again", () => void actions.regenerate());
    this.goOn = textButton("Continue", () => void actions.continueAnswer(), { icon: "play", class: "small" });
    this.versions = new VersionSwitch(actions);
    this.buttons = h(
      "div",
      { class: "message-actions" },
      copyButton("Copy the answer", () => copied(this.message.content), { say: this.say }),
      this.retry,
      this.versions.element,
      this.goOn,
      this.stats,
    );
    this.element = h(
      "article",
      { class: "message answer", "aria-label": "Answer" },
      this.thinking,
      this.body,
      this.failure,
      this.buttons,
    );
  }

  update(message: ChatMessage, context: MessageContext): void {
    this.message = message;
    this.thinking.hidden = context.phase !== "reading";
    this.element.classList.toggle("writing", context.phase === "writing");
    this.buttons.hidden = context.phase !== null;
    this.retry.hidden = !context.last || !context.canAsk;
    this.goOn.hidden = !context.last || !context.canAsk || !canContinue(message);
    this.versions.update(message.id, context.versions, context.canChange);
    setText(this.reading, readingWords(context.progress));
    setText(this.stats, statsLine(message.stats, message.finish, context.interrupted));
    this.updateContent(message.content, context.phase !== null);
    this.updateFailure(context.failure);
  }

  private updateContent(content: string, writing: boolean): void {
    if (content === this.content && writing === this.writing) return;
    this.content = content;
    const parts = partsOf(content, writing);
    if (parts.reasoning !== null) this.reasoning ??= this.addReasoning();
    this.reasoning?.update(parts, writing);
    this.updateText(parts.answer, writing);
  }

  private addReasoning(): ReasoningView {
    const view = new ReasoningView((pre) => this.frame(pre));
    this.body.before(view.element);
    return view;
  }

  private updateText(text: string, writing: boolean): void {
    const live = writing || this.writing; // one that was there before is not said
    const changed = text !== this.shown;
    if (changed && live) this.markdown.update(text).forEach(this.say);
    const last = !writing && (changed || this.writing) ? this.markdown.finish(text) : [];
    if (live) last.forEach(this.say);
    this.shown = text;
    this.writing = writing;
  }

  private frame(pre: HTMLElement): void {
    const text = (): string => pre.textContent ?? "";
    frameCode(pre, copyButton("Copy the code", text, { words: true, say: this.say }));
  }

  private updateFailure(failure: Failure | null): void {
    if (failure === this.shownFailure) return;
    this.shownFailure = failure;
    const full = failure?.code === "context";
    const slide = full ? [textButton("Forget the oldest turns", () => void this.actions.slide())] : [];
    this.failure.replaceChildren(...(failure ? [failureCard(failure, ...slide)] : []));
  }
}

/** What is copied of an answer: not what the model thought before, unless that is all there is. */
function copied(content: string): string {
  return partsOf(content).answer || content;
}

/** Whether there is an answer, and it ended before its end. */
function canContinue({ content, finish }: ChatMessage): boolean {
  return content.trim() !== "" && finish !== "stop";
}
