import { h } from "../dom.js";
import { MarkdownView } from "../markdown.js";

/** Text of an answer that grows, and is said by screen readers while it does. */
export class AnswerText {
  readonly element = h("div", { class: "markdown", dir: "auto" });
  private readonly markdown: MarkdownView;
  private shown = "";
  private writing = false;

  constructor(
    frame: (pre: HTMLElement) => void,
    private readonly say: (text: string) => void,
  ) {
    this.markdown = new MarkdownView(this.element, frame);
  }

  update(text: string, writing: boolean): void {
    const live = writing || this.writing; // one that was there before is not said
    const changed = text !== this.shown;
    if (changed && live) this.markdown.update(text).forEach(this.say);
    const last = !writing && (changed || this.writing) ? this.markdown.finish(text) : [];
    if (live) last.forEach(this.say);
    this.shown = text;
    this.writing = writing;
  }
}
