import { describe, expect, it } from "vitest";
import { parseManifest } from "../../src/artifact/manifest.js";
import type { CheckOutput, KernelCheck, Variant } from "../../src/artifact/schema.js";
import { WeightWriter, type Placement } from "../../src/gpu/buffers.js";
import { f16, heldTo, matches } from "../../src/gpu/goldenTiles.js";
import { excerpt } from "../../src/gpu/pipelines.js";
import { StepBlock } from "../../src/gpu/step.js";
import { sampleManifest } from "./sample_manifest.js";

describe("weights on their way into buffers", () => {
  /** Cut two tensors into shards at `cuts`, write them, and return the buffers. */
  function written(cuts: readonly number[]): { buffers: Map<string, Uint8Array>; tensors: Map<string, Uint8Array> } {
    const tensors = new Map([["a", bytes(24, 1)], ["b", bytes(40, 100)]]);
    const all = new Uint8Array([...(tensors.get("a") ?? []), ...(tensors.get("b") ?? [])]);
    const byShard: Placement[][] = [];
    const ends = [...cuts, all.length];
    ends.forEach((end, shard) => {
      const start = ends[shard - 1] ?? 0;
      byShard.push([["a", 0, 24] as const, ["b", 24, 64] as const].flatMap(([buffer, first, last]) => {
        const [from, to] = [Math.max(start, first), Math.min(end, last)];
        return from < to ? [{ buffer, bufferOffset: from - first, shardOffset: from - start, bytes: to - from }] : [];
      }));
    });
    const buffers = new Map([["a", new Uint8Array(24)], ["b", new Uint8Array(40)]]);
    const writer = new WeightWriter((name, offset, data) => {
      expect([offset % 4, data.length % 4]).toEqual([0, 0]);
      buffers.get(name)?.set(data, offset);
    }, byShard);
    ends.forEach((end, shard) => {
      const shared = all.slice(ends[shard - 1] ?? 0, end); // as a loader does: the memory is used again
      writer.put(shard, shared);
      shared.fill(255);
    });
    return { buffers, tensors };
  }

  function bytes(count: number, first: number): Uint8Array {
    return Uint8Array.from({ length: count }, (_, at) => first + at);
  }

  it.each([[[]], [[24]], [[16, 32]], [[3]], [[25, 26, 27]], [[1, 2, 3, 4, 5]], [[23, 30, 49, 63]]])(
    "arrive whole, in words, with shards cut at %j",
    (cuts) => {
      const { buffers, tensors } = written(cuts);
      expect(buffers).toEqual(tensors);
    },
  );
});

describe("the step block", () => {
  it("has each field in the manifest's order, little-endian", () => {
    const block = new StepBlock([
      { name: "past", type: "u32" }, { name: "top_p", type: "f32" }, { name: "seed", type: "u32" },
    ]);
    const view = new DataView(block.encode({ past: 7, top_p: 0.9, seed: 2 ** 32 - 1, unused: 1 }));
    expect([view.getUint32(0, true), view.getFloat32(4, true), view.getUint32(8, true)]).toEqual([
      7, Math.fround(0.9), 2 ** 32 - 1,
    ]);
  });

  it("refuses fields that nobody can fill", () => {
    expect(() => new StepBlock([{ name: "mood", type: "f32" }])).toThrow("a field mood, this runtime knows seq, past");
  });
});

describe("golden tiles", () => {
  const output = (element: CheckOutput["element"], relative = 0, absolute = 0): CheckOutput => ({
    binding: 0, at: 0, bytes: 8, offset: 0, element, relative, absolute,
  });
  const f32 = (...values: number[]): Uint8Array => new Uint8Array(new Float32Array(values).buffer);

  it("match within their tolerance, never with NaN", () => {
    expect(matches(f32(1.01, 2), f32(1, 2), output("f32", 0.02))).toBe(true);
    expect(matches(f32(1.03, 2), f32(1, 2), output("f32", 0.02))).toBe(false);
    expect(matches(f32(0.001, 2), f32(0, 2), output("f32", 0.02))).toBe(false);
    expect(matches(f32(0.001, 2), f32(0, 2), output("f32", 0, 0.01))).toBe(true);
    expect(matches(f32(NaN, 2), f32(1, 2), output("f32", 1e9, 1e9))).toBe(false);
    expect(matches(f32(Infinity), f32(Infinity), output("f32"))).toBe(true);
    expect(matches(f32(-Infinity), f32(Infinity), output("f32", 0.1))).toBe(false);
    expect(matches(f32(1), f32(1, 2), output("f32", 0.1))).toBe(false);
  });

  it("hold variants on matrix units to the tolerance of halves, no others", () => {
    const manifest = parseManifest(new TextEncoder().encode(JSON.stringify(sampleManifest())), "m.json");
    const plain = manifest.kernels.get("copy")?.variants[0] as Variant;
    const asking = (...features: string[]): Variant => ({ ...plain, requires: { ...plain.requires, features } });
    const check: KernelCheck = {
      symbols: new Map(), params: new Map(), inputs: [], outputs: [], tile_tolerance: [0.01, 0.02],
    };
    const strict = output("f32", 1e-5, 1e-6);
    const [halves, bytes] = [asking("f16", "tile_f16_16x16x16"), asking("tile_i8_16x16x32")];
    expect(heldTo(strict, check, halves)).toEqual({ ...strict, relative: 0.01, absolute: 0.02 });
    expect(heldTo(strict, { ...check, tile_tolerance: null }, halves)).toEqual(strict);
    expect([plain, asking("f16"), bytes].map((variant) => heldTo(strict, check, variant))).toEqual([strict, strict, strict]);
  });

  it("match whole numbers exactly, and halves in pairs", () => {
    const u32 = (...values: number[]): Uint8Array => new Uint8Array(new Uint32Array(values).buffer);
    expect(matches(u32(5, 6), u32(5, 6), output("u32"))).toBe(true);
    expect(matches(u32(5, 7), u32(5, 6), output("u32"))).toBe(false);
    expect(matches(u32(0x3c003c01), u32(0x3c003c00), output("f16pair", 1e-3))).toBe(true);
    expect(matches(u32(0x3c003d00), u32(0x3c003c00), output("f16pair", 1e-3))).toBe(false);
  });

  it.each([[0, 0], [0x3c00, 1], [0xc000, -2], [0x7bff, 65504], [0x0001, 2 ** -24], [0x03ff, (1023 / 1024) * 2 ** -14],
    [0x7c00, Infinity], [0xfc00, -Infinity]])("read half %i as %d", (bits, value) => {
    expect(f16(bits)).toBe(value);
  });

  it("read no number from NaN", () => {
    expect(f16(0x7e00)).toBeNaN();
  });
});

describe("a refused kernel", () => {
  it("is shown around the line", () => {
    const text = ["one", "two", "three", "four", "five", "six"].join("\n");
    expect(excerpt(text, 1)).toBe(">    1 | one\n     2 | two\n     3 | three\n     4 | four");
    expect(excerpt(text, 6)).toContain(">    6 | six");
  });
});
