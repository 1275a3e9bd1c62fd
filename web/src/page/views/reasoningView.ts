import { h, setHidden, setText } from "../dom.js";
import { MarkdownView } from "../markdown.js";
import type { Parts } from "../reading/reasoning.js";

/**
 * What a model wrote to itself before its answer, folded under one line. It is not drawn before it is opened.
 */
export class ReasoningView {
  readonly element: HTMLDetailsElement;
  private readonly body = h("div", { class: "markdown", dir: "auto" });
  private readonly words = h("span");
  private readonly markdown: MarkdownView;
  private text = "";
  private shown = "";
  private writing = false;
  private finished = false;

  constructor(frame: (pre: HTMLElement) => void) {
    this.markdown = new MarkdownView(this.body, frame);
    const summary = h("summary", {}, this.words);
    this.element = h("details", { class: "reasoning", hidden: true }, summary, this.body);
    this.element.addEventListener("toggle", () => this.draw());
  }

  /** `writing`: whether the answer that it belongs to is being written. */
  update({ reasoning, reasoned }: Parts, writing: boolean): void {
    setHidden(this.element, reasoning === null);
    this.text = reasoning ?? "";
    this.writing = writing && !reasoned;
    this.element.classList.toggle("going-on", this.writing);
    setText(this.words, summaryWords(reasoned, writing));
    this.draw();
  }

  private draw(): void {
    if (!this.element.open) return;
    const changed = this.text !== this.shown;
    if (changed) this.markdown.update(this.text);
    if (!this.writing && (changed || !this.finished)) this.markdown.finish(this.text);
    [this.shown, this.finished] = [this.text, !this.writing];
  }
}

function summaryWords(reasoned: boolean, writing: boolean): string {
  if (reasoned) return "Reasoning";
  return writing ? "Thinking\u2026" : "Reasoning, cut short";
}
