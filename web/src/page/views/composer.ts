import type { Actions } from "../actions.js";
import { MAX_CONTENT } from "../state/conversations.js";
import { freshId, h, setAttribute, setText } from "../dom.js";
import { icon } from "../icons.js";
import { loadFraction, type LoadStatus } from "../state/modelState.js";
import type { AppState } from "../state/state.js";
import { textButton } from "./buttons.js";
import type { View } from "./view.js";

/** The message field: Enter sends, Shift+Enter starts a new line, Escape stops the answer. */
export class Composer implements View {
  readonly element: HTMLElement;
  private readonly field: HTMLTextAreaElement;
  private readonly send: HTMLButtonElement;
  private readonly form: HTMLFormElement;
  private readonly closed: HTMLElement;
  private readonly why = h("p");
  private readonly choose: HTMLButtonElement;
  private answering = false;

  constructor(private readonly actions: Actions) {
    const hint = freshId("hint");
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
    this.choose = textButton("Choose a model", () => actions.toggleModels(), { class: "primary" });
    this.closed = h("div", { class: "composer-closed", hidden: true }, this.why, this.choose);
    this.element = h(
      "footer",
      { class: "composer" },
      this.form,
      this.closed,
      h("p", { class: "composer-hint", id: hint }, "Enter sends, Shift+Enter begins a line, Escape stops."),
    );
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.field.addEventListener("input", () => this.grow());
  }

  update(state: AppState): void {
    this.element.hidden = state.view !== "chat";
    this.form.hidden = !state.model.loaded;
    this.closed.hidden = state.model.loaded !== null;
    this.showButton(state.answering !== null);
    this.showWhy(state.model.status);
  }

  /** Focuses the field. Where that would open an on-screen keyboard, only if the person `asked` for it. */
  focus(asked = false): void {
    if (!this.form.hidden && (asked || !matchMedia("(pointer: coarse)").matches)) this.field.focus();
  }

  private showWhy(status: LoadStatus): void {
    const loading = status.kind === "loading";
    setText(
      this.why,
      loading
        ? `The model is loading: ${Math.floor(loadFraction(status.steps) * 100)} %.`
        : "No model is loaded.",
    );
    setText(this.choose.lastElementChild ?? this.choose, loading ? "Show" : "Choose a model");
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
    if (!text.trim()) return;
    this.field.value = "";
    this.grow();
    void this.actions.ask(text);
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
