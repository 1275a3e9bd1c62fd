import type { Actions } from "../actions.js";
import type { ChatMessage } from "../state/conversations.js";
import { h, setText } from "../dom.js";
import type { Failure } from "../state/failures.js";
import { callsIn } from "../reading/callMarks.js";
import { frameCode } from "../reading/code.js";
import { partsOf } from "../reading/reasoning.js";
import { AnswerText } from "./answerText.js";
import { readingWords, statsLine } from "./answerWords.js";
import { copyButton, iconButton, textButton } from "./buttons.js";
import { CallsView } from "./callsView.js";
import { failureCard } from "./failureCard.js";
import type { MessageContext } from "./messageContext.js";
import { ReasoningView } from "./reasoningView.js";
import { VersionSwitch } from "./versionSwitch.js";

/** An answer: growing Markdown, with its numbers and buttons once it is complete. */
export class AnswerView {
  readonly element: HTMLElement;
  private readonly framed = (pre: HTMLElement): void => this.frame(pre);
  private readonly say = (text: string): void => this.actions.announce(text);
  private readonly text = new AnswerText(this.framed, this.say);
  /** null until there is some: most models have none. */
  private reasoning: ReasoningView | null = null;
  private called: { readonly calls: CallsView; readonly after: AnswerText } | null = null;
  private readonly reading = h("span");
  private readonly thinking = h(
    "p",
    { class: "thinking" },
    h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    this.reading,
  );
  private readonly stats = h("span", { class: "stats" });
  private readonly buttons: HTMLElement;
  private readonly retry: HTMLButtonElement;
  private readonly goOn: HTMLButtonElement;
  private readonly versions: VersionSwitch;
  private readonly failure = h("div");
  private content = "";
  private writing = false;
  private shownFailure: Failure | null = null;

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
      this.text.element,
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
    [this.content, this.writing] = [content, writing];
    this.draw();
  }

  private draw(): void {
    const { content, writing } = this;
    const parts = partsOf(content, writing);
    if (parts.reasoning !== null) this.reasoning ??= this.addReasoning();
    this.reasoning?.update(parts, writing);
    const { before, calls, after } = callsIn(parts.answer, writing, () => this.draw());
    if (calls.length) this.called ??= this.addCalls();
    this.text.update(before, writing && !calls.length);
    this.called?.calls.update(calls, writing).forEach(this.say);
    this.called?.after.update(after, writing);
  }

  private addReasoning(): ReasoningView {
    const view = new ReasoningView(this.framed);
    this.text.element.before(view.element);
    return view;
  }

  private addCalls(): { calls: CallsView; after: AnswerText } {
    const [calls, after] = [new CallsView(this.framed), new AnswerText(this.framed, this.say)];
    this.text.element.after(calls.element, after.element);
    return { calls, after };
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
