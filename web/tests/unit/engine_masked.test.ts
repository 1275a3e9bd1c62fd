/** Tokens that the device draws among those that a mask allows: those that the engine itself would draw. */
import { describe, expect, it } from "vitest";
import { hashWords } from "../../src/engine/sampling/cpuSampler.js";
import { GENERATE_ROLES, TokenEngine, type GenerateOptions } from "../../src/engine/engine.js";
import { maskedGeneration } from "../../src/engine/masked/maskedGeneration.js";
import { drawAllowed, hasToken } from "../../src/engine/masked/masking.js";
import { checkedSampling, type Sampling } from "../../src/engine/sampling/sampling.js";
import { CONTEXT, toyManifest, ToyExecutor, VOCAB } from "./engine_fakes.js";

const PROMPT = Array.from({ length: 20 }, (_, at) => hashWords(at, 5, 1) % VOCAB);
const GREEDY = checkedSampling({ temperature: 0, seed: 0 });
const SEEDED = checkedSampling({ temperature: 0.9, top_k: 20, seed: 7 });

interface Said {
  readonly ids: readonly number[];
  readonly reason: string | null;
  readonly after: readonly number[];
  readonly steps: readonly (readonly string[])[];
}

interface Asked {
  readonly onDevice?: boolean;
  readonly follows?: boolean;
  readonly loseAfter?: number;
  readonly count?: number;
  readonly strange?: number;
}

/** The mask at a position: few tokens, many, or all. */
function maskAt(position: number): Uint32Array<ArrayBuffer> {
  const mask = new Uint32Array(VOCAB / 32);
  const share = [2, 8, 33, 64][hashWords(position, 1, 2) % 4] ?? 1;
  for (let id = 0; id < VOCAB; id += 1) {
    const allowed = hashWords(position, id, 4) % 64 < share || id === position % VOCAB;
    if (allowed) mask[id >>> 5] = (mask[id >>> 5] ?? 0) | (1 << (id & 31));
  }
  return mask;
}

async function say(sampling: Sampling, asked: Asked = {}): Promise<Said> {
  const { onDevice = true, follows = false, loseAfter = Infinity, count = 20, strange = -1 } = asked;
  const executor = new ToyExecutor();
  executor.loseAfter = loseAfter;
  const again = async (): Promise<ToyExecutor> => new ToyExecutor();
  const engine = new TokenEngine(executor, toyManifest(), CONTEXT, GENERATE_ROLES, again);
  await engine.feed(PROMPT);
  const ids: number[] = [];
  const next = (): number => PROMPT.length + ids.length;
  let refused = strange;
  const allows = (id: number): boolean => {
    if (next() !== refused) return hasToken(maskAt(next()), id);
    refused = -1;
    return false;
  };
  const options: GenerateOptions = {
    choose: (logits, position) => drawAllowed(logits, sampling, position, maskAt(position)),
    ...(onDevice && { masks: { generation: maskedGeneration, mask: () => maskAt(next()), allows } }),
    ...(follows && { follows: (most: number) => (next() % 5 === 0 ? [1, 2, 3].slice(0, most) : []) }),
  };
  const generation = engine.generate(count, sampling, [], options);
  for await (const { id, position } of generation) {
    expect(position).toBe(next());
    ids.push(id);
  }
  const after: number[] = [];
  for await (const { id } of engine.generate(3, GREEDY, [])) after.push(id);
  return { ids, reason: generation.finishReason, after, steps: executor.steps.map(({ programs }) => programs) };
}

const ANSWER = ["ids", "reason", "after"] as const;
const answerOf = (said: Said): unknown => ANSWER.map((name) => said[name]);

describe("masks on the device", () => {
  it.each([
    [GREEDY, false],
    [SEEDED, false],
    [GREEDY, true],
    [SEEDED, true],
  ])("give the ids of masks on the processor: %j, follows %s", async (sampling, follows) => {
    const here = await say(sampling, { onDevice: false, follows });
    const there = await say(sampling, { follows });
    expect(answerOf(there)).toEqual(answerOf(here));
    const role = sampling.temperature ? "sample" : "sample_greedy";
    expect(there.steps).toContainEqual(["mask", role]);
    expect(here.steps.flat()).not.toContain("mask");
  });

  it("run the next step before the id is there, and none after the last", async () => {
    const { steps } = await say(GREEDY, { count: 3 });
    const own = steps.slice(steps.findIndex(([program]) => program === "mask"));
    const draw = ["mask", "sample_greedy"];
    expect(own.slice(0, 5)).toEqual([draw, ["decode"], draw, ["decode"], draw]);
    expect(own[5]).toContain("decode"); // of what is generated next
  });

  it.each([false, true])("survive the loss of the device at any step (follows %s)", async (follows) => {
    const whole = answerOf(await say(SEEDED, { follows }));
    for (let at = 0; at < 30; at += 1) {
      expect(answerOf(await say(SEEDED, { follows, loseAfter: at })), `lost after ${at}`).toEqual(whole);
    }
  });

  it("leave a position to the processor where the device found nothing that is allowed", async () => {
    const whole = answerOf(await say(SEEDED));
    for (const strange of [PROMPT.length + 3, PROMPT.length + 7]) {
      expect(answerOf(await say(SEEDED, { strange }))).toEqual(whole);
    }
  });

  it("end where the context is full, also within tokens that follow", async () => {
    for (const follows of [false, true]) {
      const said = await say(GREEDY, { count: 200, follows });
      expect(said.reason).toBe("context");
      expect(said.ids).toHaveLength(CONTEXT + 1 - PROMPT.length);
    }
  });
});
