import type { Actions } from "../actions.js";
import { MAX_CONTENT } from "../state/conversations.js";
import { freshId, h, setAttribute } from "../dom.js";
import { icon } from "../icons.js";
import type { AppState } from "../state/state.js";
import { StartBar } from "./startBar.js";
import type { View } from "./view.js";

/** The message field: Enter sends, Shift+Enter starts a new line, Escape stops the answer. */
export class Composer implements View {
  readonly element: HTMLElement;
  private readonly field: HTMLTextAreaElement;
  private readonly send: HTMLButtonElement;
  private readonly form: HTMLFormElement;
  private readonly hint: HTMLElement;
  private readonly startBar: StartBar;
  private readonly elsewhere = h(
    "p",
    { class: "start-bar", hidden: true },
    "Another window is answering in this chat.",
  );
  private answering = false;

  constructor(private readonly actions: Actions) {
    const hint = freshId("hint");
    this.hint = h(
      "p",
      { class: "composer-hint", id: hint },
      "Enter sends, Shift+Enter begins a line, Escape stops.",
    );
    this.field = h("textarea", {
      rows: 1,
      class: "composer-field",
      "aria-label": "Message",
      "aria-describedby": hint,
      placeholder: "Write a message",
      maxlength: MAX_CONTENT,
      enterkeyhint: "send",
    });
    this.send = h("button", { type: "submit", class: "send" });
    const box = h("div", { class: "composer-box" }, this.field, this.send);
    this.form = h("form", { class: "composer-form", on: { submit: (event) => this.submit(event) } }, box);
    this.startBar = new StartBar(actions);
    this.element = h(
      "footer",
      { class: "composer" },
      this.form,
      this.startBar.element,
      this.elsewhere,
      this.hint,
    );
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.field.addEventListener("input", () => this.edited());
  }

  /** What was written before the page was closed. */
  restore(text: string): void {
    this.field.value = text.slice(0, MAX_CONTENT);
    this.grow();
  }

  update(state: AppState): void {
    this.element.hidden = state.view !== "chat";
    const elsewhere = state.elsewhere.has(state.current.id);
    this.form.hidden = !state.model.loaded || elsewhere;
    this.startBar.element.hidden = state.model.loaded !== null;
    this.elsewhere.hidden = !elsewhere || state.model.loaded === null;
    this.hint.hidden = this.form.hidden;
    if (!state.model.loaded) this.startBar.update(state);
    this.showButton(state.answering !== null);
  }

  /** Focuses the field. Where that would open an on-screen keyboard, only if the person `asked` for it. */
  focus(asked = false): void {
    if (!this.form.hidden && (asked || !matchMedia("(pointer: coarse)").matches)) this.field.focus();
  }

  private showButton(answering: boolean): void {
    if (answering === this.answering && this.send.firstChild) return;
    this.answering = answering;
    const label = answering ? "Stop answering" : "Send";
    this.send.replaceChildren(icon(answering ? "stop" : "send"));
    setAttribute(this.send, "aria-label", label);
    this.send.title = label;
    this.send.classList.toggle("stopping", answering);
  }

  private submit(event: Event): void {
    event.preventDefault();
    if (this.answering) this.actions.stopAnswer();
    else this.ask();
  }

  private ask(): void {
    const text = this.field.value;
    if (text.trim()) void this.hand(text);
  }

  /** Hands a message over. Where it is not taken, it stays in the field. */
  private async hand(text: string): Promise<void> {
    this.restore("");
    const taken = await this.actions.ask(text);
    if (!taken && !this.field.value) this.restore(text);
    this.actions.keepDraft(this.field.value);
  }

  private edited(): void {
    this.grow();
    this.actions.keepDraft(this.field.value);
  }

  private press(event: KeyboardEvent): void {
    // In an input method, Enter chooses a word and must not send.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!this.answering) this.ask();
  }

  /** Makes the field as tall as its text; the style sheet limits the height. */
  private grow(): void {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }
}
