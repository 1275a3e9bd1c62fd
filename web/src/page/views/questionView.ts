import type { Actions } from "../actions.js";
import { MAX_CONTENT, type ChatMessage } from "../state/conversations.js";
import { h, setText } from "../dom.js";
import { copyButton, iconButton, textButton } from "./buttons.js";
import type { MessageContext } from "./messageContext.js";
import { VersionSwitch } from "./versionSwitch.js";

/** A question, which can be edited and asked again. */
export class QuestionView {
  readonly element: HTMLElement;
  private readonly text = h("div", { class: "question-text", dir: "auto" });
  private readonly edit: HTMLButtonElement;
  private readonly show: HTMLElement;
  private readonly versions: VersionSwitch;

  constructor(
    private readonly actions: Actions,
    private message: ChatMessage,
  ) {
    this.edit = iconButton("edit", "Edit and ask again", () => this.startEdit());
    this.versions = new VersionSwitch(actions);
    const buttons = h(
      "div",
      { class: "message-actions" },
      copyButton("Copy the question", () => this.message.content, {
        say: (text) => actions.announce(text),
      }),
      this.edit,
      this.versions.element,
    );
    this.show = h("div", { class: "question-show" }, this.text, buttons);
    this.element = h("article", { class: "message question", "aria-label": "You" }, this.show);
  }

  update(message: ChatMessage, context: MessageContext): void {
    this.message = message;
    setText(this.text, message.content);
    this.edit.hidden = !context.canAsk;
    this.versions.update(message.id, context.versions, context.canChange);
  }

  private startEdit(): void {
    const field = h("textarea", {
      class: "edit-field",
      rows: 3,
      maxlength: MAX_CONTENT,
      "aria-label": "Your message",
    });
    field.value = this.message.content;
    const note = h("p", { class: "muted" }, "What there is now stays as another version.");
    const buttons = h(
      "div",
      { class: "edit-buttons" },
      textButton("Cancel", () => end()),
      textButton("Ask again", () => void send(), { class: "primary" }),
    );
    const form = h("div", { class: "edit" }, field, note, buttons);
    const end = (): void => {
      form.replaceWith(this.show);
      this.edit.focus();
    };
    const send = async (): Promise<void> => {
      if (!field.value.trim()) return;
      form.replaceWith(this.show);
      const taken = await this.actions.ask(field.value, this.message.id);
      if (!taken) this.show.replaceWith(form); // nothing that was written is lost
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") end();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) void send();
      if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) event.preventDefault();
      event.stopPropagation();
    });
    this.show.replaceWith(form);
    field.focus();
  }
}
