import { describe, expect, it } from "vitest";
import { adjust, draw, gumbel, hashWords, LogprobTable } from "../../src/engine/sampling/cpuSampler.js";
import { drawAllowed } from "../../src/engine/masked/masking.js";
import { checkedSampling, isGreedy, stepFields, type Sampling, type SamplingOptions } from "../../src/engine/sampling/sampling.js";
import vectors from "./sampling_vectors.json" with { type: "json" };

const NO_CHANGE = { bias: new Map<number, number>(), frequencyPenalty: 0, presencePenalty: 0 };
const VOCAB = 300;

/** The same as `tests/web/sampling_vectors.py` makes. */
function logitsOf(number: number): Float32Array {
  const scale = [0.5, 4, 30][number % 3] ?? 1;
  const places = 10 ** (number % 2 ? 2 : 9);
  return Float32Array.from({ length: VOCAB }, (_, id) => {
    const exact = ((hashWords(id, number, 9) / 2 ** 32) * 2 - 1) * scale;
    return Math.round(exact * places) / places;
  });
}

describe("the processor's sampler", () => {
  it("hashes as the kernels do", () => {
    for (const [x = 0, y = 0, z = 0, hash] of vectors.hashes) expect(hashWords(x, y, z)).toBe(hash);
  });

  it("draws the kernels' noise", () => {
    for (const [bits = 0, noise = 0] of vectors.gumbels) expect(gumbel(bits)).toBeCloseTo(noise, 12);
  });

  it.each(vectors.draws)("draws the reference's token, case $number", (one) => {
    const { number, sampling, before, position, token } = one;
    const logits = logitsOf(number);
    const checked = checkedSampling(sampling);
    adjust(logits, checked, NO_CHANGE, before, new Map());
    expect(draw(logits, checked, position)).toBe(token);
  });

  it("takes the lowest id of the greatest logits at temperature 0, and never NaN", () => {
    const greedy = checkedSampling({});
    expect(draw(new Float32Array([1, 7, NaN, 7]), greedy, 3)).toBe(1);
    expect(draw(new Float32Array([-Infinity, -Infinity]), greedy, 3)).toBe(0);
    const hot = checkedSampling({ temperature: 100, seed: 1 });
    const drawn = new Set(Array.from({ length: 200 }, (_, at) => draw(new Float32Array([1, NaN, 1]), hot, at)));
    expect([...drawn].sort()).toEqual([0, 2]);
  });

  it("adds biases, and counts the answer's own tokens", () => {
    const logits = new Float32Array([1, 1, 1, -1]);
    const adjustments = { bias: new Map([[0, 5], [9, 1]]), frequencyPenalty: 0.5, presencePenalty: 0.25 };
    const sampling = checkedSampling({ repetition_penalty: 2 });
    adjust(logits, sampling, adjustments, [0, 0, 3, 3], new Map([[1, 2], [3, 1]]));
    expect([...logits]).toEqual([3, 1 - 1.25, 1, -2 - 0.75]);
  });
});

describe("log probabilities", () => {
  it("add up to one, the likeliest first", () => {
    const table = new LogprobTable(new Float32Array([0, Math.log(3), -Infinity, Math.log(4)]));
    expect(table.top(3).map(({ id }) => id)).toEqual([3, 1, 0]);
    expect(table.top(0)).toEqual([]);
    expect(Math.exp(table.of(3))).toBeCloseTo(0.5, 6);
    const sum = table.top(4).reduce((total, { logprob }) => total + Math.exp(logprob), 0);
    expect(sum).toBeCloseTo(1, 6);
    expect(table.of(2)).toBe(-Infinity);
  });

  it("name the lower id first where logits are equal", () => {
    expect(new LogprobTable(new Float32Array([1, 2, 2, 2])).top(2).map(({ id }) => id)).toEqual([1, 2]);
  });
});

describe("sampling parameters", () => {
  it("are greedy by default, and draw a seed", () => {
    const sampling = checkedSampling();
    expect(isGreedy(sampling)).toBe(true);
    expect(sampling.seed).toBeGreaterThanOrEqual(0);
    expect(isGreedy(checkedSampling({ repetition_penalty: 1.1 }))).toBe(false);
  });

  it("force one token where temperature 0 meets a repetition penalty", () => {
    const fields = stepFields(checkedSampling({ repetition_penalty: 1.1, top_k: 9, seed: 1 }));
    expect(fields).toMatchObject({ top_k: 1, temperature: 1, repetition_penalty: 1.1, seed: 1 });
  });

  it.each<[SamplingOptions, string]>([
    [{ temperature: -1 }, "temperature is -1, wanted a number from 0 to 100"],
    [{ temperature: NaN }, "temperature is NaN"],
    [{ top_p: 0 }, "top_p is 0, wanted a number above 0 and at most 1"],
    [{ min_p: 1.5 }, "min_p is 1.5"],
    [{ top_k: 0.5 }, "top_k is 0.5, wanted an integer from 0 to 4294967295"],
    [{ seed: 2 ** 32 }, "seed is 4294967296"],
    [{ repetition_penalty: 0 }, "repetition_penalty is 0"],
    [{ top_k: "5" as unknown as number }, 'top_k is "5"'],
  ])("refuse %j", (options, message) => {
    expect(() => checkedSampling(options)).toThrow(message);
  });
});

describe("drawing among all tokens or some", () => {
  /** The definition, with a random number for each token and all of them sorted. */
  function plainly(logits: readonly number[], sampling: Sampling, position: number): number {
    const { temperature, top_k, top_p, min_p, seed } = sampling;
    const values = logits.map((value) => (Number.isNaN(value) ? -Infinity : value));
    const greatest = Math.max(...values);
    if (temperature === 0) return values.indexOf(greatest);
    const cold = Math.fround(temperature);
    const possible = values.filter((value) => value > -Infinity).sort((a, b) => b - a);
    let floor = top_k > 0 ? (possible[top_k - 1] ?? -Infinity) : -Infinity;
    const kept = possible.filter((value) => value >= floor);
    const massOf = (value: number): number => Math.exp((value - greatest) / cold);
    const sumOf = (some: readonly number[]): number => some.reduce((sum, value) => sum + massOf(value), 0);
    const wanted = Math.fround(top_p) * sumOf(kept);
    if (top_p < 1) floor = Math.min(...kept.filter((value) => sumOf(kept.filter((each) => each > value)) < wanted));
    if (min_p > 0) floor = Math.max(floor, greatest + cold * Math.log(Math.fround(min_p)));
    const scores = values.map((value, id) => {
      const isKept = value > -Infinity && (value >= floor || value === greatest);
      return isKept ? value + cold * gumbel(hashWords(id, position, seed)) : -Infinity;
    });
    return scores.indexOf(Math.max(...scores));
  }

  it("is what sorting all and a random number for each give, masked or not", () => {
    let state = 1;
    const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
    const one = <Item>(...of: readonly Item[]): Item => of[Math.floor(next() * of.length)] as Item;
    for (let round = 0; round < 600; round += 1) {
      const count = 2 + Math.floor(next() * 120);
      const spread = one(0.01, 1, 8, 60);
      const logits = Float32Array.from({ length: count }, () =>
        next() < 0.1 ? one(NaN, -Infinity) : next() < 0.3 ? Math.round(4 * next()) : spread * (next() + next() - 1),
      );
      logits[0] = 0;
      const [top_k, top_p, min_p] = [one(0, 0, 3, 40), one(1, 1, 0.9, 0.3), one(0, 0, 0.2)];
      const temperature = one(0, 0.3, 1, 2);
      const sampling = { ...checkedSampling({ temperature, top_k, top_p, min_p }), seed: round };
      expect(draw(logits.slice(), sampling, 9)).toBe(plainly([...logits], sampling, 9));
      const mask = new Uint32Array(Math.ceil(count / 32)).map(() => Math.floor(next() * 2 ** 32) | 1);
      const allowed = [...logits].map((value, id) => ((mask[id >>> 5] ?? 0) >>> (id & 31)) & 1 ? value : -Infinity);
      expect(drawAllowed(logits.slice(), sampling, 9, mask)).toBe(plainly(allowed, sampling, 9));
    }
  });

  it("is of some allowed token where none has a score", () => {
    const sampling = { ...checkedSampling({ temperature: 1 }), seed: 1 };
    for (const value of [NaN, -Infinity]) {
      expect(drawAllowed(new Float32Array(70).fill(value), sampling, 3, Uint32Array.of(0, 4, 0))).toBe(34);
    }
  });
});
