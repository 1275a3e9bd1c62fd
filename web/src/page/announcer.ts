import { h } from "./dom.js";

const KEPT = 12;

/**
 * Speaks to screen readers without moving anything: a polite live region.
 *
 * An answer is said a finished paragraph at a time, not a word at a time.
 */
export class Announcer {
  readonly element = h("div", {
    class: "visually-hidden",
    role: "log",
    "aria-live": "polite",
    "aria-label": "What happens",
  });

  say(text: string): void {
    if (!text.trim()) return;
    this.element.append(h("p", {}, text));
    while (this.element.childElementCount > KEPT) this.element.firstElementChild?.remove();
  }
}
