import { h } from "./dom.js";

const KEPT = 12;

/**
 * Speaks to screen readers through a polite live region, without moving the focus.
 *
 * An answer is spoken paragraph by paragraph, as each one is finished, and not word by word.
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
