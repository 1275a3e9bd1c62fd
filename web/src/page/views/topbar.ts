import type { Actions } from "../actions.js";
import { h, setAttribute, setText } from "../dom.js";
import { formatCount } from "../format.js";
import { icon } from "../icons.js";
import { loadedTitle, usedTokens, type AppState } from "../state/state.js";
import { iconButton } from "./buttons.js";
import type { View } from "./view.js";

/** The bar at the top: which model answers, and how full its context is. */
export class Topbar implements View {
  readonly element: HTMLElement;
  readonly menu: HTMLButtonElement;
  private readonly name = h("span", { class: "model-name" });
  private readonly model: HTMLButtonElement;
  private readonly meter = h("meter", { min: 0, low: 0, class: "context-meter", "aria-hidden": "true" });
  private readonly meterText = h("span");
  private readonly context = h("span", { class: "context", hidden: true }, this.meter, this.meterText);

  constructor(actions: Actions) {
    this.menu = iconButton("menu", "Show the list of chats", () => actions.openDrawer(), "only-narrow");
    this.menu.setAttribute("aria-controls", "sidebar");
    this.model = h(
      "button",
      { type: "button", class: "model-button", on: { click: () => actions.toggleModels() } },
      icon("chip"),
      this.name,
      icon("down"),
    );
    const fresh = iconButton("plus", "New chat", () => actions.newChat(), "only-narrow");
    this.element = h("header", { class: "topbar" }, this.menu, this.model, this.context, fresh);
  }

  update(state: AppState): void {
    const title = loadedTitle(state);
    setText(this.name, title ?? "Choose a model");
    setAttribute(this.model, "aria-expanded", String(state.view === "model"));
    setAttribute(this.model, "aria-label", title ? `Model: ${title}. Change it` : "Choose a model");
    this.model.hidden = !title;
    this.updateContext(state);
  }

  private updateContext(state: AppState): void {
    const limit = state.model.loaded?.context ?? 0;
    const used = usedTokens(state.current);
    this.context.hidden = limit === 0 || state.view !== "chat";
    this.meter.max = limit;
    this.meter.high = limit * 0.8;
    this.meter.value = Math.min(used, limit);
    const shown = formatCount(Math.min(used, limit)); // what was said may be more than what fits
    setText(this.meterText, `${shown} / ${formatCount(limit)}`);
    const tip = `${shown} of ${formatCount(limit)} tokens of the context are used`;
    this.context.title = tip;
    setAttribute(this.context, "role", "img");
    setAttribute(this.context, "aria-label", tip);
  }
}
