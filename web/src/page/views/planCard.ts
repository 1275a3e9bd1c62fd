import type { Actions } from "../actions.js";
import { freshId, h, setAttribute, setText } from "../dom.js";
import type { Failure } from "../state/failures.js";
import { formatBytes, formatCount, formatRate } from "../format.js";
import { contextChoices, SLOW_RATE } from "../state/modelState.js";
import { bytesToFetch, type Plan, type StoredModel } from "../state/ports.js";
import { selectedModel, storedFor, type AppState, type DeviceState } from "../state/state.js";
import { textButton } from "./buttons.js";
import { failureCard } from "./failureCard.js";
import type { View } from "./view.js";

/** What a model needs, before anything of it is downloaded, and the button that starts it. */
export class PlanCard implements View {
  readonly element: HTMLElement;
  private readonly download = h("dd");
  private readonly downloadMore = h("dd", { class: "more" });
  private readonly memoryName = h("dt", {}, "Graphics memory");
  private readonly memory = h("dd");
  private readonly memoryMore = h("dd", { class: "more" });
  private readonly slider: HTMLInputElement;
  private readonly context = h("output", { class: "context-value" });
  private readonly verdict = h("p", { class: "verdict" });
  private readonly reasons = h("ul", { class: "reasons" });
  private readonly problem = h("div");
  private readonly start: HTMLButtonElement;
  private readonly startText: Element;
  private readonly back: HTMLButtonElement;
  private readonly newer = h(
    "p",
    { class: "hint", hidden: true },
    "This site has a newer build of the model. The one that is stored here still works.",
  );
  private readonly explorer = h("a", { class: "explorer" }, "See its kernels, line by line");
  private readonly old: HTMLButtonElement;
  private readonly facts: HTMLElement;
  private choices: number[] = [];
  private shownFailure: Failure | null = null;

  constructor(private readonly actions: Actions) {
    const id = freshId("context");
    this.slider = h("input", {
      type: "range",
      id,
      min: 0,
      step: 1,
      on: { input: () => this.chooseContext() },
    });
    this.start = textButton("Start", () => void actions.loadModel(), { class: "primary large" });
    this.startText = this.start.lastElementChild ?? this.start;
    this.back = textButton("Back to the chat", () => actions.toggleModels(), { class: "large" });
    this.old = textButton("Start the stored one", () => void actions.loadModel("stored"), { class: "large" });
    this.facts = h(
      "dl",
      { class: "facts-list" },
      h("div", {}, h("dt", {}, "To download"), this.download, this.downloadMore),
      h("div", {}, this.memoryName, this.memory, this.memoryMore),
    );
    const length = h(
      "div",
      { class: "context-choice" },
      h("label", { for: id }, "Context length"),
      this.context,
      this.slider,
      h(
        "p",
        { class: "hint" },
        "How much of a conversation the model can look back on, in tokens. Longer takes more memory.",
      ),
    );
    this.element = h(
      "div",
      { class: "plan" },
      this.problem,
      length,
      this.facts,
      this.verdict,
      this.reasons,
      this.newer,
      h("div", { class: "plan-buttons" }, this.start, this.old, this.back),
      this.explorer,
    );
  }

  update(state: AppState): void {
    const model = selectedModel(state);
    if (!model) return;
    this.showContext(model.context, state.model.context);
    this.explorer.hidden = model.explore === null;
    setAttribute(this.explorer, "href", model.explore);
    const plan = state.model.plan.kind === "known" ? state.model.plan.plan : null;
    this.facts.hidden = plan === null;
    if (plan) this.showPlan(plan);
    this.showVerdict(plan, state);
    this.showProblem(state);
    this.showButtons(state, plan);
    const newer = plan !== null && isNewer(plan, storedFor(state, model));
    this.newer.hidden = this.old.hidden = !newer;
  }

  private chooseContext(): void {
    const context = this.choices[this.slider.valueAsNumber];
    if (context !== undefined) void this.actions.chooseContext(context);
  }

  private showContext(maximum: number, context: number): void {
    this.choices = contextChoices(maximum);
    const index = this.choices.findIndex((choice) => choice >= context);
    this.slider.max = String(this.choices.length - 1);
    this.slider.disabled = this.choices.length < 2;
    this.slider.value = String(index < 0 ? this.choices.length - 1 : index);
    this.slider.setAttribute("aria-valuetext", `${formatCount(context)} tokens`);
    setText(this.context, `${formatCount(context)} tokens`);
  }

  private showPlan(plan: Plan): void {
    const fetch = bytesToFetch(plan);
    setText(this.download, fetch === 0 ? "Nothing" : formatBytes(fetch));
    setText(this.downloadMore, storedWords(plan));
    setText(this.memoryName, plan.device === "wasm" ? "Memory" : "Graphics memory");
    setText(this.memory, formatBytes(plan.gpu_bytes));
    setText(
      this.memoryMore,
      `weights ${formatBytes(plan.weight_bytes)}, context ${formatBytes(plan.cache_bytes)}` +
      `${plan.kv === null ? "" : " in bytes"}, workspace ` +
      `${formatBytes(plan.scratch_bytes)}` +
      `${plan.memory_bytes === null ? "" : `; a page may take about ${formatBytes(plan.memory_bytes)} here`}`,
    );
  }

  private showVerdict(plan: Plan | null, { device, model: { rate } }: AppState): void {
    setText(this.verdict, plan ? verdictOn(plan, device, rate) : "");
    const slow = plan?.fits === true && isSlow(plan, device, rate);
    this.verdict.classList.toggle("slow", slow);
    this.verdict.classList.toggle("good", plan?.fits === true && !slow);
    this.verdict.classList.toggle("bad", plan?.fits === false);
    const told = device.kind === "usable" || plan?.device === "wasm";
    const reasons = plan && !plan.fits && told ? plan.reasons : [];
    if (reasons.join("\n") === [...this.reasons.children].map((item) => item.textContent).join("\n")) return;
    this.reasons.replaceChildren(...reasons.map((reason) => h("li", {}, reason)));
  }

  private showProblem(state: AppState): void {
    const { plan, status } = state.model;
    const failure = status.kind === "failed" ? status.failure : plan.kind === "failed" ? plan.failure : null;
    if (failure === this.shownFailure) return;
    this.shownFailure = failure;
    this.problem.replaceChildren(...(failure ? [failureCard(failure)] : []));
  }

  private showButtons(state: AppState, plan: Plan | null): void {
    const { loaded, selected, context, status } = state.model;
    const same = loaded?.name === selected && loaded?.context === context;
    this.start.hidden = same;
    this.start.disabled = plan?.fits !== true;
    this.start.classList.toggle("primary", !same);
    this.back.classList.toggle("primary", same);
    setText(this.startText, startLabel(plan, status.kind === "failed", loaded?.name === selected));
  }
}

/**
 * Says whether the model will run, on which device, and whether it will be slow; `rate` is what was measured
 * here before, in tokens per second.
 */
export function verdictOn(plan: Omit<Plan, "id">, device: DeviceState, rate: number | null = null): string {
  const measured = rate === null ? "" : ` It wrote ${formatRate(rate)} here.`;
  const slow = rate === null && isSlow(plan, device, null) ? " That is probably slow." : "";
  if (plan.device === "wasm") {
    return plan.fits
      ? `This device can run it on its processor.${slow} ${plan.device_reason}${measured}`
      : "This device's processor cannot run it as it is set:";
  }
  if (device.kind === "unusable") return "This device cannot run it.";
  if (!plan.fits) return "This device cannot run it as it is set:";
  if (device.kind !== "usable") return "This device can run it.";
  return `This device can run it, on ${device.name}.${slow}${measured}`;
}

/**
 * Bytes of weights that a processor reads in a second, if it is a slow one: two cores of a server read those
 * of SmolLM2 at 5 GB/s (30 November 2026).
 */
const PROCESSOR_READS = 1e9;

/** Whether a model that fits will be slow: as it was measured, else by its size and what the device is. */
export function isSlow(
  plan: Pick<Plan, "device" | "weight_bytes">,
  device: DeviceState,
  rate: number | null,
): boolean {
  if (rate !== null) return rate < SLOW_RATE;
  if (plan.device === "wasm") return plan.weight_bytes * SLOW_RATE > PROCESSOR_READS;
  return device.kind === "usable" && device.slow;
}

/** Whether the plan is about another build than the one that is stored whole. */
export function isNewer(plan: Plan, stored: StoredModel | null): boolean {
  return stored?.complete === true && stored.id !== plan.id && bytesToFetch(plan) > 0;
}

function storedWords(plan: Plan): string {
  if (bytesToFetch(plan) === 0) return "it is stored on this device";
  return plan.stored_bytes > 0
    ? `${formatBytes(plan.stored_bytes)} more are stored already`
    : "once; then it is stored on this device";
}

/** The label of the start button. */
export function startLabel(plan: Plan | null, failed: boolean, reload: boolean): string {
  if (!plan) return "Start";
  const fetch = bytesToFetch(plan);
  if (fetch > 0) return `${failed ? "Try again: download" : "Download"} ${formatBytes(fetch)} and start`;
  if (failed) return "Try again";
  return reload ? "Load again with this context" : "Start";
}
