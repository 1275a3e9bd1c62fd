import { h, setHidden, setText } from "../dom.js";
import { MarkdownView } from "../markdown.js";

export interface Folded {
  /** Markdown. */
  readonly text: string;
  /** The line that it is folded under. */
  readonly words: string;
  readonly writing: boolean;
}

/** A part of an answer, folded under one line. It is not drawn before it is opened. */
export class Fold {
  readonly element: HTMLDetailsElement;
  private readonly body = h("div", { class: "markdown", dir: "auto" });
  private readonly words = h("span");
  private readonly markdown: MarkdownView;
  private text = "";
  private shown = "";
  private writing = false;
  private finished = false;

  constructor(kind: string, frame: (pre: HTMLElement) => void) {
    this.markdown = new MarkdownView(this.body, frame);
    const summary = h("summary", {}, this.words);
    this.element = h("details", { class: `folded ${kind}`, hidden: true }, summary, this.body);
    this.element.addEventListener("toggle", () => this.draw());
  }

  /** Shows something; null hides it. */
  update(folded: Folded | null): void {
    setHidden(this.element, folded === null);
    this.text = folded?.text ?? "";
    this.writing = folded?.writing ?? false;
    this.element.classList.toggle("going-on", this.writing);
    setText(this.words, folded?.words ?? "");
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
