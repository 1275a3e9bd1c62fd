/**
 * Sampling on the CPU, for what the kernels cannot do: biases, penalties by count, log probabilities.
 *
 * It computes what the sampling kernels compute, with the same random numbers: a hash of seed, position and
 * token.
 */

import type { Sampling } from "./sampling.js";

/** Logits are clamped to plus and minus this, so that the arithmetic meets no infinity. */
const LIMIT = 1e30;
/** The lowest temperature that probabilities are computed with. */
const COLDEST = 1e-5;
const MULTIPLIER = 1664525;
const INCREMENT = 1013904223;
const GREATEST_BELOW_ONE = 1 - 2 ** -24;

/** What changes the logits before a token is drawn. */
export interface Adjustments {
  /** Added to a token's logit, by id. */
  readonly bias: ReadonlyMap<number, number>;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
}

/** 32 random bits that depend on every bit of three words (pcg3d of Jarzynski and Olano, 2020). */
export function hashWords(x: number, y: number, z: number): number {
  let a = (Math.imul(x, MULTIPLIER) + INCREMENT) | 0;
  let b = (Math.imul(y, MULTIPLIER) + INCREMENT) | 0;
  let c = (Math.imul(z, MULTIPLIER) + INCREMENT) | 0;
  a = (a + Math.imul(b, c)) | 0;
  b = (b + Math.imul(c, a)) | 0;
  c = (c + Math.imul(a, b)) | 0;
  a ^= a >>> 16;
  b ^= b >>> 16;
  c ^= c >>> 16;
  return (a + Math.imul(b, c)) >>> 0;
}

/** A standard Gumbel variable from 32 random bits. */
export function gumbel(bits: number): number {
  const u = Math.min(Math.fround((bits + 0.5) * 2 ** -32), GREATEST_BELOW_ONE);
  return -Math.log(-Math.log1p(-u));
}

/**
 * Change `logits` in place: bias, repetition penalty for `before`, penalties by count for the answer's
 * tokens.
 */
export function adjust(
  logits: Float32Array,
  sampling: Sampling,
  adjustments: Adjustments,
  before: Iterable<number>,
  counts: ReadonlyMap<number, number>,
): void {
  const { bias, frequencyPenalty, presencePenalty } = adjustments;
  const change = (id: number, by: (logit: number) => number): void => {
    const logit = logits[id];
    if (logit !== undefined) logits[id] = by(logit);
  };
  for (const [id, value] of bias) change(id, (logit) => logit + value);
  const penalty = Math.fround(sampling.repetition_penalty);
  if (penalty !== 1) for (const id of new Set(before)) change(id, (x) => (x > 0 ? x / penalty : x * penalty));
  for (const [id, count] of counts) change(id, (logit) => logit - count * frequencyPenalty - presencePenalty);
}

/** The id drawn for a position. */
export function draw(logits: Float32Array, sampling: Sampling, position: number): number {
  const values = Float64Array.from(logits, (value) => (Number.isNaN(value) ? -Infinity : value));
  const greatest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (sampling.temperature === 0) return Math.max(0, values.indexOf(greatest));
  const floor = threshold(values, greatest, sampling);
  const temperature = Math.fround(sampling.temperature);
  let [best, bestScore] = [Math.max(0, values.indexOf(greatest)), -Infinity];
  values.forEach((value, id) => {
    if (value < floor && value !== greatest) return;
    const score = limited(value) + temperature * gumbel(hashWords(id, position, sampling.seed));
    if (score > bestScore) [best, bestScore] = [id, score];
  });
  return best;
}

/** The least logit of a token that is kept: by top-k, then top-p among those, then min-p. */
function threshold(values: Float64Array, greatest: number, sampling: Sampling): number {
  const { top_k, top_p, min_p } = sampling;
  const [temperature, peak] = [Math.fround(sampling.temperature), limited(greatest)];
  let floor = -Infinity;
  if ((top_k > 0 && top_k < values.length) || top_p < 1) {
    const descending = values.slice().sort().reverse();
    if (top_k > 0) floor = descending[top_k - 1] ?? -Infinity;
    const kept = descending.filter((value) => value >= floor);
    if (top_p < 1) floor = Math.max(floor, nucleus(kept, peak, temperature, Math.fround(top_p)));
  }
  return min_p > 0 ? Math.max(floor, peak + temperature * Math.log(Math.fround(min_p))) : floor;
}

/** The least value such that the probability of what is strictly greater is below `top_p`. */
function nucleus(descending: Float64Array, peak: number, temperature: number, top_p: number): number {
  const sharpness = 1 / Math.max(temperature, COLDEST);
  const mass = descending.map((value) => Math.exp(Math.max((limited(value) - peak) * sharpness, -100)));
  const wanted = top_p * mass.reduce((sum, each) => sum + each, 0);
  let [floor, above, sum] = [Infinity, 0, 0];
  descending.forEach((value, index) => {
    if (value !== descending[index - 1]) above = sum; // equal values stay together
    sum += mass[index] ?? 0;
    if (above < wanted) floor = value;
  });
  return floor;
}

function limited(value: number): number {
  return Number.isNaN(value) ? -LIMIT : Math.min(LIMIT, Math.max(-LIMIT, value));
}

/** The natural logarithm of a token's probability. */
export interface IdLogprob {
  readonly id: number;
  readonly logprob: number;
}

/** Log probabilities of `id` and of the `count` likeliest tokens, the likeliest first. */
export class LogprobTable {
  private readonly logits: Float32Array;
  private readonly logSum: number;

  /** Copies the logits, which may change afterwards. */
  constructor(logits: Float32Array) {
    this.logits = logits.slice();
    const peak = this.logits.reduce((most, value) => Math.max(most, value), -Infinity);
    this.logSum = peak + Math.log(this.logits.reduce((sum, value) => sum + Math.exp(value - peak), 0));
  }

  of(id: number): number {
    return (this.logits[id] ?? -Infinity) - this.logSum;
  }

  top(count: number): IdLogprob[] {
    const best: number[] = [];
    this.logits.forEach((value, id) => {
      const worst = best[count - 1];
      if (worst !== undefined && value <= (this.logits[worst] ?? -Infinity)) return;
      let at = best.length;
      while (at > 0 && value > (this.logits[best[at - 1] ?? 0] ?? -Infinity)) at -= 1;
      best.splice(at, 0, id);
      if (best.length > count) best.pop();
    });
    return best.map((id) => ({ id, logprob: this.of(id) }));
  }
}
