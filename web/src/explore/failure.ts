/** An error in words, with what to do. */

import { KernelcError } from "../artifact/errors.js";
import { h } from "../page/dom.js";

export function failure(error: unknown, heading: "h1" | "h3" = "h1"): HTMLElement {
  const help = error instanceof KernelcError ? error.help : undefined;
  return h(
    "div",
    {},
    h(heading, {}, "That did not work"),
    h("p", { class: "failed", role: "alert" }, error instanceof Error ? error.message : String(error)),
    help && h("p", { class: "muted" }, help),
  );
}
