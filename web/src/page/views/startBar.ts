import type { Actions } from "../actions.js";
import { h, setText } from "../dom.js";
import { formatBytes, formatRate } from "../format.js";
import { loadFraction } from "../state/modelState.js";
import { bytesToFetch, type Plan } from "../state/ports.js";
import { selectedModel, storedFor, type AppState } from "../state/state.js";
import { textButton } from "./buttons.js";
import { isNewer, isSlow, startLabel } from "./planCard.js";
import type { View } from "./view.js";

/**
 * What stands in place of the message field until a model runs: the model, what it takes in one line, and the
 * button that starts it. The details are in the model panel.
 */
export class StartBar implements View {
  readonly element: HTMLElement;
  private readonly title = h("strong");
  private readonly line = h("span", { class: "start-line" });
  private readonly bar = h("progress", { max: 1, "aria-label": "Loading the model", hidden: true });
  private readonly start: HTMLButtonElement;
  private readonly cancel: HTMLButtonElement;
  private readonly details: HTMLButtonElement;

  constructor(actions: Actions) {
    this.start = textButton("Start", () => void actions.loadModel(), { class: "primary" });
    this.cancel = textButton("Cancel", () => actions.cancelLoading());
    this.details = textButton("Details", () => actions.toggleModels(), { class: "start-details" });
    const words = h("p", { class: "start-words" }, this.title, this.line);
    const buttons = h("div", { class: "start-buttons" }, this.details, this.start, this.cancel);
    this.element = h("div", { class: "start-bar" }, words, this.bar, buttons);
  }

  update(state: AppState): void {
    const model = selectedModel(state);
    const { status, plan } = state.model;
    const known = plan.kind === "known" ? plan.plan : null;
    const loading = status.kind === "loading";
    setText(this.title, model?.title ?? "");
    setText(this.line, startWords(state));
    const slow = !loading && known?.fits === true && isSlow(known, state.device, state.model.rate);
    this.line.classList.toggle("slow", slow);
    this.bar.hidden = !loading;
    if (loading) this.bar.value = loadFraction(status.steps);
    this.start.hidden = loading || model === null;
    this.start.disabled = known?.fits !== true;
    this.cancel.hidden = !loading;
    this.details.hidden = !state.catalog?.length && !state.catalogFailure;
    const several = (state.catalog?.length ?? 0) > 1;
    setText(this.details.lastElementChild ?? this.details, several ? "Other models" : "Details");
    const label = startLabel(known, status.kind === "failed", false);
    setText(this.start.lastElementChild ?? this.start, label);
  }
}

/** "98 MB to download, once · 210 MB of memory", or what is in the way. */
export function startWords(state: AppState): string {
  const { status, plan, rate } = state.model;
  const model = selectedModel(state);
  if (state.catalogFailure) return "The list of models could not be read.";
  if (!state.catalog) return "Reading the list of models…";
  if (!model) return "This site has no models yet.";
  if (status.kind === "loading") return `is loading: ${Math.floor(loadFraction(status.steps) * 100)} %`;
  if (status.kind === "failed") return status.failure.title;
  if (plan.kind === "failed") return plan.failure.title;
  if (plan.kind !== "known") return "…";
  if (!plan.plan.fits) return "This device cannot run it as it is set.";
  const newer = isNewer(plan.plan, storedFor(state, model)) ? "there is a newer build: " : "";
  const parts = [newer + downloadWords(plan.plan), `${formatBytes(plan.plan.gpu_bytes)} of memory`];
  if (isSlow(plan.plan, state.device, rate))
    parts.push(rate === null ? "probably slow on this device" : `slow here: ${formatRate(rate)}`);
  return parts.join(" · ");
}

function downloadWords(plan: Plan): string {
  const fetch = bytesToFetch(plan);
  return fetch === 0 ? "stored on this device" : `${formatBytes(fetch)} to download, once`;
}
