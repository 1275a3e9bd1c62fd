/** The explorer's parts: links between lines, colours, comparisons in numbers, and data that is checked. */
import { describe, expect, it, vi } from "vitest";
import type { CheckOutput } from "../../src/artifact/schema.js";
import { Node } from "../../src/artifact/node.js";
import { coloured, type Language } from "../../src/explore/colours.js";
import { Files } from "../../src/explore/data/load.js";
import { readTiling } from "../../src/explore/data/kernel.js";
import { readOverview } from "../../src/explore/data/overview.js";
import { Links, reversed } from "../../src/explore/links.js";
import { compare } from "../../src/explore/run/compare.js";
import type { KernelText } from "../../src/explore/data/types.js";
import { comparedTimes } from "../../src/explore/views/outcome.js";
import { leadOf } from "../../src/explore/views/panes.js";

describe("links", () => {
  it("know the lines of a text by their lines of Python", () => {
    const found = reversed([[], [3], [1, 3], []]);
    expect([...found]).toEqual([[3, [1, 2]], [1, [2]]]);
  });

  it("tell all panes what is chosen, and whether that moved", () => {
    const links = new Links();
    const heard = vi.fn();
    const stop = links.follow(heard);
    links.pointAt([4], "a pane" as unknown as object);
    links.pointAt([4], "a pane" as unknown as object); // the pointer is where it was
    links.choose([1, 2], links);
    expect(heard.mock.calls.map(([light, moved]) => [light.chosen, light.near, moved])).toEqual([
      [[], [], false],
      [[], [4], false],
      [[1, 2], [], true],
    ]);
    stop();
    links.choose([], links);
    expect(heard).toHaveBeenCalledTimes(3);
  });
});

describe("colours", () => {
  const kinds = (line: string, language: Language): string[] =>
    coloured(line, language).filter(({ kind }) => kind).map(({ text, kind }) => `${kind} ${text}`);

  it.each([
    ["python", "    for i in range(4):  # all", ["keyword for", "keyword in", "name range", "number 4", "comment # all"]],
    ["wgsl", "let v = vec4<f32>(x[0u]); // a.py:1", ["keyword let", "type vec4", "type f32", "number 0u", "comment // a.py:1"]],
    ["spirv", "%x = OpIAdd %u32 %a %b  ; here", ["type %x", "keyword OpIAdd", "type %u32", "type %a", "type %b", "comment ; here"]],
    ["c", "const f32x8 y = dot_f32x8(a, 1.5e-3f);", ["keyword const", "type f32x8", "name dot_f32x8", "number 1.5e-3f"]],
    ["ir", "  %v.4: u32 = add(%row.1, 64)", ["type u32", "name add", "number 64"]],
  ] as const)("of %s are of its words", (language, line, wanted) => {
    expect(kinds(line, language)).toEqual(wanted);
  });

  it("leave the text as it is, whatever it is, in a moment", () => {
    const odd = ['"' + "\\".repeat(999), "(".repeat(2000), "''''", "/* ", "%".repeat(500), "a".repeat(900) + "("];
    for (const language of ["python", "ir", "wgsl", "cuda", "spirv", "opencl", "c"] as const) {
      for (const line of odd) expect(coloured(line, language).map(({ text }) => text).join("")).toBe(line);
    }
  });
});

describe("a comparison", () => {
  const f32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
  const output = (more: Partial<CheckOutput> = {}): CheckOutput =>
    ({ binding: 2, at: 8, bytes: 12, offset: 0, element: "f32", relative: 0.01, absolute: 0.1, ...more });

  it("says how many numbers are wrong, by how much, and which is the first", () => {
    const found = compare([f32(1, 5, 9)], [f32(1.05, 4, 10)], [output()]);
    expect(found).toMatchObject({ right: false, count: 3, wrong: 2, maxAbsolute: 1, maxRelative: 0.25 });
    expect(found.first).toEqual({ binding: 2, element: 3, got: 5, wanted: 4 }); // after the 8 bytes that it begins at
  });

  it("is right within the tolerance, and never where a number is none", () => {
    expect(compare([f32(1, 4.1, 10)], [f32(1.05, 4, 10)], [output()])).toMatchObject({ right: true, wrong: 0 });
    const none = compare([f32(1, NaN, 10)], [f32(1, 4, 10)], [output()]);
    expect(none).toMatchObject({ right: false, wrong: 1, maxAbsolute: NaN });
    expect(none.first?.element).toBe(3);
  });

  it("takes whole numbers as they are", () => {
    const u32 = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
    const exact = output({ element: "u32", relative: 0, absolute: 0, bytes: 8, at: 0 });
    expect(compare([u32(7, 8)], [u32(7, 9)], [exact])).toMatchObject({ wrong: 1, first: { element: 1, got: 8, wanted: 9 } });
  });

  it("adds up several outputs", () => {
    const outputs = [output(), output({ binding: 3 })];
    const found = compare([f32(1, 2, 3), f32(1, 2, 9)], [f32(1, 2, 3), f32(1, 2, 3)], outputs);
    expect(found).toMatchObject({ right: false, count: 6, wrong: 1, first: { binding: 3, element: 4 } });
  });

  it("refuses what is missing", () => {
    expect(compare([], [f32(1)], [output({ bytes: 4 })])).toMatchObject({ right: false, wrong: 1 });
  });
});

describe("times", () => {
  const said = (original: number, changed: number, faster: number, pairs = 10): string =>
    comparedTimes({ original, changed, faster, pairs, dispatches: 4, clock: "wall" });

  it("are told apart only where nearly all pairs agree", () => {
    expect(said(10, 5, 10)).toBe("2.00 times as fast as the original");
    expect(said(10, 15, 1)).toBe("1.50 times as long as the original");
    expect(said(10, 15, 5)).toContain("no clear difference");
    expect(said(10, 9, 1)).toContain("no clear difference"); // one lucky round
    expect(said(10, 5, 4, 5)).toContain("no clear difference");
    expect(said(10, 5, 5, 5)).toBe("2.00 times as fast as the original");
  });

  it("are not told apart by a pair or two", () => {
    expect(said(10, 5, 1, 1)).toBe("too slow here to be compared in 5 pairs or more");
  });
});

describe("the page begins with", () => {
  const text = (target: string, same: boolean | null): KernelText => ({ target, same }) as KernelText;
  it.each([
    ["what the artifact has", [text("wgsl", null), text("cuda", true), text("c", true)], "cuda"],
    ["that, though it be another text", [text("wgsl", null), text("spirv", false)], "spirv"],
    ["what there is", [text("cuda", null), text("c", null)], "cuda"],
    ["WGSL, where there is nothing", [], "wgsl"],
  ])("%s", (_, texts, wanted) => {
    expect(leadOf(texts)).toBe(wanted);
  });
});

describe("the data", () => {
  const overview = {
    version: 1, kernelc: "0.1.0", name: "a", target: "wgsl", quant: "q4", activations: "f32", kv: null,
    model: { architecture: "llama", layers: 2 }, params: [], graphs: {}, notes: [], chat: null,
    buffers: [{ name: "slot.0", kind: "slot", bytes: 4 }],
    kernels: [{ name: "k", spec: "rms_norm", uses: 1, bindings: [["x", "read"]] }],
    programs: { decode: { role: "decode", symbols: { seq: [1, 1], past: [0, 7] }, dispatches: [[0, "norm", [0]]] } },
  };
  const read = (value: unknown): unknown => readOverview(new Node(value, "explore.json"));

  it("is read as it was written", () => {
    expect(read(overview)).toMatchObject({
      name: "a",
      chat: null,
      programs: [{ name: "decode", seq: [1, 1], dispatches: [{ kernel: 0, origin: "norm", buffers: [0] }] }],
    });
  });

  it.each([
    ["another version", { version: 2 }],
    ["an address elsewhere", { chat: "https://evil.test/" }],
    ["an address that is none", { chat: "javascript:alert(1)" }],
    ["a buffer of no bytes", { buffers: [{ name: "a", kind: "slot", bytes: -1 }] }],
    ["a dispatch of no kernel", { programs: { p: { ...overview.programs.decode, dispatches: [["x", "", []]] } } }],
    ["a field that nobody knows", { more: 1 }],
  ])("is refused with %s", (_, change) => {
    expect(() => read({ ...overview, ...change })).toThrow(/explore\.json/);
  });

  const tiles = { kind: "tiles", teams: [2, 1], tiles: [2, 2], tile: [16, 16], lanes: 32 };

  it.each([
    ["more tiles than anybody draws", { ...tiles, teams: [4096, 4096] }],
    ["more invocations than a workgroup has", { kind: "teams", threads: 65536, team: 1, rows: 1, batches: 1 }],
  ])("is refused with %s", (_, tiling) => {
    expect(() => readTiling(new Node(tiling, "k.json"))).toThrow(/k\.json/);
    expect(readTiling(new Node(tiles, "k.json"))).toEqual(tiles);
  });

  it("is fetched once, and again after a failure", async () => {
    const graph = new TextEncoder().encode('{"fused": []}');
    const fetch = vi.fn(async (name: string) => {
      if (fetch.mock.calls.length === 1) throw new Error(`no ${name}`);
      return graph;
    });
    const files = new Files(fetch);
    await expect(files.graph("decode")).rejects.toThrow("no graphs/decode.json");
    expect(await files.graph("decode")).toBe(await files.graph("decode"));
    expect(fetch).toHaveBeenCalledTimes(2);
  });
});
