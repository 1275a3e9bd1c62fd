import type { Failure } from "./failures.js";
import type { Phase, Plan, Progress } from "./ports.js";

export type PlanState =
  | { kind: "none" }
  | { kind: "reading" }
  | { kind: "known"; plan: Plan }
  | { kind: "failed"; failure: Failure };

export type LoadStatus =
  { kind: "idle" } | { kind: "loading"; phase: Phase; steps: Steps } | { kind: "failed"; failure: Failure };

/** The last report of each phase so far. Phases may run at the same time. */
export type Steps = Readonly<Partial<Record<Phase, Progress>>>;

export interface ModelState {
  selected: string | null;
  /** The context length that is chosen, in tokens. */
  context: number;
  plan: PlanState;
  /** Tokens per second of the chosen model, as they were measured on this device; null before that. */
  rate: number | null;
  status: LoadStatus;
  /** The model that answers, and its context. It stays loaded while another one is looked at. */
  loaded: { name: string; context: number } | null;
}

export type ModelAction =
  | { type: "model-selected"; name: string; context: number; rate: number | null }
  | { type: "rate-measured"; rate: number }
  | { type: "context-chosen"; context: number }
  | { type: "plan-reading" }
  | { type: "plan-known"; plan: Plan }
  | { type: "plan-failed"; failure: Failure }
  | { type: "load-started" }
  | { type: "load-progress"; progress: Progress }
  | { type: "load-ready" }
  | { type: "load-failed"; failure: Failure }
  | { type: "load-cancelled" }
  | { type: "unloaded" };

export function reduceModel(model: ModelState, action: ModelAction): ModelState {
  switch (action.type) {
    case "model-selected":
      return {
        ...model,
        selected: action.name,
        context: action.context,
        rate: action.rate,
        plan: { kind: "none" },
        status: { kind: "idle" },
      };
    case "rate-measured":
      return { ...model, rate: action.rate };
    case "context-chosen":
      return { ...model, context: action.context };
    case "plan-reading":
      return { ...model, plan: model.plan.kind === "known" ? model.plan : { kind: "reading" } };
    case "plan-known":
      return { ...model, plan: { kind: "known", plan: action.plan } };
    case "plan-failed":
      return { ...model, plan: { kind: "failed", failure: action.failure } };
    case "load-started":
      return { ...model, status: { kind: "loading", phase: "manifest", steps: {} } };
    case "load-progress":
      return { ...model, status: progressed(model.status, action.progress) };
    case "load-ready":
      return { ...model, status: { kind: "idle" }, loaded: loadedNow(model) };
    case "load-failed":
      return { ...model, status: { kind: "failed", failure: action.failure } };
    case "load-cancelled":
      return { ...model, status: { kind: "idle" } };
    case "unloaded":
      return { ...model, loaded: null };
  }
}

function loadedNow(model: ModelState): ModelState["loaded"] {
  return model.selected === null ? null : { name: model.selected, context: model.context };
}

function progressed(status: LoadStatus, progress: Progress): LoadStatus {
  if (status.kind !== "loading") return status;
  return { kind: "loading", phase: progress.phase, steps: { ...status.steps, [progress.phase]: progress } };
}

/** A step of loading, which is one line of the list on the page. */
export interface Step {
  phases: readonly Phase[];
  label: string;
  /** The step's share of the whole bar. */
  weight: number;
}

export const STEPS: readonly Step[] = [
  { phases: ["manifest", "tokenizer"], label: "Description and tokenizer", weight: 3 },
  { phases: ["pipelines"], label: "Kernels for this device", weight: 12 },
  { phases: ["weights"], label: "Weights", weight: 80 },
  { phases: ["self-check"], label: "Self-check", weight: 5 },
];

/** How much of a step is done, from 0 to 1. */
export function stepFraction(step: Step, steps: Steps): number {
  const parts = step.phases.map((phase) => phaseFraction(phase, steps));
  return parts.reduce((sum, part) => sum + part, 0) / parts.length;
}

function phaseFraction(phase: Phase, steps: Steps): number {
  const report = steps[phase];
  if (steps.ready) return 1;
  if (!report) return 0;
  const total = report.totalBytes ?? report.total;
  const done = report.loadedBytes ?? report.done;
  if (total === undefined || done === undefined) return phase === "manifest" || phase === "tokenizer" ? 1 : 0;
  return total > 0 ? Math.min(1, done / total) : 1;
}

/** How much of the whole bar is done, from 0 to 1. */
export function loadFraction(steps: Steps): number {
  const whole = STEPS.reduce((sum, step) => sum + step.weight, 0);
  return STEPS.reduce((sum, step) => sum + step.weight * stepFraction(step, steps), 0) / whole;
}

/** Below this many tokens per second an answer comes more slowly than people read. */
export const SLOW_RATE = 4;

const SHORTEST_CONTEXT = 256;
const USUAL_CONTEXT = 4096;

/** The context lengths to choose from: each twice the one before, up to the model's own. */
export function contextChoices(maximum: number): number[] {
  const choices: number[] = [];
  for (let context = SHORTEST_CONTEXT; context < maximum; context *= 2) choices.push(context);
  return [...choices, maximum];
}

/** The context length that is chosen first: long enough for a talk, and small enough for most devices. */
export function usualContext(maximum: number): number {
  return Math.min(maximum, USUAL_CONTEXT);
}
