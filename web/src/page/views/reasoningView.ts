import type { Parts } from "../reading/reasoning.js";
import { Fold } from "./fold.js";

/** What a model wrote to itself before its answer. */
export class ReasoningView {
  private readonly fold: Fold;

  constructor(frame: (pre: HTMLElement) => void) {
    this.fold = new Fold("reasoning", frame);
  }

  get element(): HTMLElement {
    return this.fold.element;
  }

  /** `writing`: whether the answer that it belongs to is being written. */
  update({ reasoning, reasoned }: Parts, writing: boolean): void {
    const words = summaryWords(reasoned, writing);
    this.fold.update(reasoning === null ? null : { text: reasoning, words, writing: writing && !reasoned });
  }
}

function summaryWords(reasoned: boolean, writing: boolean): string {
  if (reasoned) return "Reasoning";
  return writing ? "Thinking\u2026" : "Reasoning, cut short";
}
