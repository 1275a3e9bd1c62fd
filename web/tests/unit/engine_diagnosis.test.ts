/** The kernel behind results that are no numbers, on a device whose kernels are functions. */

import { describe, expect, it } from "vitest";
import type { Env } from "../../src/artifact/dim.js";
import { KernelcError } from "../../src/artifact/errors.js";
import { parseManifest } from "../../src/artifact/manifest.js";
import { clear, countBad, firstBadRow } from "../../src/engine/diagnosis/bits.js";
import { TokenEngine } from "../../src/engine/engine.js";
import { checkedSampling } from "../../src/engine/sampling/sampling.js";
import type { Executor, Fetch, StepFields, Ticket } from "../../src/gpu/executor.js";
import { sampleManifest, type Json } from "./sample_manifest.js";

const CONTEXT = 32;
const ROLES = ["prefill", "decode", "sample_greedy"] as const;

type Memory = ReadonlyMap<string, Float32Array>;
type Kernel = (memory: Memory, env: { past: number; seq: number }) => void;

/**
 * A model whose cache holds, for each position, `norm` + its token; its only score is the sum of the cache. `more` runs
 * between the two.
 */
function kernels(more: Kernel): Readonly<Record<string, Kernel>> {
  const of = (memory: Memory, name: string): Float32Array => memory.get(name) ?? new Float32Array();
  const store: Kernel = (memory, { past, seq }) => {
    const tokens = new Uint32Array(of(memory, "tokens").buffer);
    for (let at = past; at < past + seq; at += 1) of(memory, "cache")[at] = (of(memory, "norm")[0] ?? 0) + (tokens[at] ?? 0);
  };
  const score: Kernel = (memory, { past, seq }) => {
    const sum = of(memory, "cache").subarray(0, past + seq).reduce((total, each) => total + each, 0);
    of(memory, "logits").fill(sum);
  };
  return { store, more, score, argmax: () => undefined };
}

function manifestOf() {
  const json = sampleManifest();
  const binding = (name: string, access: string): Json => ({ name, element: "f32", access });
  const { kernels: known } = json as { kernels: { argmax: Json } };
  const kernel = (...bindings: Json[]): Json => ({ ...known.argmax, bindings });
  const range = (buffer: string, bytes: unknown = 4): Json => ({ buffer, offset: 0, bytes });
  const rows = ["mul", "context", 4];
  const steps = [
    { kernel: "store", bindings: [range("norm", 256), range("cache", rows)], origin: "layers.0.store" },
    { kernel: "more", bindings: [range("cache", rows)], origin: "layers.0.more" },
    { kernel: "score", bindings: [range("cache", rows), range("logits", 2048)], origin: "score" },
  ];
  const sampled = [{ kernel: "argmax", bindings: [range("logits", 2048), range("tokens")], origin: "argmax" }];
  return parseManifest(new TextEncoder().encode(JSON.stringify({
    ...json,
    kernels: {
      store: kernel(binding("norm", "read"), binding("cache", "read_write")),
      more: kernel(binding("cache", "read_write")),
      score: kernel(binding("cache", "read"), binding("logits", "read_write")),
      argmax: kernel(binding("logits", "read"), { ...binding("tokens", "read_write"), element: "u32" }),
    },
    buffers: {
      ...(json["buffers"] as Json), cache: { kind: "state", bytes: rows },
    },
    programs: {
      prefill: { role: "prefill", symbols: { seq: [1, 4] }, dispatches: steps },
      decode: { role: "decode", symbols: { seq: [1, 1] }, dispatches: steps },
      sample_greedy: { role: "sample_greedy", symbols: {}, dispatches: sampled },
    },
    weights: {
      ...(json["weights"] as Json),
      tensors: { norm: { bytes: 256, segments: [[0, 0, 256]], encoding: "f32", shape: [64] } },
    },
  })), "made.json");
}

class FunctionExecutor implements Executor {
  lost = false;
  readonly ran: string[] = [];
  readonly memory = new Map<string, Float32Array>([
    ["tokens", new Float32Array(CONTEXT + 64)], ["cache", new Float32Array(CONTEXT)],
    ["logits", new Float32Array(512)], ["norm", new Float32Array(64)],
  ]);

  constructor(private readonly more: Kernel) {}

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  run(programs: readonly string[], env: Env, _: StepFields, fetch: readonly Fetch[], only?: number): Ticket {
    for (const program of programs) {
      const names = program === "sample_greedy" ? ["argmax"] : ["store", "more", "score"];
      for (const name of only === undefined ? names : names.slice(only, only + 1)) {
        kernels(this.more)[name]?.(this.memory, { past: env["past"] ?? 0, seq: env["seq"] ?? 0 });
        this.ran.push(name);
      }
    }
    const parts = fetch.map(({ buffer, offset, bytes }) => {
      return new Uint8Array(this.memory.get(buffer)?.buffer ?? new ArrayBuffer(0)).slice(offset, offset + bytes);
    });
    const result = async (): Promise<ArrayBuffer> => {
      if (this.lost) throw new KernelcError("device-lost", "taken away");
      return await new Blob(parts).arrayBuffer();
    };
    return { result, discard: () => "runs" };
  }

  write(buffer: string, offset: number, data: Uint32Array): void {
    new Uint32Array(this.memory.get(buffer)?.buffer ?? new ArrayBuffer(0)).set(data, offset / 4);
  }

  dispatchCount(programs: readonly string[]): number {
    return programs.length;
  }

  release(): void {
    this.lost = true;
  }
}

/** What ends an answer to six tokens, on a device of this kernel; and the engine. */
async function said(more: Kernel, norm = 0): Promise<{ message: string; engine: TokenEngine; device: FunctionExecutor }> {
  const device = new FunctionExecutor(more);
  device.memory.get("norm")?.fill(norm);
  const reopen = (): Promise<Executor> => Promise.reject(new Error("no other device"));
  const engine = new TokenEngine(device, manifestOf(), CONTEXT, ROLES, reopen);
  const message = await answered(engine);
  return { message, engine, device };
}

async function answered(engine: TokenEngine): Promise<string> {
  try {
    await engine.reuse([]);
    await engine.feed([5, 6, 7, 8, 9, 10, 11, 12, 13]);
    const ids: number[] = [];
    for await (const { id } of engine.generate(3, checkedSampling({ temperature: 0 }), [])) ids.push(id);
    return ids.join();
  } catch (error) {
    return (error as Error).message;
  }
}

const BEGINS = "the model's scores for token 9 are no numbers";
const inCache = (position: number): Kernel => (memory, { past, seq }) => {
  if (past <= position && position < past + seq) memory.get("cache")?.fill(NaN, position, position + 1);
};

describe("results that are no numbers", () => {
  it("name the kernel that made them, also in an earlier step", async () => {
    for (const position of [0, 2, 5, 8]) {
      const { message } = await said(inCache(position));
      expect(message).toBe(
        `${BEGINS}: the first kernel that leaves any is more of layers.0.more (dispatch 1 of prefill), ` +
          "in 1 of 32 numbers of cache",
      );
    }
  });

  it("name the weights that have such", async () => {
    const { message } = await said(() => undefined, NaN);
    expect(message).toMatch(/is store of layers\.0\.store \(dispatch 0 of prefill\), in 4 of 32 .*; its weights norm have/);
  });

  it("are looked for once, and nothing of the cache is used again", async () => {
    const { message, engine, device } = await said(inCache(2));
    expect(engine.ids).toEqual([]);
    device.ran.length = 0;
    expect(await answered(engine)).toBe(message);
    expect(device.ran.filter((name) => name === "store").length).toBeLessThan(6); // of an answer alone
    expect(engine.ids).toEqual([]); // every time
  });

  it("say so where no kernel makes any alone", async () => {
    let times = 0;
    const { message } = await said((memory) => memory.get("cache")?.fill((times += 1) < 4 ? NaN : 1, 0, 1));
    expect(message).toBe(`${BEGINS}: no kernel makes any when it is run alone`);
  });

  it("say so where the device is lost meanwhile", async () => {
    let device: FunctionExecutor | null = null;
    const kernel: Kernel = (memory, { past }) => {
      memory.get("cache")?.fill(NaN, 0, 1);
      if (device?.ran.includes("argmax") && past === 0) device.lost = true;
    };
    device = new FunctionExecutor(kernel);
    const engine = new TokenEngine(device, manifestOf(), CONTEXT, ROLES, () => Promise.reject(new Error("none")));
    expect(await answered(engine)).toBe(`${BEGINS}: which kernel made them could not be found out: taken away`);
  });
});

describe("bits", () => {
  it("tell numbers from what is none, in either width", () => {
    const wide = new Float32Array([1, NaN, -Infinity, 65504, 3e38, 0]).buffer;
    const narrow = new Uint16Array([0x3c00, 0x7e00, 0xfc00, 0x7bff, 0, 0x7c00]).buffer;
    expect([countBad(wide, "f32"), countBad(narrow, "f16"), countBad(wide, null)]).toEqual([2, 3, 0]);
    expect([firstBadRow(wide, "f32", 4), firstBadRow(narrow, "f16", 4), firstBadRow(wide, null, 4)]).toEqual([1, 0, -1]);
    expect([clear(wide, "f32"), clear(narrow, "f16"), clear(wide, "f32")]).toEqual([true, true, false]);
    expect([...new Float32Array(wide)]).toEqual([1, 0, 0, 65504, Math.fround(3e38), 0]);
    expect([...new Uint16Array(narrow)]).toEqual([0x3c00, 0, 0, 0x7bff, 0, 0]);
  });
});
