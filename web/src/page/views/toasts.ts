import type { Actions } from "../actions.js";
import { h, setChildren } from "../dom.js";
import { icon } from "../icons.js";
import type { AppState, Toast } from "../state/state.js";
import { iconButton } from "./buttons.js";
import type { View } from "./view.js";

/** Notices about events that stop nothing, such as a restored device. They stay until they are closed. */
export class Toasts implements View {
  readonly element = h("div", { class: "toasts", role: "status" });
  private readonly shown = new Map<string, HTMLElement>();

  constructor(private readonly actions: Actions) {}

  update({ toasts }: AppState): void {
    setChildren(
      this.element,
      toasts.map((toast) => this.elementFor(toast)),
    );
    for (const id of this.shown.keys()) if (!toasts.some((toast) => toast.id === id)) this.shown.delete(id);
  }

  private elementFor(toast: Toast): HTMLElement {
    const known = this.shown.get(toast.id);
    if (known) return known;
    const close = iconButton("close", "Close this notice", () =>
      this.actions.closeToast(toast.id),
    );
    const element = h(
      "div",
      { class: `toast ${toast.tone}` },
      icon(toast.tone === "warning" ? "warning" : "info"),
      h("p", {}, toast.text),
      close,
    );
    this.shown.set(toast.id, element);
    return element;
  }
}
