/** Sampling parameters: checked, and as fields of the step block. */

import { KernelcError } from "../../artifact/errors.js";
import type { StepFields } from "../../gpu/executor.js";

export const MAX_U32 = 2 ** 32 - 1;

/** Sampling parameters as a user gives them. Missing ones come from `DEFAULTS`, which choose greedily. */
export interface SamplingOptions {
  readonly temperature?: number | undefined;
  readonly top_k?: number | undefined;
  readonly top_p?: number | undefined;
  readonly min_p?: number | undefined;
  readonly repetition_penalty?: number | undefined;
  readonly seed?: number | null | undefined;
}

/** Checked parameters. */
export interface Sampling {
  readonly temperature: number;
  readonly top_k: number;
  readonly top_p: number;
  readonly min_p: number;
  readonly repetition_penalty: number;
  readonly seed: number;
}

/**
 * Check parameters and fill in what is missing; without a seed, one is drawn.
 *
 * @throws KernelcError "usage" that names the parameter, what it is and what was wanted.
 */
export function checkedSampling(options: SamplingOptions = {}): Sampling {
  return {
    temperature: number("temperature", options.temperature ?? 0, 0, 100),
    top_k: integer("top_k", options.top_k ?? 0, 0, MAX_U32),
    top_p: number("top_p", options.top_p ?? 1, 0, 1, true),
    min_p: number("min_p", options.min_p ?? 0, 0, 1),
    repetition_penalty: number("repetition_penalty", options.repetition_penalty ?? 1, 0, 100, true),
    seed: integer("seed", options.seed ?? drawnSeed(), 0, MAX_U32),
  };
}

function drawnSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** @throws KernelcError "usage" unless `value` is a number of low..high (above low where `openLow`). */
export function number(name: string, value: unknown, low: number, high: number, openLow = false): number {
  if (typeof value === "number" && low <= value && value <= high && !(openLow && value === low)) return value;
  return refuse(
    name,
    value,
    openLow ? `a number above ${low} and at most ${high}` : `a number from ${low} to ${high}`,
  );
}

/** @throws KernelcError "usage" unless `value` is an integer of low..high. */
export function integer(name: string, value: unknown, low: number, high: number): number {
  if (typeof value === "number" && Number.isInteger(value) && low <= value && value <= high) return value;
  return refuse(name, value, `an integer from ${low} to ${high}`);
}

/** Throw the "usage" error of a field that is not what is `wanted`. */
export function refuse(name: string, value: unknown, wanted: string): never {
  return refuseField(name, `${name} is ${shownValue(value)}, wanted ${wanted}`);
}

/** Throw the "usage" error of a field, or of the request as a whole. */
export function refuseField(param: string | undefined, message: string): never {
  throw new KernelcError("usage", printable(message), param === undefined ? {} : { param: printable(param) });
}

const MOST_SHOWN = 80;

/** A value in few words. */
function shownValue(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "an object";
  if (typeof value !== "string") return String(value).slice(0, MOST_SHOWN);
  const shown = [...value.slice(0, 2 * MOST_SHOWN)].slice(0, MOST_SHOWN).join("");
  return shown.length < value.length ? `"${shown}..."` : `"${value}"`;
}

/** `text` with every half of a surrogate pair, which no encoding has, as U+FFFD. */
export function printable(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** Whether the most likely token of the untouched logits is taken. */
export function isGreedy(sampling: Sampling): boolean {
  return sampling.temperature === 0 && sampling.repetition_penalty === 1;
}

/**
 * The sampling fields of the step block. Greedy choice with a repetition penalty is sampling with top_k 1,
 * where the temperature makes no difference.
 */
export function stepFields(sampling: Sampling): StepFields {
  const forced = sampling.temperature === 0;
  return {
    seed: sampling.seed,
    top_k: forced ? 1 : sampling.top_k,
    temperature: forced ? 1 : sampling.temperature,
    top_p: sampling.top_p,
    min_p: sampling.min_p,
    repetition_penalty: sampling.repetition_penalty,
  };
}

export const GREEDY_FIELDS = stepFields(checkedSampling({ seed: 0 }));
