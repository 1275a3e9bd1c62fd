/** A small manifest as the compiler might write it, for tests to bend. */

import { STEP_FIELDS } from "../../src/gpu/step.js";

export type Json = Record<string, unknown>;

const requires = { features: [], subgroup_size: null, threads: 64, shared_bytes: 0, storage_buffers: 2 };

function kernel(spec: string, file: string, grid: unknown): Json {
  const bindings = [
    { name: "x", element: "f32", access: "read" },
    { name: "y", element: "f32", access: "read_write" },
  ];
  const variant = {
    target: "wgsl", file, sha256: "a".repeat(64), entry: "main", workgroup: [64, 1, 1], grid, requires: { ...requires },
  };
  return { spec, problem: {}, params: true, bindings, variants: [variant] };
}

function dispatch(name: string, from: string, to: string): Json {
  const bindings = [
    { buffer: from, offset: 0, bytes: 256 },
    { buffer: to, offset: 0, bytes: 256 },
  ];
  return { kernel: name, bindings, origin: `test.${name}` };
}

export function sampleManifest(): Json {
  return {
    format: "kernelc-artifact",
    version: 1,
    name: "sample",
    target: "wgsl",
    quant: "f32",
    model: {
      architecture: "llama", vocab_size: 512, hidden_size: 64, layers: 1, heads: 8, kv_heads: 4, head_dim: 8,
      intermediate_size: 172, max_context: 512, bos_token_id: 1, eos_token_ids: [2],
    },
    symbols: { context: [1, 512], past: [0, 511], seq: [1, 512] },
    params: STEP_FIELDS.map((field) => ({ ...field })),
    kernels: {
      argmax: kernel("argmax", "kernels/copy.wgsl", [1, 1, 1]),
      copy: kernel("copy", "kernels/copy.wgsl", [["ceildiv", "seq", 64], 1, 1]),
    },
    buffers: {
      logits: { kind: "state", bytes: 2048 },
      norm: { kind: "weight", bytes: 256 },
      step: { kind: "state", bytes: 32 },
      tokens: { kind: "state", bytes: ["add", ["mul", "context", 4], 252] },
    },
    programs: {
      decode: { role: "decode", symbols: { seq: [1, 1] }, dispatches: [dispatch("copy", "norm", "logits")] },
      sample_greedy: { role: "sample_greedy", symbols: {}, dispatches: [dispatch("argmax", "logits", "tokens")] },
    },
    weights: {
      shards: [{ file: "weights/0000.bin", bytes: 512, sha256: "d".repeat(64) }],
      tensors: { norm: { bytes: 256, segments: [[0, 0, 256]], encoding: "f32", shape: [64] } },
    },
    tokenizer: {
      kind: "sentencepiece", file: "tokenizer.model",
      files: { "tokenizer.model": { bytes: 10, sha256: "e".repeat(64) } },
    },
    chat_template: { file: "chat_template.jinja", sha256: "f".repeat(64), bos_token: "<s>", eos_token: "</s>" },
    graph: null,
  };
}
