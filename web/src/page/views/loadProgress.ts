import type { Actions } from "../actions.js";
import { h, setText } from "../dom.js";
import { formatBytes, formatSeconds } from "../format.js";
import { loadFraction, stepFraction, STEPS, type Step, type Steps } from "../state/modelState.js";
import type { AppState } from "../state/state.js";
import { icon } from "../icons.js";
import { textButton } from "./buttons.js";
import type { View } from "./view.js";

/** The progress of loading: one bar, and a line for each step. */
export class LoadProgress implements View {
  readonly element: HTMLElement;
  private readonly bar = h("progress", { max: 1, "aria-label": "Loading the model" });
  private readonly percent = h("span", { class: "percent" });
  private readonly rows = STEPS.map((step) => new Row(step));

  constructor(actions: Actions) {
    const cancel = textButton("Cancel", () => actions.cancelLoading(), { class: "large" });
    const note = h(
      "p",
      { class: "hint" },
      "What has arrived is kept: after a cancellation or an interruption, the download continues from there.",
    );
    this.element = h(
      "div",
      { class: "plan loading" },
      h("div", { class: "bar" }, this.bar, this.percent),
      h("ul", { class: "steps" }, ...this.rows.map((row) => row.element)),
      note,
      h("div", { class: "plan-buttons" }, cancel),
    );
  }

  update(state: AppState): void {
    if (state.model.status.kind !== "loading") return;
    const { steps } = state.model.status;
    const fraction = loadFraction(steps);
    this.bar.value = fraction;
    setText(this.percent, `${Math.floor(fraction * 100)} %`);
    for (const row of this.rows) row.update(steps);
  }
}

class Row {
  readonly element: HTMLElement;
  private readonly detail = h("span", { class: "step-detail" });

  constructor(private readonly step: Step) {
    this.element = h(
      "li",
      {},
      h("span", { class: "step-mark" }, icon("check")),
      h("span", {}, step.label),
      this.detail,
    );
  }

  update(steps: Steps): void {
    const fraction = stepFraction(this.step, steps);
    const begun = this.step.phases.some((phase) => steps[phase]);
    this.element.className = fraction >= 1 ? "done" : begun ? "active" : "waiting";
    setText(this.detail, stepDetail(this.step, steps));
  }
}

/** "12.0 of 40.0 MB · 3.1 MB/s · 9 s left", or "12 of 40". */
export function stepDetail(step: Step, steps: Steps): string {
  const report = steps[step.phases.at(-1) ?? "ready"];
  if (!report) return "";
  if (report.totalBytes !== undefined)
    return bytesDetail(
      report.loadedBytes ?? 0,
      report.totalBytes,
      report.bytesPerSecond ?? 0,
      report.fromCacheBytes ?? 0,
    );
  return report.total === undefined ? "" : `${report.done ?? 0} of ${report.total}`;
}

function bytesDetail(loaded: number, total: number, perSecond: number, stored: number): string {
  const parts = [`${formatBytes(loaded)} of ${formatBytes(total)}`];
  if (stored > 0) parts.push(`${formatBytes(stored)} from this device`);
  if (perSecond > 0 && loaded < total)
    parts.push(`${formatBytes(perSecond)}/s`, `${formatSeconds((total - loaded) / perSecond)} left`);
  return parts.join(" · ");
}
