import type { Actions } from "../actions.js";
import { MAX_CONTENT, type AnswerStats, type ChatMessage, type Finish } from "../state/conversations.js";
import { h, setText } from "../dom.js";
import type { Failure } from "../state/failures.js";
import { formatCount, formatRate, formatSeconds } from "../format.js";
import { MarkdownView } from "../markdown.js";
import { copyButton, iconButton, textButton } from "./buttons.js";
import { failureCard } from "./failureCard.js";

/** What a message needs to know about its surroundings. */
export interface MessageContext {
  /** The phase of this answer while it is being written, else null. */
  phase: "reading" | "writing" | null;
  last: boolean;
  canAsk: boolean;
  failure: Failure | null;
}

const ENDINGS: Readonly<Record<Finish, string>> = {
  stop: "",
  length: "cut off: the longest answer, or the context, was reached",
  stopped: "stopped",
  failed: "failed",
};

/** "12.3 tokens/s · first token after 0.4 s · 120 tokens", and how it ended unless by itself. */
export function statsLine(stats: AnswerStats | undefined, finish: Finish | undefined): string {
  const parts: string[] = [];
  if (stats) {
    if (stats.tokensPerSecond > 0) parts.push(formatRate(stats.tokensPerSecond));
    parts.push(`first token after ${formatSeconds(stats.firstTokenMs / 1000)}`);
    parts.push(`${formatCount(stats.completionTokens)} ${stats.completionTokens === 1 ? "token" : "tokens"}`);
  }
  const ending = ENDINGS[finish ?? "stop"];
  return [...parts, ...(ending ? [ending] : [])].join(" · ");
}

/** An answer: growing Markdown, with its numbers and buttons once it is complete. */
export class AnswerView {
  readonly element: HTMLElement;
  private readonly body = h("div", { class: "markdown", dir: "auto" });
  private readonly markdown = new MarkdownView(this.body);
  private readonly thinking = h(
    "p",
    { class: "thinking" },
    h("span", { class: "dots", "aria-hidden": "true" }),
    "Reading your message",
  );
  private readonly stats = h("span", { class: "stats" });
  private readonly buttons: HTMLElement;
  private readonly retry: HTMLButtonElement;
  private readonly failure = h("div");
  private shown = "";
  private writing = false;
  private shownFailure: Failure | null = null;

  constructor(
    private readonly actions: Actions,
    private message: ChatMessage,
  ) {
    this.retry = iconButton("retry", "Answer again", () => void actions.regenerate());
    this.buttons = h(
      "div",
      { class: "message-actions" },
      copyButton("Copy the answer", () => this.message.content),
      this.retry,
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
    setText(this.stats, statsLine(message.stats, message.finish));
    this.updateText(message.content, context.phase !== null);
    this.updateFailure(context.failure);
  }

  private updateText(text: string, writing: boolean): void {
    if (text !== this.shown)
      for (const block of this.markdown.update(text))
        if (writing || this.writing) this.actions.announce(block);
    if (this.writing && !writing)
      for (const block of this.markdown.finish(text)) this.actions.announce(block);
    if (!writing && (text !== this.shown || this.writing)) this.addCopyButtons();
    this.shown = text;
    this.writing = writing;
  }

  private addCopyButtons(): void {
    for (const pre of this.body.querySelectorAll("pre")) {
      if (pre.parentElement?.classList.contains("code")) continue;
      const wrapper = h("div", { class: "code" });
      pre.replaceWith(wrapper);
      wrapper.append(
        pre,
        copyButton("Copy the code", () => pre.textContent ?? ""),
      );
    }
  }

  private updateFailure(failure: Failure | null): void {
    if (failure === this.shownFailure) return;
    this.shownFailure = failure;
    this.failure.replaceChildren(...(failure ? [failureCard(failure)] : []));
  }
}

/** A question, which can be edited and asked again. */
export class QuestionView {
  readonly element: HTMLElement;
  private readonly text = h("div", { class: "question-text", dir: "auto" });
  private readonly edit: HTMLButtonElement;
  private readonly show: HTMLElement;

  constructor(
    private readonly actions: Actions,
    private message: ChatMessage,
  ) {
    this.edit = iconButton("edit", "Edit and ask again", () => this.startEdit());
    const buttons = h(
      "div",
      { class: "message-actions" },
      copyButton("Copy the question", () => this.message.content),
      this.edit,
    );
    this.show = h("div", { class: "question-show" }, this.text, buttons);
    this.element = h("article", { class: "message question", "aria-label": "You" }, this.show);
  }

  update(message: ChatMessage, context: MessageContext): void {
    this.message = message;
    setText(this.text, message.content);
    this.edit.hidden = !context.canAsk;
  }

  private startEdit(): void {
    const field = h("textarea", {
      class: "edit-field",
      rows: 3,
      maxlength: MAX_CONTENT,
      "aria-label": "Your message",
    });
    field.value = this.message.content;
    const note = h("p", { class: "muted" }, "What followed will be answered anew.");
    const buttons = h(
      "div",
      { class: "edit-buttons" },
      textButton("Cancel", () => end()),
      textButton("Ask again", () => send(), { class: "primary" }),
    );
    const form = h("div", { class: "edit" }, field, note, buttons);
    const end = (): void => {
      form.replaceWith(this.show);
      this.edit.focus();
    };
    const send = (): void => {
      if (!field.value.trim()) return;
      form.replaceWith(this.show);
      void this.actions.ask(field.value, this.message.id);
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") end();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send();
      if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) event.preventDefault();
      event.stopPropagation();
    });
    this.show.replaceWith(form);
    field.focus();
  }
}
