/**
 * What `manifest.json` says, field by field, under its own field names; see `kernelc/artifact/schema.py`.
 *
 * Sizes and grids are dimensions: a buffer's size may depend on `context` only, a grid on any symbol of the
 * manifest. Maps keep the file's order.
 */

import type { Bounds, Dim } from "./dim.js";

export const FORMAT = "kernelc-artifact";
/** The versions that are read; `kernelc/artifact/schema.py` says what they are. */
export const READABLE: readonly unknown[] = [1, 2];

/** Tensors start at multiples of this in a shard: WebGPU's guaranteed storage offset alignment. */
export const ALIGNMENT_BYTES = 256;
export const MAX_SHARD_BYTES = 64 * 2 ** 20;
/** The state buffer that holds the step block. */
export const STEP_BUFFER = "step";
/** The state buffer that holds token ids by absolute position. */
export const TOKENS_BUFFER = "tokens";
/** The state buffer that holds the last row's logits. */
export const LOGITS_BUFFER = "logits";
/** The state buffer with a bit for each token that the program of the role "mask" leaves in the logits. */
export const MASK_BUFFER = "mask";
/** Where programs of the role "embed" leave final hidden states, a row for each position of a step. */
export const HIDDEN_BUFFER = "hidden";

/** Weight formats: bytes of each stored array for one group of 32 elements. A new format is one row here. */
const FORMATS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  q4: { quants: 16, scales: 2 },
  q4a: { quants: 16, scales: 4 },
  q8: { quants: 32, scales: 2 },
  f16: { quants: 64 },
  f32: { quants: 128 },
};
export const QUANTS = Object.keys(FORMATS);
/**
 * The numbers that decoding multiplies weights with: f32 activations, or activations as two signed bytes or
 * one.
 */
export const ACTIVATIONS = ["f32", "int8", "int8-fast"] as const;
/** What caches may hold instead of numbers: bytes with a scale for each head of a position. */
export const CODED_CACHES = ["q8"] as const;
export const TARGETS = ["wgsl", "cuda", "spirv", "opencl", "c", "wasm"] as const;
export const ROLES = ["prefill", "decode", "score", "embed", "sample_greedy", "sample", "mask"] as const;
export const PARAM_TYPES = ["u32", "f32"] as const;
export const ACCESSES = ["read", "read_write"] as const;
export const BUFFER_KINDS = ["weight", "state", "slot"] as const;
export const CHECK_ELEMENTS = ["f32", "u32", "f16pair", "coded1", "coded2"] as const;
export const TOKENIZER_KINDS = ["sentencepiece", "tokenizers"] as const;

export type Role = (typeof ROLES)[number];
export type Access = (typeof ACCESSES)[number];

/** Bytes of one element of a binding, by the name of its type. */
export const ELEMENT_BYTES: ReadonlyMap<string, number> = new Map(
  Object.entries({ u32: 4, i32: 4, f32: 4, f16: 2 }).flatMap(([scalar, size]): [string, number][] => [
    [scalar, size],
    [`${scalar}x2`, 2 * size],
    [`${scalar}x4`, 4 * size],
  ]),
);

const GROUP_BYTES = new Map(
  Object.entries(FORMATS).flatMap(([format, arrays]) =>
    Object.entries(arrays).map(([array, bytes]): [string, number] => [`${format}.${array}`, bytes]),
  ),
);
export const ENCODINGS = [...GROUP_BYTES.keys(), "f32"];

/** Storage bytes of a tensor: packed matrices by `shape` [rows, cols], plain "f32" by any shape. */
export function tensorBytes(encoding: string, shape: readonly number[]): number {
  if (encoding === "f32") return shape.reduce((product, size) => product * size, 4);
  const groups = (shape[0] ?? 0) * Math.ceil((shape[1] ?? 0) / 32);
  return Math.ceil((groups * (GROUP_BYTES.get(encoding) ?? 0)) / 16) * 16;
}

/** The model's own numbers. */
export interface ModelInfo {
  readonly architecture: string;
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly layers: number;
  readonly heads: number;
  readonly kv_heads: number;
  readonly head_dim: number;
  readonly intermediate_size: number;
  readonly max_context: number;
  readonly bos_token_id: number | null;
  readonly eos_token_ids: readonly number[];
}

/** One 4-byte field of the step block. */
export interface Param {
  readonly name: string;
  readonly type: (typeof PARAM_TYPES)[number];
}

/** One storage binding of a kernel: binding i of group 0 is entry i of the kernel's list. */
export interface KernelBinding {
  readonly name: string;
  readonly element: string;
  readonly access: Access;
}

/** What a device must offer to run a variant. `subgroup_size` is null where any size will do. */
export interface Requires {
  readonly features: readonly string[];
  readonly subgroup_size: number | null;
  readonly threads: number;
  readonly shared_bytes: number;
  readonly storage_buffers: number;
}

export type Triple<T> = readonly [x: T, y: T, z: T];

/** One printed kernel: its file, entry point, workgroup, and the grid of workgroups to dispatch. */
export interface Variant {
  readonly target: (typeof TARGETS)[number];
  readonly file: string;
  readonly sha256: string;
  /** Of the file; artifacts of earlier releases do not say it. */
  readonly bytes?: number;
  readonly entry: string;
  readonly workgroup: Triple<number>;
  readonly grid: Triple<Dim>;
  readonly requires: Requires;
}

/**
 * A kernel with its variants, the preferred one first. With `params`, the step block is bound after the
 * others.
 */
export interface Kernel {
  readonly spec: string;
  readonly params: boolean;
  readonly bindings: readonly KernelBinding[];
  readonly variants: readonly Variant[];
}

/** A device buffer: a "weight" is named as its tensor, "state" outlives a step, a "slot" is scratch. */
export interface Buffer {
  readonly kind: (typeof BUFFER_KINDS)[number];
  readonly bytes: Dim;
}

/** What a dispatch binds: `bytes` of a buffer from `offset` on. */
export interface BufferRange {
  readonly buffer: string;
  readonly offset: number;
  readonly bytes: Dim;
}

/** One kernel launch; `origin` is the layer path that it computes. */
export interface Dispatch {
  readonly kernel: string;
  readonly bindings: readonly BufferRange[];
  readonly origin: string;
}

/** A list of dispatches for one role. It may run where every symbol is within its bounds in `symbols`. */
export interface Program {
  readonly role: Role;
  readonly symbols: ReadonlyMap<string, Bounds>;
  readonly dispatches: readonly Dispatch[];
}

/** Size and sha256 of a file in the artifact. */
export interface FileEntry {
  readonly bytes: number;
  readonly sha256: string;
}

/** One file of weights. */
export interface Shard extends FileEntry {
  readonly file: string;
}

/** A piece of a tensor: `bytes` of shard number `shard` from `offset` on. */
export interface Segment {
  readonly shard: number;
  readonly offset: number;
  readonly bytes: number;
}

/** A stored tensor: its pieces in order, its encoding and its logical shape. */
export interface Tensor {
  readonly bytes: number;
  readonly segments: readonly Segment[];
  readonly encoding: string;
  readonly shape: readonly number[];
}

export interface Weights {
  readonly shards: readonly Shard[];
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The tokenizer: `file` is the one to load, `files` all that belong to it. */
export interface TokenizerInfo {
  readonly kind: (typeof TOKENIZER_KINDS)[number];
  readonly file: string;
  readonly files: ReadonlyMap<string, FileEntry>;
}

/** The chat template's file, and the values of its variables `bos_token` and `eos_token`. */
export interface ChatTemplateInfo {
  readonly file: string;
  readonly sha256: string;
  readonly bos_token: string | null;
  readonly eos_token: string | null;
}

/** How the model's authors want its answers sampled; what each field means, `ChatRequest` says. */
export interface GenerationInfo {
  readonly temperature: number;
  readonly top_k: number;
  readonly top_p: number;
  readonly min_p: number;
  readonly repetition_penalty: number;
}

/** Caches of `rows` positions, of layers that see `window` of them; position p is in row p mod `rows`. */
export interface Ring {
  readonly window: number;
  readonly rows: number;
}

/** The tensor graph's text form. */
export interface GraphInfo {
  readonly file: string;
  readonly sha256: string;
}

/**
 * A buffer of `bytes`, filled by repeating the `period` bytes of the checks file that start at `offset`. A
 * period of 0 means zeros.
 */
export interface CheckInput {
  readonly bytes: number;
  readonly offset: number;
  readonly period: number;
}

/**
 * A range of an output: `bytes` of binding number `binding`, starting at `at`. The wanted numbers start at
 * `offset` in the checks file. Each number must be within `absolute` + `relative` * |wanted|; an "f16pair" is
 * two in one word.
 */
export interface CheckOutput {
  readonly binding: number;
  readonly at: number;
  readonly bytes: number;
  readonly offset: number;
  readonly element: (typeof CHECK_ELEMENTS)[number];
  readonly relative: number;
  readonly absolute: number;
}

/**
 * A kernel's golden tile: inputs, and the outputs that they must give. `symbols` determine each variant's
 * grid, `params` the step block. `tile_tolerance` (relative, absolute) replaces the outputs' own tolerances
 * for variants that multiply f16 numbers on matrix units.
 */
export interface KernelCheck {
  readonly symbols: ReadonlyMap<string, number>;
  readonly params: ReadonlyMap<string, number>;
  readonly inputs: readonly CheckInput[];
  readonly outputs: readonly CheckOutput[];
  readonly tile_tolerance: readonly [relative: number, absolute: number] | null;
}

/** The file with the numbers, and the checks by the names of their kernels. */
export interface Checks extends Shard {
  readonly kernels: ReadonlyMap<string, KernelCheck>;
}

/** Everything that a runtime needs to know. */
export interface Manifest {
  readonly name: string;
  readonly target: string;
  readonly quant: (typeof QUANTS)[number];
  readonly model: ModelInfo;
  readonly symbols: ReadonlyMap<string, Bounds>;
  readonly params: readonly Param[];
  readonly kernels: ReadonlyMap<string, Kernel>;
  readonly buffers: ReadonlyMap<string, Buffer>;
  readonly programs: ReadonlyMap<string, Program>;
  readonly weights: Weights;
  readonly tokenizer: TokenizerInfo | null;
  readonly chat_template: ChatTemplateInfo | null;
  readonly graph: GraphInfo | null;
  readonly checks: Checks | null;
  readonly activations: (typeof ACTIVATIONS)[number];
  readonly generation: GenerationInfo | null;
  readonly rings: readonly Ring[];
  /** What caches hold; null where it is numbers. */
  readonly kv: (typeof CODED_CACHES)[number] | null;
}
