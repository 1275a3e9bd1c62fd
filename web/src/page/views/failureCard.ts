import { h } from "../dom.js";
import type { Failure } from "../state/failures.js";
import { icon } from "../icons.js";

/** A failure: what happened, what to do, and the exact message for those who want it. */
export function failureCard(failure: Failure, ...actions: HTMLElement[]): HTMLElement {
  const buttons = actions.length > 0 ? h("div", { class: "failure-actions" }, ...actions) : null;
  const text = h(
    "div",
    {},
    h("strong", {}, failure.title),
    h("p", {}, failure.advice),
    h("p", { class: "detail" }, failure.detail),
    buttons,
  );
  return h("div", { class: "failure", role: "alert", "data-code": failure.code }, icon("warning"), text);
}
