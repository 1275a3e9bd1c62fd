import { describe, expect, it } from "vitest";
import { KernelcError } from "../../src/artifact/errors.js";
import { draw } from "../../src/engine/sampling/cpuSampler.js";
import { GENERATE_ROLES, rolesFor, TokenEngine, type GenerateOptions } from "../../src/engine/engine.js";
import { checkedSampling, type SamplingOptions } from "../../src/engine/sampling/sampling.js";
import { CONTEXT, ToyExecutor, toyManifest, VOCAB } from "./engine_fakes.js";

const MANIFEST = toyManifest();
const PROMPT = Array.from({ length: 21 }, (_, at) => (at * 7) % VOCAB); // more than a chunk
const GREEDY: SamplingOptions = { temperature: 0, seed: 0 };
const SEEDED: SamplingOptions = { temperature: 1, top_k: 20, seed: 5 };

interface Opened {
  readonly engine: TokenEngine;
  /** The first device and those that replaced it. */
  readonly devices: ToyExecutor[];
}

function open(roles = GENERATE_ROLES, loseAfter: readonly number[] = []): Opened {
  const devices: ToyExecutor[] = [];
  const next = (): ToyExecutor => {
    const device = new ToyExecutor();
    device.loseAfter = loseAfter[devices.length] ?? Infinity;
    devices.push(device);
    return device;
  };
  return { engine: new TokenEngine(next(), MANIFEST, CONTEXT, roles, async () => next()), devices };
}

async function generate(
  engine: TokenEngine,
  count: number,
  sampling: SamplingOptions = GREEDY,
  options: GenerateOptions & { readonly stopIds?: readonly number[] } = {},
): Promise<{ ids: number[]; reason: string | null; stopId: number | null }> {
  const generation = engine.generate(count, checkedSampling(sampling), options.stopIds ?? [], options);
  const ids: number[] = [];
  for await (const token of generation) ids.push(token.id);
  return { ids, reason: generation.finishReason, stopId: generation.stopId };
}

/** The ids of an undisturbed run, the prompt fed in one piece. */
async function expected(prompt: readonly number[], count: number, sampling = GREEDY): Promise<number[]> {
  const { engine } = open();
  await engine.feed(prompt);
  return (await generate(engine, count, sampling, { ahead: 1 })).ids;
}

describe("feeding and generating", () => {
  it.each([GREEDY, SEEDED])("hands over several steps ahead and gives the ids of lock-step: %j", async (sampling) => {
    const { engine, devices } = open();
    await engine.feed(PROMPT);
    expect((await generate(engine, 30, sampling)).ids).toEqual(await expected(PROMPT, 30, sampling));
    expect(devices[0]?.mostFlying).toBe(4);
  });

  it("cuts a prompt into what the prefill program takes", async () => {
    const { engine, devices } = open();
    const progress: number[] = [];
    await engine.feed(PROMPT, { onProgress: (done) => progress.push(done) });
    expect(devices[0]?.steps.map(({ programs, past, seq }) => [programs[0], past, seq])).toEqual([
      ["prefill", 0, 16], ["prefill", 16, 5],
    ]);
    expect(progress).toEqual([16, 21]);
    expect(engine.ids).toEqual(PROMPT);
  });

  it("feeds a few tokens by decode steps, and asks for no prefill kernels then", async () => {
    const { engine, devices } = open();
    await engine.feed([1, 2, 3]);
    await generate(engine, 2);
    expect(devices[0]?.prepared).not.toContain("prefill");
    expect(devices[0]?.prepared).not.toContain("sample");
  });

  it.each([["f32", "decode"], ["int8", "decode"], ["int8-fast", "prefill"]] as const)(
    "with activations %s feeds a few tokens by %s",
    async (activations, role) => {
      const device = new ToyExecutor();
      const manifest = { ...MANIFEST, activations };
      await new TokenEngine(device, manifest, CONTEXT, GENERATE_ROLES, async () => device).feed([1, 2, 3]);
      expect(new Set(device.steps.map(({ programs }) => programs[0]))).toEqual(new Set([role]));
    },
  );

  it("chooses on the processor from the same logits", async () => {
    const { engine, devices } = open();
    await engine.feed(PROMPT);
    const sampling = checkedSampling(SEEDED);
    const choose = (logits: Float32Array<ArrayBuffer>, position: number): number => draw(logits, sampling, position);
    expect((await generate(engine, 30, SEEDED, { choose })).ids).toEqual(await expected(PROMPT, 30, SEEDED));
    expect(devices[0]?.mostFlying).toBeLessThanOrEqual(2);
  });

  it("ends at a stop id, which is not given out", async () => {
    const all = await expected(PROMPT, 30);
    const { engine, devices } = open();
    await engine.feed(PROMPT);
    const stop = all[9] ?? 0;
    const first = all.indexOf(stop);
    const { ids, reason, stopId } = await generate(engine, 30, GREEDY, { stopIds: [stop] });
    expect({ ids, reason, stopId }).toEqual({ ids: all.slice(0, first), reason: "stop", stopId: stop });
    expect(devices[0]?.flying).toBe(0);
  });

  it("ends where as many came as asked for, or where the context is full", async () => {
    const { engine } = open();
    await engine.feed(PROMPT);
    expect((await generate(engine, 0)).reason).toBe("length");
    expect((await generate(engine, 3)).reason).toBe("length");
    const { ids, reason } = await generate(engine, 1000);
    expect(reason).toBe("context");
    expect(PROMPT.length + 3 + ids.length).toBe(CONTEXT + 1); // the last one needs no place in the cache
    await expect(engine.feed([1, 2])).rejects.toThrow("2 tokens after 96 that are cached do not fit the context of 96");
  });

  it("goes on where it stopped, and repeats after truncation", async () => {
    const all = await expected(PROMPT, 20);
    const { engine } = open();
    await engine.feed(PROMPT);
    expect((await generate(engine, 8)).ids).toEqual(all.slice(0, 8));
    expect((await generate(engine, 12)).ids).toEqual(all.slice(8));
    expect(engine.commonPrefix([...PROMPT, all[0] ?? 0, 63, 63])).toBe(PROMPT.length + 1);
    engine.truncate(5);
    await engine.feed(PROMPT.slice(5));
    // The cache was computed in other pieces, but of the same kind: the toy shows no difference.
    expect((await generate(engine, 20)).ids).toEqual(all);
    expect(() => engine.truncate(CONTEXT + 1)).toThrow("wanted an integer from 0 to");
  });

  it("keeps what was given out when it is left early", async () => {
    const all = await expected(PROMPT, 10);
    const { engine, devices } = open();
    await engine.feed(PROMPT);
    const generation = engine.generate(10, checkedSampling(GREEDY), []);
    const ids: number[] = [];
    for await (const { id } of generation) if (ids.push(id) === 4) break;
    expect(generation.finishReason).toBe("cancelled");
    expect(devices[0]?.flying).toBe(0);
    expect(engine.ids).toEqual([...PROMPT, ...all.slice(0, 3)]);
    expect((await generate(engine, 6)).ids).toEqual(all.slice(4));
  });

  it("stops on request, and can be used again", async () => {
    const all = await expected(PROMPT, 10);
    const { engine } = open();
    await engine.feed(PROMPT);
    const controller = new AbortController();
    const generation = engine.generate(10, checkedSampling(GREEDY), [], { signal: controller.signal });
    const ids: number[] = [];
    const reading = (async () => {
      for await (const { id } of generation) if (ids.push(id) === 4) controller.abort();
    })();
    await expect(reading).rejects.toMatchObject({ code: "aborted" });
    expect((await generate(engine, 6)).ids).toEqual(all.slice(4));
    await expect(engine.feed([1], { signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
  });

  it("refuses nonsense by name", async () => {
    const { engine } = open();
    await expect(engine.feed([])).rejects.toThrow("the prompt is empty");
    await expect(engine.feed([1, VOCAB])).rejects.toThrow("token 64 at 1 is outside the vocabulary of 64");
    await expect(engine.feed([1.5])).rejects.toThrow("token 1.5 at 0");
    expect(() => engine.generate(1, checkedSampling(GREEDY), [])).toThrow("nothing to generate from");
    await expect(engine.feed(new Array<number>(97).fill(1))).rejects.toMatchObject({ code: "context" });
  });
});

describe("scoring", () => {
  async function scored({ engine }: Opened, ids: readonly number[]): Promise<Float32Array[]> {
    const rows: Float32Array[] = [];
    for await (const row of engine.score(ids)) rows.push(row);
    return rows;
  }

  it("gives every position's logits, chunk by chunk or one by one", async () => {
    const [chunks, steps] = [open(rolesFor({ score: true })), open()];
    const [a, b] = [await scored(chunks, PROMPT), await scored(steps, PROMPT)];
    expect([a.length, b.length]).toEqual([PROMPT.length, PROMPT.length]);
    expect(chunks.devices[0]?.steps.length).toBe(6);
    expect(a[3]).toHaveLength(VOCAB);
    // Greedy decoding of the next token agrees with the last row.
    const [next] = (await generate(steps.engine, 1)).ids;
    expect(draw(b.at(-1) ?? new Float32Array(), checkedSampling(GREEDY), 0)).toBe(next);
  });

  it("survives a lost device", async () => {
    const whole = await scored(open(rolesFor({ score: true })), PROMPT);
    for (let at = 0; at < 6; at += 1) {
      const opened = open(rolesFor({ score: true }), [at]);
      expect(await scored(opened, PROMPT)).toEqual(whole);
      expect(opened.devices).toHaveLength(2);
    }
  });
});

describe("a lost device", () => {
  it.each([GREEDY, SEEDED])("at any step leaves the ids as they would have been: %j", async (sampling) => {
    const all = await expected(PROMPT, 20, sampling);
    for (let at = 0; at < 22; at += 1) {
      const { engine, devices } = open(GENERATE_ROLES, [at]);
      await engine.feed(PROMPT);
      expect((await generate(engine, 20, sampling)).ids, `lost after ${at} steps`).toEqual(all);
      expect(devices.length).toBe(2);
      expect(engine.restored).toBe(1);
      expect(devices[0]?.released).toBe(true);
    }
  });

  it("may be lost again and again, if tokens come in between", async () => {
    const all = await expected(PROMPT, 20);
    const { engine, devices } = open(GENERATE_ROLES, [8, 12, 14, 17, 22, 24]);
    await engine.feed(PROMPT);
    expect((await generate(engine, 20)).ids).toEqual(all);
    expect(devices.length).toBeGreaterThan(4);
  });

  it("is given up where nothing comes of it", async () => {
    const { engine, devices } = open(GENERATE_ROLES, new Array<number>(20).fill(0));
    await expect(engine.feed(PROMPT)).rejects.toMatchObject({ code: "device-lost" });
    expect(devices.length).toBeLessThan(6);
  });

  it("keeps the processor's choices", async () => {
    const all = await expected(PROMPT, 20, SEEDED);
    const sampling = checkedSampling(SEEDED);
    const choose = (logits: Float32Array<ArrayBuffer>, position: number): number => draw(logits, sampling, position);
    for (let at = 2; at < 22; at += 3) {
      const { engine } = open(GENERATE_ROLES, [at]);
      await engine.feed(PROMPT);
      expect((await generate(engine, 20, SEEDED, { choose })).ids, `lost after ${at}`).toEqual(all);
    }
  });

  it("is replaced while idle too, at the next use", async () => {
    const all = await expected(PROMPT, 20);
    const { engine, devices } = open();
    await engine.feed(PROMPT);
    expect((await generate(engine, 8)).ids).toEqual(all.slice(0, 8));
    if (devices[0]) devices[0].lost = true;
    expect((await generate(engine, 12)).ids).toEqual(all.slice(8));
    const replayed = devices[1]?.steps.map((step) => step.programs[0]);
    expect(replayed?.slice(0, 2)).toEqual(["prefill", "prefill"]);
    expect(replayed?.slice(2)).not.toContain("prefill"); // what was decoded is decoded again
  });

  it("does not come back once the engine is disposed of", async () => {
    const { engine, devices } = open();
    await engine.feed(PROMPT);
    engine.dispose();
    if (devices[0]) devices[0].lost = true;
    await expect(engine.feed([1])).rejects.toMatchObject({ code: "aborted" });
    expect(devices).toHaveLength(1);
  });

  it("passes other errors on", async () => {
    const { engine, devices } = open();
    const broken = new KernelcError("internal", "a kernel fell over");
    if (devices[0]) devices[0].run = () => ({ result: () => Promise.reject(broken), discard: () => "runs" });
    await expect(engine.feed(PROMPT)).rejects.toBe(broken);
    expect(devices).toHaveLength(1);
  });
});

describe("an engine that is disposed of", () => {
  it("releases the device that was on its way to replace a lost one", async () => {
    const [first, second] = [new ToyExecutor(), new ToyExecutor()];
    first.loseAfter = 1;
    let arrive: (device: ToyExecutor) => void = () => undefined;
    let asked = false;
    const reopen = (): Promise<ToyExecutor> => {
      asked = true;
      return new Promise((resolve) => (arrive = resolve));
    };
    const engine = new TokenEngine(first, MANIFEST, CONTEXT, GENERATE_ROLES, reopen);
    const feeding = engine.feed(PROMPT);
    feeding.catch(() => undefined);
    while (!asked) await new Promise((resolve) => setTimeout(resolve, 1));
    engine.dispose();
    arrive(second);
    await expect(feeding).rejects.toMatchObject({ code: "aborted" });
    expect([first.released, second.released]).toEqual([true, true]);
    expect(second.steps).toEqual([]);
  });
});

describe("scores that are no numbers", () => {
  class Broken extends ToyExecutor {
    constructor(
      private readonly from: number,
      private readonly score: number,
    ) {
      super();
    }

    protected override scores(at: number): Float32Array {
      return at + 1 >= this.from ? new Float32Array(VOCAB).fill(this.score) : super.scores(at);
    }
  }

  const said = async (from: number, score: number, count: number, stops: number[] = []): Promise<number[]> => {
    const make = (): ToyExecutor => new Broken(from, score);
    const engine = new TokenEngine(make(), toyManifest(), CONTEXT, GENERATE_ROLES, async () => make());
    await engine.feed([1, 2, 3]);
    const ids: number[] = [];
    for await (const { id } of engine.generate(count, checkedSampling({ seed: 1 }), stops)) ids.push(id);
    return ids;
  };

  it.each([NaN, -Infinity])("end the answer: %d", async (score) => {
    await expect(said(0, score, 1)).rejects.toThrow("the model's scores for token 3 are no numbers");
    await expect(said(9, score, 40)).rejects.toThrow("are no numbers");
  });

  it("are no end of the answer where token 0 is one", async () => {
    await expect(said(9, NaN, 40, [0])).rejects.toThrow("the model's scores for token 9 are no numbers");
    expect((await said(9, 1.5, 40, [0])).length).toBeLessThan(9);
  });

  it.each([true, false])("are told where a text is scored, with a role of its own: %s", async (score) => {
    const make = (): ToyExecutor => new Broken(4, NaN);
    const roles = rolesFor({ score });
    const engine = new TokenEngine(make(), toyManifest(), CONTEXT, roles, async () => make());
    const rows: Float32Array[] = [];
    const scored = async (): Promise<void> => {
      for await (const row of engine.score([1, 2, 3, 4, 5])) rows.push(row);
    };
    await expect(scored()).rejects.toThrow("the model's scores for token 4 are no numbers");
    expect(rows).toHaveLength(3);
  });

  it("are not those of a model that says token 0", async () => {
    expect(await said(0, 1.5, 9)).toEqual(new Array<number>(9).fill(0));
  });
});
