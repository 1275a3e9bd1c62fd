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
/** A Gumbel variable of bits with n zeros in front is at most n + 1 times this: -log(u), with rounding. */
const MOST_GUMBEL = Math.LN2 + 1e-6;
/** Scores so far below the greatest, in units of the temperature, add nothing to a sum of probabilities. */
const NEGLIGIBLE = 60;
/** What lies further below the greatest score is looked for among all. */
const DEEPEST = 1e6;

/** What changes the logits before a token is drawn. */
export interface Adjustments {
  /** Added to a token's logit, by id. */
  readonly bias: ReadonlyMap<number, number>;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
}

/** Whether there is anything to change. */
export function changes({ bias, frequencyPenalty, presencePenalty }: Adjustments): boolean {
  return bias.size > 0 || frequencyPenalty !== 0 || presencePenalty !== 0;
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

/** Tokens to draw from: their scores and, where these are not of all tokens in order, their ids. */
export interface Candidates {
  readonly values: Float64Array;
  readonly ids: Int32Array | null;
}

/** The id drawn for a position. */
export function draw(logits: Float32Array, sampling: Sampling, position: number): number {
  return drawAmong({ values: new Float64Array(logits), ids: null }, sampling, position);
}

/** The id drawn for a position among some tokens, at least one; their values may be changed. */
export function drawAmong({ values, ids }: Candidates, sampling: Sampling, position: number): number {
  let peak = 0;
  let greatest = -Infinity;
  // Loops without callbacks, which take several milliseconds for a large vocabulary.
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (Number.isNaN(value)) values[at] = -Infinity;
    else if (value > greatest) [greatest, peak] = [value, at];
  }
  const idAt = (at: number): number => (ids ? (ids[at] as number) : at);
  if (sampling.temperature === 0) return idAt(peak);
  const floor = threshold(values, greatest, sampling);
  const temperature = Math.fround(sampling.temperature);
  const { seed } = sampling;
  const scoreOf = (value: number, bits: number): number => limited(value) + temperature * gumbel(bits);
  // The greatest comes first, so that few others need their logarithms.
  let [best, bestScore] = [peak, scoreOf(greatest, hashWords(idAt(peak), position, seed))];
  const skipsRuledOut = greatest > -LIMIT / 10; // no random number lifts -Infinity above the greatest
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if ((skipsRuledOut && value === -Infinity) || (value < floor && value !== greatest)) continue;
    const bits = hashWords(ids ? (ids[at] as number) : at, position, seed);
    if (limited(value) + temperature * MOST_GUMBEL * (Math.clz32(bits) + 1) < bestScore) continue;
    const score = scoreOf(value, bits);
    if (score > bestScore || (score === bestScore && at < best)) [best, bestScore] = [at, score];
  }
  return idAt(best);
}

/** The least logit of a token that is kept: by top-k, then top-p among those, then min-p. */
function threshold(values: Float64Array, greatest: number, sampling: Sampling): number {
  const { top_k, top_p, min_p } = sampling;
  const [temperature, peak] = [Math.fround(sampling.temperature), limited(greatest)];
  let floor = -Infinity;
  if (top_k > 0 && top_k < values.length) floor = greatestOf(values, greatest, top_k);
  if (top_p < 1) floor = Math.max(floor, nucleus(values, greatest, floor, temperature, Math.fround(top_p)));
  return min_p > 0 ? Math.max(floor, peak + temperature * Math.log(Math.fround(min_p))) : floor;
}

/** The value of which `count` are not below it; -Infinity where fewer are possible. */
function greatestOf(values: Float64Array, greatest: number, count: number): number {
  for (let depth = 1; depth < DEEPEST; depth *= 2) {
    const found = descendingFrom(values, greatest - depth);
    if (found.length >= count) return found[count - 1] ?? -Infinity;
  }
  return descendingFrom(values, -Infinity)[count - 1] ?? -Infinity;
}

/** The values above -Infinity that are not below a bound, the greatest first; sorting all would take long. */
function descendingFrom(values: Float64Array, bound: number): Float64Array {
  const least = Math.max(bound, -Number.MAX_VALUE);
  let count = 0;
  for (let at = 0; at < values.length; at += 1) if ((values[at] as number) >= least) count += 1;
  const found = new Float64Array(count);
  for (let at = 0, to = 0; to < count; at += 1) {
    const value = values[at] as number;
    if (value >= least) found[to++] = value;
  }
  return found.sort().reverse();
}

/**
 * The least value, of those not below `floor`, such that the probability of what is strictly greater is below
 * `top_p`.
 */
function nucleus(
  values: Float64Array,
  greatest: number,
  floor: number,
  temperature: number,
  top_p: number,
): number {
  if (greatest === -Infinity) return -Infinity;
  const sharpness = 1 / Math.max(temperature, COLDEST);
  const peak = limited(greatest);
  const massOf = (value: number): number => Math.exp(Math.max((limited(value) - peak) * sharpness, -100));
  const least = peak - NEGLIGIBLE / sharpness;
  let total = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (value >= floor && value >= least) total += massOf(value);
  }
  const wanted = top_p * total;
  for (let depth = 2 / sharpness; ; depth *= 2) {
    const isAll = !(greatest - depth > Math.max(floor, -DEEPEST));
    const descending = descendingFrom(values, isAll ? floor : greatest - depth);
    let [found, above, sum] = [Infinity, 0, 0];
    for (let at = 0; at < descending.length && above < wanted; at += 1) {
      const value = descending[at] as number;
      if (value !== descending[at - 1]) above = sum; // equal values stay together
      sum += massOf(value);
      if (above < wanted) found = value;
    }
    if (isAll || sum >= wanted) return found;
  }
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
    let [peak, sum] = [-Infinity, 0];
    for (const value of this.logits) peak = Math.max(peak, value);
    for (const value of this.logits) sum += Math.exp(value - peak);
    this.logSum = peak + Math.log(sum);
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
