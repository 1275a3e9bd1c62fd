/**
 * Reads an untrusted `manifest.json`: checks the type and range of every field. `check.ts` checks how they
 * fit.
 */

import { checkManifest } from "./check.js";
import type { Bounds } from "./dim.js";
import { parseJson } from "./json.js";
import { MAX_KERNELS, MAX_U32, readChecks } from "./manifestChecks.js";
import { Node } from "./node.js";
import * as schema from "./schema.js";
import type {
  Buffer,
  BufferRange,
  ChatTemplateInfo,
  Dispatch,
  FileEntry,
  GenerationInfo,
  GraphInfo,
  Kernel,
  KernelBinding,
  Manifest,
  ModelInfo,
  Param,
  Program,
  Requires,
  Ring,
  Segment,
  Shard,
  Tensor,
  TokenizerInfo,
  Triple,
  Variant,
  Weights,
} from "./schema.js";

export * from "./schema.js";

const MAX_I32 = 2 ** 31 - 1;
// Far above what any build makes, far below what would trouble a page that reads a hostile file.
const MAX_PROGRAMS = 256;
const MAX_DISPATCHES = 65536;
const MAX_TENSORS = 65536;
const MAX_FILE_BYTES = 256 * 2 ** 20;
const MAX_RINGS = 1024;
export const MAX_MANIFEST_BYTES = 64 * 2 ** 20;

type Symbols = ReadonlyMap<string, Bounds>;

/**
 * Read a manifest from the bytes of `file`, and check every field and how they fit together.
 *
 * @throws KernelcError "bad-artifact" that names the file and the field, what it holds and what was wanted.
 */
export function parseManifest(data: Uint8Array, file: string): Manifest {
  const root = new Node(parseJson(data, file, MAX_MANIFEST_BYTES), file);
  const head = root.fields();
  if (head.get("format") !== schema.FORMAT) {
    new Node(head.get("format"), file, "format").fail(schema.FORMAT, "is this the folder of an artifact?");
  }
  if (!schema.READABLE.includes(head.get("version"))) {
    const wanted = schema.READABLE.join(" or ");
    const help = `this runtime reads version ${wanted}; build the artifact again with its kernelc`;
    new Node(head.get("version"), file, "version").fail(wanted, help);
  }
  const manifest = readManifest(root);
  checkManifest(manifest, file);
  return manifest;
}

/** What an artifact was built for: a target, several as "a+b", or "all". */
function targets(node: Node): string {
  const text = node.name();
  const named = text.split("+");
  const known: readonly string[] = [...schema.TARGETS, "all"];
  const good = new Set(named).size === named.length && named.every((name) => known.includes(name));
  return good ? text : node.fail(`one of ${known.join(", ")}, or several with + between them`);
}

const ONE_SEQUENCE =
  "kernelc serve answers with this artifact; for a page, build it without --sequences and --rows";

function readManifest(root: Node): Manifest {
  const r = root.record(
    [
      "format", "version", "name", "target", "quant", "model", "symbols", "params", "kernels", "buffers",
      "programs", "weights", "tokenizer", "chat_template", "graph",
    ],
    ["checks", "activations", "generation", "rings", "kv", "sequences"],
  );
  r.sequences.optional((node) => node.fail("a single sequence, which is what a page has", ONE_SEQUENCE));
  const symbols = r.symbols.mapping(bounds, 16);
  const context = new Map([...symbols].filter(([name]) => name === "context"));
  return {
    name: r.name.name(),
    target: targets(r.target),
    quant: r.quant.oneOf(schema.QUANTS),
    model: model(r.model),
    symbols,
    params: r.params.items(readParam, 0, 64),
    kernels: r.kernels.mapping((node) => kernel(node, symbols), MAX_KERNELS),
    buffers: r.buffers.mapping((node) => buffer(node, context), MAX_TENSORS),
    programs: r.programs.mapping((node, name) => program(node, name, context), MAX_PROGRAMS),
    weights: weights(r.weights),
    tokenizer: r.tokenizer.optional(tokenizer),
    chat_template: r.chat_template.optional(chatTemplate),
    graph: r.graph.optional(graph),
    checks: r.checks.optional(readChecks),
    activations: r.activations.optional((node) => node.oneOf(schema.ACTIVATIONS)) ?? "f32",
    generation: r.generation.optional(generation),
    rings: r.rings.optional((node) => node.items(ring, 1, MAX_RINGS)) ?? [],
    kv: r.kv.optional((node) => node.oneOf(schema.CODED_CACHES)),
  };
}

function bounds(node: Node): Bounds {
  const [low = 0, high = 0] = node.items((item) => item.integer(0, MAX_U32), 2, 2);
  return low <= high ? [low, high] : node.fail("bounds [low, high] with low <= high");
}

function model(node: Node): ModelInfo {
  const r = node.record([
    "architecture", "vocab_size", "hidden_size", "layers", "heads", "kv_heads", "head_dim",
    "intermediate_size", "max_context", "bos_token_id", "eos_token_ids",
  ]);
  const size = (field: Node): number => field.integer(1, MAX_I32);
  return {
    architecture: r.architecture.name(),
    vocab_size: size(r.vocab_size),
    hidden_size: size(r.hidden_size),
    layers: size(r.layers),
    heads: size(r.heads),
    kv_heads: size(r.kv_heads),
    head_dim: size(r.head_dim),
    intermediate_size: size(r.intermediate_size),
    max_context: size(r.max_context),
    bos_token_id: r.bos_token_id.optional((item) => item.integer(0, MAX_U32)),
    eos_token_ids: r.eos_token_ids.items((item) => item.integer(0, MAX_U32), 0, 64),
  };
}

/** A field of the step block. */
export function readParam(node: Node): Param {
  const r = node.record(["name", "type"]);
  return { name: r.name.name(), type: r.type.oneOf(schema.PARAM_TYPES) };
}

function kernel(node: Node, symbols: Symbols): Kernel {
  const r = node.record(["spec", "problem", "params", "bindings", "variants"]);
  r.problem.mapping((item) => item.plain(), 64); // only the compiler reads it
  return {
    spec: r.spec.name(),
    params: r.params.boolean(),
    bindings: r.bindings.items(readBinding, 1, 64),
    variants: r.variants.items((item) => variant(item, symbols), 0, 16),
  };
}

/** A binding of a kernel. */
export function readBinding(node: Node): KernelBinding {
  const r = node.record(["name", "element", "access"]);
  const element = r.element.oneOf([...schema.ELEMENT_BYTES.keys()]);
  return { name: r.name.name(), element, access: r.access.oneOf(schema.ACCESSES) };
}

function variant(node: Node, symbols: Symbols): Variant {
  const r = node.record(["target", "file", "sha256", "entry", "workgroup", "grid", "requires"], ["bytes"]);
  const bytes = r.bytes.optional((item) => item.integer(1, schema.MAX_SHARD_BYTES));
  return {
    target: r.target.oneOf(schema.TARGETS),
    file: r.file.pathName(),
    sha256: r.sha256.sha256(),
    entry: r.entry.name(),
    workgroup: triple(r.workgroup, (item) => item.integer(1, 65536)),
    grid: triple(r.grid, (item) => item.dim(symbols)),
    requires: readRequires(r.requires),
    ...(bytes === null ? {} : { bytes }),
  };
}

/** Three values of a kind. */
export function triple<T>(node: Node, read: (item: Node) => T): Triple<T> {
  return node.items(read, 3, 3) as unknown as Triple<T>; // `items` checked that there are three
}

/** What a variant asks of a device. */
export function readRequires(node: Node): Requires {
  const r = node.record(["features", "subgroup_size", "threads", "shared_bytes", "storage_buffers"]);
  return {
    features: r.features.items((item) => item.name(), 0, 64),
    subgroup_size: r.subgroup_size.optional((item) => item.integer(1, 1024)),
    threads: r.threads.integer(1, 65536),
    shared_bytes: r.shared_bytes.integer(0, 2 ** 24),
    storage_buffers: r.storage_buffers.integer(0, 64),
  };
}

function buffer(node: Node, context: Symbols): Buffer {
  const r = node.record(["kind", "bytes"]);
  return { kind: r.kind.oneOf(schema.BUFFER_KINDS), bytes: r.bytes.dim(context) };
}

function program(node: Node, name: string, context: Symbols): Program {
  // JSON.parse moves such keys to the front, but the order of programs matters: the first that fits is run.
  if (/^\d+$/.test(name)) node.refuse("got a number as name, wanted a word");
  const r = node.record(["role", "symbols", "dispatches"]);
  return {
    role: r.role.oneOf(schema.ROLES),
    symbols: r.symbols.mapping(bounds, 16),
    dispatches: r.dispatches.items((item) => dispatch(item, context), 1, MAX_DISPATCHES),
  };
}

function dispatch(node: Node, context: Symbols): Dispatch {
  const r = node.record(["kernel", "bindings", "origin"]);
  const bindings = r.bindings.items((item) => range(item, context), 1, 64);
  return { kernel: r.kernel.name(), bindings, origin: r.origin.text() };
}

function range(node: Node, context: Symbols): BufferRange {
  const r = node.record(["buffer", "offset", "bytes"]);
  return { buffer: r.buffer.name(), offset: r.offset.integer(), bytes: r.bytes.dim(context) };
}

function weights(node: Node): Weights {
  const r = node.record(["shards", "tensors"]);
  return { shards: r.shards.items(shard, 0, 65536), tensors: r.tensors.mapping(tensor, MAX_TENSORS) };
}

function shard(node: Node): Shard {
  const r = node.record(["file", "bytes", "sha256"]);
  const bytes = r.bytes.integer(1, schema.MAX_SHARD_BYTES);
  return { file: r.file.pathName(), bytes, sha256: r.sha256.sha256() };
}

function tensor(node: Node): Tensor {
  const r = node.record(["bytes", "segments", "encoding", "shape"]);
  const encoding = r.encoding.oneOf(schema.ENCODINGS);
  const [least, most] = encoding === "f32" ? [1, 4] : [2, 2];
  const shape = r.shape.items((item) => item.integer(1, MAX_I32), least, most);
  const [bytes, wanted] = [r.bytes.integer(1), schema.tensorBytes(encoding, shape)];
  if (bytes !== wanted) r.bytes.fail(`${wanted} for ${encoding} of shape [${shape.join(", ")}]`);
  return { bytes, segments: r.segments.items(segment, 1, 65536), encoding, shape };
}

function segment(node: Node): Segment {
  const [shard = 0, offset = 0, bytes = 0] = node.items((item) => item.integer(), 3, 3);
  return { shard, offset, bytes };
}

function tokenizer(node: Node): TokenizerInfo {
  const r = node.record(["kind", "file", "files"]);
  const files = r.files.mapping(fileEntry, 16);
  for (const name of files.keys()) new Node(name, node.file, r.files.path).pathName();
  return { kind: r.kind.oneOf(schema.TOKENIZER_KINDS), file: r.file.oneOf([...files.keys()]), files };
}

function fileEntry(node: Node): FileEntry {
  const r = node.record(["bytes", "sha256"]);
  return { bytes: r.bytes.integer(0, MAX_FILE_BYTES), sha256: r.sha256.sha256() };
}

function chatTemplate(node: Node): ChatTemplateInfo {
  const r = node.record(["file", "sha256", "bos_token", "eos_token"]);
  return {
    file: r.file.pathName(),
    sha256: r.sha256.sha256(),
    bos_token: r.bos_token.optional((item) => item.text(1000)),
    eos_token: r.eos_token.optional((item) => item.text(1000)),
  };
}

/** Sampling defaults, whose ranges are those of a request. */
function generation(node: Node): GenerationInfo {
  const r = node.record(["temperature", "top_k", "top_p", "min_p", "repetition_penalty"]);
  return {
    temperature: within(r.temperature, 0, 100),
    top_k: r.top_k.integer(0, MAX_U32),
    top_p: within(r.top_p, 0, 1, true),
    min_p: within(r.min_p, 0, 1),
    repetition_penalty: within(r.repetition_penalty, 0, 100, true),
  };
}

function ring(node: Node): Ring {
  const r = node.record(["window", "rows"]);
  return { window: r.window.integer(1, MAX_I32), rows: r.rows.integer(1, MAX_I32) };
}

function within(node: Node, low: number, high: number, openLow = false): number {
  const value = node.number();
  if (low <= value && value <= high && !(openLow && value === low)) return value;
  return node.fail(`a number ${openLow ? "above" : "from"} ${low}, at most ${high}`);
}

function graph(node: Node): GraphInfo {
  const r = node.record(["file", "sha256"]);
  return { file: r.file.pathName(), sha256: r.sha256.sha256() };
}
