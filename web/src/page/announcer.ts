import { h } from "./dom.js";
import { formatBytes } from "./format.js";
import { loadFraction } from "./state/modelState.js";
import { loadedTitle, type AppState } from "./state/state.js";

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

/** What a person who does not see the page should hear of a change. */
export function whatHappened(state: AppState, previous: AppState): string[] {
  const said: string[] = [];
  if (state.model.loaded && !previous.model.loaded) said.push(`${loadedTitle(state) ?? ""} is ready.`);
  else said.push(...loadingWords(state, previous));
  if (previous.answering && !state.answering)
    said.push(state.answerFailure ? "The answer failed." : "The answer is complete.");
  return said;
}

/** Every quarter of the way. */
function loadingWords({ model }: AppState, { model: before }: AppState): string[] {
  if (model.status.kind !== "loading" || before.status.kind !== "loading") return [];
  const quarter = Math.floor(loadFraction(model.status.steps) * 4);
  if (quarter <= Math.floor(loadFraction(before.status.steps) * 4)) return [];
  const bytes = model.status.steps.weights?.loadedBytes;
  return [`${quarter * 25} percent loaded${bytes === undefined ? "" : `, ${formatBytes(bytes)}`}.`];
}
