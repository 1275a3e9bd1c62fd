import { describe, expect, it } from "vitest";
import { KernelcError } from "../../src/artifact/errors.js";
import { parseManifest } from "../../src/artifact/manifest.js";
import { STEP_FIELDS } from "../../src/gpu/step.js";
import { sampleManifest, type Json } from "./sample_manifest.js";

function parse(json: Json): ReturnType<typeof parseManifest> {
  return parseManifest(new TextEncoder().encode(JSON.stringify(json)), "manifest.json");
}

/** The sample with the value at `path` replaced; undefined takes the field away. */
function changed(path: string, value: unknown): Json {
  const root = sampleManifest();
  const keys = path.split("/");
  const last = keys.pop() ?? "";
  let at: Record<string, unknown> = root;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return root;
}

describe("parseManifest", () => {
  it("reads what the compiler writes", () => {
    const manifest = parse(sampleManifest());
    expect(manifest.model.vocab_size).toBe(512);
    expect([...manifest.programs.keys()]).toEqual(["decode", "sample_greedy"]);
    expect(manifest.kernels.get("copy")?.variants[0]?.grid).toEqual([["ceildiv", "seq", 64], 1, 1]);
    expect(manifest.checks).toBeNull();
    expect(manifest.activations).toBe("f32");
    expect(manifest.kv).toBeNull();
    expect(manifest.generation).toBeNull();
    expect(manifest.rings).toEqual([]);
  });

  it("reads how large kernels are, where that is said", () => {
    const bytesOf = (json: Json): number | undefined => parse(json).kernels.get("copy")?.variants[0]?.bytes;
    expect(bytesOf(sampleManifest())).toBeUndefined();
    expect(bytesOf(changed("kernels/copy/variants/0/bytes", null))).toBeUndefined();
    expect(bytesOf(changed("kernels/copy/variants/0/bytes", 4096))).toBe(4096);
  });

  it("reads which caches are rings", () => {
    const rings = [{ window: 8, rows: 4096 }];
    expect(parse({ ...sampleManifest(), rings }).rings).toEqual(rings);
  });

  it("refuses in words what was built for several sequences", () => {
    const sequences = { count: 8, rows: 64, buffers: ["tokens"], fields: [] };
    const refused = (): unknown => parse({ ...sampleManifest(), sequences });
    expect(refused).toThrow("sequences: got an object, wanted a single sequence, which is what a page has");
    expect(parse({ ...sampleManifest(), sequences: null }).name).toBe(sampleManifest()["name"]);
  });

  it("reads how the model's authors want answers sampled", () => {
    const generation = { temperature: 0.2, top_k: 0, top_p: 0.9, min_p: 0, repetition_penalty: 1 };
    expect(parse({ ...sampleManifest(), generation }).generation).toEqual(generation);
    const refuse = (change: object): unknown => () => parse({ ...sampleManifest(), generation: { ...generation, ...change } });
    expect(refuse({ top_p: 0 })).toThrow("generation.top_p: got 0, wanted a number above 0, at most 1");
    expect(refuse({ temperature: -1 })).toThrow("generation.temperature: got -1, wanted a number from 0, at most 100");
    expect(refuse({ top_k: 0.5 })).toThrow("generation.top_k: got 0.5");
    expect(refuse({ top_a: 1 })).toThrow("generation.top_a: got 1, wanted no such field");
  });

  it("is read in each version since the first", () => {
    for (const version of [1, 2]) expect(parse({ ...sampleManifest(), version }).name).toBe(sampleManifest().name);
  });

  it.each<[string, unknown, string]>([
    ["format", "zip", 'manifest.json: format: got "zip", wanted kernelc-artifact'],
    ["version", 3, "version: got 3, wanted 1 or 2"],
    ["version", "2", 'version: got "2", wanted 1 or 2'],
    ["quant", "q3", 'quant: got "q3", wanted one of q4, q4a, q8, f16, f32'],
    ["activations", "int4", 'activations: got "int4", wanted one of f32, int8'],
    ["kv", "q4", 'kv: got "q4", wanted one of q8'],
    ["name", "../x", "name: got"],
    ["rings", [], "rings: got 0 items, wanted 1..1024"],
    ["rings", [{ window: 8 }], "rings[0].rows: the field is missing"],
    ["rings", [{ window: 0, rows: 4096 }], "rings[0].window: got 0"],
    ["rings", [{ window: 8, rows: 8 }], "rings[0].rows: got 8, wanted at least"],
    ["extra", 1, "extra: got 1, wanted no such field"],
    ["buffers", undefined, "buffers: the field is missing"],
    ["model/vocab_size", 1.5, "model.vocab_size: got 1.5, wanted an integer"],
    ["model/vocab_size", true, "model.vocab_size: got true, wanted an integer"],
    ["model/kv_heads", 3, "model.kv_heads: got 3, wanted a divisor of heads 8"],
    ["model/eos_token_ids", [512], "model.eos_token_ids: got 512, wanted ids below vocab_size 512"],
    ["symbols/context", [512, 1], "bounds [low, high] with low <= high"],
    ["symbols/context", [1, 256], "symbols.context: got a high bound of 256, wanted model.max_context 512"],
    ["symbols/batch", [1, 2], "symbols.batch: steps have no such symbol, wanted seq, past, context"],
    ["symbols/seq", [0, 512], "symbols.seq: got a low bound of 0, wanted at least 1"],
    ["symbols/past", undefined, "symbols.past: the field is missing"],
    ["params/1/name", "seq", "wanted each name once"],
    ["buffers/step/bytes", 4, "buffers.step: wanted a state buffer of at least 32 bytes"],
    ["buffers/logits/bytes", ["mul", "seq", 4], "buffers.logits.bytes: unknown symbol seq"],
    ["buffers/logits/bytes", -4, "a size of 0..2^53"],
    ["buffers/logits/bytes", ["min", ["mul", "context", 2 ** 53], 2048], "buffers.logits.bytes: mul gives"],
    ["programs/decode/dispatches/0/bindings/0/bytes", ["min", ["mul", "context", 2 ** 53], 256], "bindings[0].bytes: mul"],
    ["buffers/norm/bytes", 128, "buffers.norm.bytes: got 128, wanted the tensor's 256"],
    ["buffers/other", { kind: "weight", bytes: 4 }, "buffers.other: there is no tensor of this name"],
    ["kernels/copy/variants/0/file", "../evil.wgsl", "a plain relative path inside the artifact"],
    ["kernels/copy/variants/0/file", "manifest.json", "a plain relative path inside the artifact"],
    ["kernels/copy/variants/0/file", "https://evil/x", "a plain relative path inside the artifact"],
    ["kernels/copy/variants/0/bytes", 0, "kernels.copy.variants[0].bytes: got 0, wanted an integer of 1..67108864"],
    ["kernels/copy/variants/0/bytes", 2 ** 27, "kernels.copy.variants[0].bytes: got 134217728"],
    ["kernels/copy/variants/0/sha256", "A".repeat(64), "a sha256 in lower-case hex"],
    ["kernels/copy/variants/0/requires/threads", 32, "requires.threads: got 32, wanted 64"],
    ["kernels/copy/variants/0/grid", [["floordiv", 4, "past"], 1, 1], "a divisor must be positive"],
    ["kernels/copy/variants/0/target", "cuda", "got target cuda, wanted wgsl alone"],
    ["kernels/argmax/variants/0/sha256", "b".repeat(64), "the file is named twice, with a different sha256"],
    ["kernels/copy/bindings/0/element", "f64", "wanted one of u32"],
    ["programs/decode/dispatches/0/kernel", "nothing", "there is no kernel nothing"],
    ["programs/decode/dispatches/0/bindings/0/buffer", "nothing", "there is no buffer nothing"],
    ["programs/decode/dispatches/0/bindings/0/bytes", 260, "bindings[0].bytes: got 260 at context 1, wanted 1..256"],
    ["programs/decode/dispatches/0/bindings/0/bytes", 254, "in whole elements of f32"],
    ["programs/decode/dispatches/0/bindings/0/offset", 2, "offset: got 2, wanted a multiple of 4"],
    ["programs/decode/dispatches/0/bindings/1/buffer", "norm", "is written, but norm is a weight"],
    ["programs/decode/dispatches/0/bindings", [], "got 0 items, wanted 1..64"],
    ["programs/decode/symbols/batch", [1, 1], "programs.decode.symbols.batch: wanted one of context, past, seq"],
    ["programs/decode/symbols/seq", [1, 999], "wanted bounds within [1, 512]"],
    ["programs/7", { role: "decode", symbols: {}, dispatches: [] }, "programs.7: got a number as name"],
    ["programs/decode/role", "dream", "wanted one of prefill"],
    ["weights/shards/0/bytes", 2 ** 30, "wanted an integer of 1..67108864"],
    ["weights/shards/0/bytes", 100, "got bytes 0..256, but weights/0000.bin has 100 bytes"],
    ["weights/tensors/norm/segments", [[1, 0, 256]], "got shard 1, wanted one of 1"],
    ["weights/tensors/norm/segments", [[0, 0, 128]], "they do not add up to the tensor's 256 bytes"],
    ["weights/tensors/norm/segments", [[0, 4, 256]], "got offset 4, wanted a multiple of 256"],
    ["weights/tensors/norm/bytes", 252, "got 252, wanted 256 for f32 of shape [64]"],
    ["weights/tensors/norm/encoding", "q4.quants", "got 1 items, wanted 2"],
    ["tokenizer/file", "other.model", "wanted one of tokenizer.model"],
    ["tokenizer/files", { "../x": { bytes: 1, sha256: "a".repeat(64) } }, "wanted a plain name as key"],
    ["chat_template/bos_token", "x".repeat(1001), "a text of at most 1000 characters"],
  ])("refuses %s = %j", (path, value, message) => {
    const wrong = (): unknown => parse(changed(path, value));
    expect(wrong).toThrow(KernelcError);
    expect(wrong).toThrow(message);
  });

  it("reads golden tiles", () => {
    const manifest = parse(changed("checks", checks("copy", () => undefined)));
    const found = manifest.checks?.kernels.get("copy");
    expect([found?.inputs[0]?.period, found?.tile_tolerance]).toEqual([8, null]);
    const held = parse(changed("checks", checks("copy", (json) => (json["tile_tolerance"] = [0.5, 0]))));
    expect(held.checks?.kernels.get("copy")?.tile_tolerance).toEqual([0.5, 0]);
  });

  it.each<[string, (check: Json) => void, string]>([
    ["no", () => undefined, "checks.kernels.no: there is no kernel"],
    ["copy", (json) => delete field(json, "symbols")["past"], "symbols.past: the field is missing"],
    ["copy", (json) => (field(json, "symbols")["seq"] = 513), "symbols.seq: got 513, wanted 1..512"],
    ["copy", (json) => delete field(json, "params")["seq"], "params.seq: the field is missing"],
    ["copy", (json) => (json["inputs"] = []), "got 0 items, wanted 1..64"],
    ["copy", (json) => (json["inputs"] = [field(json, "inputs/0")]), "inputs: got 1, wanted 2"],
    ["copy", (json) => (field(json, "inputs/0")["period"] = 12), "it ends at 12 of 8 bytes"],
    ["copy", (json) => (field(json, "inputs/0")["period"] = 6), "got 6, wanted a multiple of 4"],
    ["copy", (json) => (field(json, "inputs/0")["bytes"] = 2 ** 40), "wanted an integer of 4..268435456"],
    ["copy", (json) => (field(json, "outputs/0")["binding"] = 0), "got 0, wanted one that is written"],
    ["copy", (json) => (field(json, "outputs/0")["at"] = 252), "it ends at 260 of 256 bytes bound"],
    ["copy", (json) => (field(json, "outputs/0")["offset"] = 4), "it ends at 12 of 8 bytes"],
    ["copy", (json) => (field(json, "outputs/0")["element"] = "f64"), "wanted one of f32, u32, f16pair"],
    ["copy", (json) => (field(json, "outputs/0")["relative"] = -1), "wanted at least 0"],
    ["copy", (json) => (json["tile_tolerance"] = [-1, 0]), "wanted at least 0"],
    ["copy", (json) => (json["tile_tolerance"] = [1]), "tile_tolerance: got 1 items, wanted 2"],
  ])("refuses a golden tile of kernel %s", (kernel, change, message) => {
    expect(() => parse(changed("checks", checks(kernel, change)))).toThrow(message);
  });

  it("refuses a buffer that is read and written by one dispatch", () => {
    const json = changed("buffers/norm", { kind: "slot", bytes: 512 });
    const bindings = [
      { buffer: "norm", offset: 0, bytes: 256 },
      { buffer: "norm", offset: 256, bytes: 256 },
    ];
    field(json, "programs/decode/dispatches/0")["bindings"] = bindings;
    expect(() => parse(json)).toThrow("buffer norm is bound both to be read and to be written");
  });

  it("refuses what is no JSON, no UTF-8, or too deep", () => {
    const parseText = (text: string): unknown => parseManifest(new TextEncoder().encode(text), "m.json");
    expect(() => parseText("{")).toThrow("m.json: not valid JSON");
    expect(() => parseText('{"a": [{"b": "b"}, {"b": "a"}], "b": {"a": 1}}')).toThrow("format: got nothing");
    expect(() => parseText('{"a": [{"b": 1, "c": ["b", "b"], "b": 2}]}')).toThrow('key "b" occurs twice');
    expect(() => parseText('{"a": {}, "x": "\\"{", "\\u0061": 2}')).toThrow('m.json: not valid JSON: key "a" occurs twice');
    expect(() => parseText("[]")).toThrow("got a list of 0, wanted an object");
    expect(() => parseText('{"__proto__": {"format": "kernelc-artifact"}}')).toThrow("format: got nothing");
    expect(() => parseManifest(new Uint8Array([0x22, 0xff, 0x22]), "m.json")).toThrow("not valid JSON");
    expect(() => parse(changed("kernels/copy/problem/x", [[[[[[[[1]]]]]]]]))).toThrow("nothing nested this deeply");
  });
});

function check(): Json {
  const inputs = [{ bytes: 256, offset: 0, period: 8 }, { bytes: 256, offset: 0, period: 0 }];
  const outputs = [{ binding: 1, at: 0, bytes: 8, offset: 0, element: "f32", relative: 0, absolute: 0 }];
  const params = Object.fromEntries(STEP_FIELDS.map(({ name }) => [name, name === "seq" ? 1 : 0]));
  return { symbols: { seq: 1, past: 0, context: 8 }, params, inputs, outputs };
}

function checks(kernel: string, change: (check: Json) => void): Json {
  const one = structuredClone(check());
  change(one);
  return { file: "checks.bin", bytes: 8, sha256: "c".repeat(64), kernels: { [kernel]: one } };
}

function field(json: Json, path: string): Json {
  let at = json;
  for (const key of path.split("/")) at = at[key] as Json;
  return at;
}
