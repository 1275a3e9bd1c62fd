/**
 * How the fields of a manifest fit together: names resolve, ranges lie in their buffers and files, counts
 * agree.
 */

import { DimError, evaluateDim, type Dim } from "./dim.js";
import { KernelcError } from "./errors.js";
import { REBUILD } from "./node.js";
import {
  ALIGNMENT_BYTES,
  ELEMENT_BYTES,
  STEP_BUFFER,
  type BufferRange,
  type Checks,
  type Dispatch,
  type Kernel,
  type KernelBinding,
  type KernelCheck,
  type Manifest,
  type Program,
  type Tensor,
} from "./schema.js";

/** What a step knows of itself; runtimes know no others. */
const SYMBOLS: readonly string[] = ["seq", "past", "context"];

/** @throws KernelcError "bad-artifact" naming `file` and the field where parts contradict each other. */
export function checkManifest(manifest: Manifest, file: string): void {
  new Check(manifest, file).run();
}

/** The files that the manifest names besides itself: [file, sha256]; one may be named more than once. */
export function namedFiles(manifest: Manifest): [file: string, sha256: string][] {
  const variants = [...manifest.kernels.values()].flatMap((kernel) => kernel.variants);
  const single = [manifest.chat_template, manifest.graph, manifest.checks].filter((item) => item !== null);
  const tokenizer = [...(manifest.tokenizer?.files ?? [])];
  return [
    ...[...variants, ...single, ...manifest.weights.shards].map((item): [string, string] => [
      item.file,
      item.sha256,
    ]),
    ...tokenizer.map(([name, entry]): [string, string] => [name, entry.sha256]),
  ];
}

class Check {
  private readonly manifest: Manifest;
  private readonly file: string;
  private readonly contexts: readonly [number, number];

  constructor(manifest: Manifest, file: string) {
    this.manifest = manifest;
    this.file = file;
    const bounds = manifest.symbols.get("context");
    this.contexts = bounds ?? this.fail("symbols.context", "the field is missing");
  }

  private fail(path: string, message: string): never {
    throw new KernelcError("bad-artifact", `${this.file}: ${path}: ${message}`, { help: REBUILD });
  }

  run(): void {
    const { manifest } = this;
    this.model();
    this.symbols();
    this.stepBlock();
    this.rings();
    this.files();
    for (const [name, tensor] of manifest.weights.tensors) this.tensor(`weights.tensors.${name}`, tensor);
    for (const name of manifest.buffers.keys()) this.buffer(name);
    for (const [name, kernel] of manifest.kernels) this.kernel(`kernels.${name}`, kernel);
    for (const [name, program] of manifest.programs) this.program(`programs.${name}`, program);
    if (manifest.checks) this.checks(manifest.checks);
  }

  private model(): void {
    const { heads, kv_heads, bos_token_id, eos_token_ids, vocab_size } = this.manifest.model;
    if (heads % kv_heads) this.fail("model.kv_heads", `got ${kv_heads}, wanted a divisor of heads ${heads}`);
    for (const [field, ids] of [
      ["bos_token_id", [bos_token_id ?? 0]],
      ["eos_token_ids", eos_token_ids],
    ] as const) {
      const beyond = ids.find((id) => id >= vocab_size);
      if (beyond !== undefined)
        this.fail(`model.${field}`, `got ${beyond}, wanted ids below vocab_size ${vocab_size}`);
    }
  }

  private symbols(): void {
    const { symbols } = this.manifest;
    for (const name of SYMBOLS) {
      if (!symbols.has(name)) this.fail(`symbols.${name}`, "the field is missing");
    }
    for (const [name, [least]] of symbols) {
      if (!SYMBOLS.includes(name))
        this.fail(`symbols.${name}`, `steps have no such symbol, wanted ${SYMBOLS.join(", ")}`);
      if (name !== "past" && least < 1)
        this.fail(`symbols.${name}`, "got a low bound of 0, wanted at least 1");
    }
    const [most, wanted] = [this.contexts[1], this.manifest.model.max_context];
    if (most !== wanted) {
      this.fail("symbols.context", `got a high bound of ${most}, wanted model.max_context ${wanted}`);
    }
  }

  private stepBlock(): void {
    const names = this.manifest.params.map((param) => param.name);
    if (new Set(names).size !== names.length)
      this.fail("params", `got ${names.join(", ")}, wanted each name once`);
    if (![...this.manifest.kernels.values()].some((kernel) => kernel.params)) return;
    const step = this.manifest.buffers.get(STEP_BUFFER);
    const room =
      step?.kind === "state" ? Math.min(...this.sizes(`buffers.${STEP_BUFFER}.bytes`, step.bytes)) : -1;
    if (room < 4 * names.length) {
      this.fail(`buffers.${STEP_BUFFER}`, `wanted a state buffer of at least ${4 * names.length} bytes`);
    }
  }

  /** A step's rows and the window before them have places of their own in a ring. */
  private rings(): void {
    const most = this.manifest.symbols.get("seq")?.[1] ?? 0;
    this.manifest.rings.forEach(({ window, rows }, index) => {
      if (rows >= window + most) return;
      const wanted = `at least ${window + most}, a window of ${window} and ${most} rows of a step`;
      this.fail(`rings[${index}].rows`, `got ${rows}, wanted ${wanted}`);
    });
  }

  /** A size at the smallest and at the largest context. */
  private sizes(path: string, size: Dim): [number, number] {
    const [least, most] = this.contexts;
    try {
      return [evaluateDim(size, { context: least }), evaluateDim(size, { context: most })];
    } catch (error) {
      if (error instanceof DimError) return this.fail(path, error.message);
      throw error;
    }
  }

  private files(): void {
    const said = new Map<string, string>();
    for (const [file, sha256] of namedFiles(this.manifest)) {
      const before = said.get(file) ?? sha256;
      if (before !== sha256) this.fail(file, "the file is named twice, with a different sha256");
      said.set(file, sha256);
    }
  }

  private tensor(path: string, tensor: Tensor): void {
    const { shards } = this.manifest.weights;
    const sum = tensor.segments.reduce((total, segment) => total + segment.bytes, 0);
    if (sum !== tensor.bytes)
      this.fail(`${path}.segments`, `they do not add up to the tensor's ${tensor.bytes} bytes`);
    tensor.segments.forEach(({ shard, offset, bytes }, index) => {
      const at = `${path}.segments[${index}]`;
      const stored = shards[shard] ?? this.fail(at, `got shard ${shard}, wanted one of ${shards.length}`);
      if (bytes < 1 || offset + bytes > stored.bytes) {
        this.fail(at, `got bytes ${offset}..${offset + bytes}, but ${stored.file} has ${stored.bytes} bytes`);
      }
    });
    const first = tensor.segments[0]?.offset ?? 0;
    if (first % ALIGNMENT_BYTES) {
      this.fail(`${path}.segments[0]`, `got offset ${first}, wanted a multiple of ${ALIGNMENT_BYTES}`);
    }
  }

  private buffer(name: string): void {
    const buffer = this.manifest.buffers.get(name);
    if (buffer?.kind !== "weight") return;
    const tensor = this.manifest.weights.tensors.get(name);
    if (!tensor) this.fail(`buffers.${name}`, "there is no tensor of this name in weights.tensors");
    if (buffer.bytes !== tensor.bytes) {
      this.fail(
        `buffers.${name}.bytes`,
        `got ${JSON.stringify(buffer.bytes)}, wanted the tensor's ${tensor.bytes}`,
      );
    }
  }

  private kernel(path: string, kernel: Kernel): void {
    const { target } = this.manifest;
    const named = target.split("+");
    kernel.variants.forEach((variant, index) => {
      if (!named.includes("all") && !named.includes(variant.target)) {
        this.fail(`${path}.variants`, `got target ${variant.target}, wanted ${target} alone`);
      }
      const threads = variant.workgroup.reduce((product, size) => product * size, 1);
      if (threads !== variant.requires.threads) {
        const got = `got ${variant.requires.threads}, wanted ${threads}`;
        this.fail(
          `${path}.variants[${index}].requires.threads`,
          `${got} for workgroup [${variant.workgroup.join()}]`,
        );
      }
    });
  }

  private program(path: string, program: Program): void {
    for (const [name, [low, high]] of program.symbols) {
      const known = [...this.manifest.symbols.keys()].join(", ");
      const bounds = this.manifest.symbols.get(name);
      const [least, most] = bounds ?? this.fail(`${path}.symbols.${name}`, `wanted one of ${known}`);
      if (!(least <= low && low <= high && high <= most)) {
        this.fail(
          `${path}.symbols.${name}`,
          `got [${low}, ${high}], wanted bounds within [${least}, ${most}]`,
        );
      }
    }
    program.dispatches.forEach((dispatch, index) => this.dispatch(`${path}.dispatches[${index}]`, dispatch));
  }

  private dispatch(path: string, dispatch: Dispatch): void {
    const kernel = this.manifest.kernels.get(dispatch.kernel);
    if (!kernel) this.fail(`${path}.kernel`, `there is no kernel ${dispatch.kernel}`);
    if (kernel.bindings.length !== dispatch.bindings.length) {
      const wanted = `${kernel.bindings.length} for kernel ${dispatch.kernel}`;
      this.fail(`${path}.bindings`, `got ${dispatch.bindings.length} bindings, wanted ${wanted}`);
    }
    const accesses = new Map<string, string>();
    kernel.bindings.forEach((wants, index) => {
      const bound = dispatch.bindings[index];
      if (!bound) return;
      this.range(`${path}.bindings[${index}]`, wants, bound);
      // WebGPU refuses the whole dispatch, even for disjoint ranges.
      if ((accesses.get(bound.buffer) ?? wants.access) !== wants.access) {
        this.fail(`${path}.bindings`, `buffer ${bound.buffer} is bound both to be read and to be written`);
      }
      accesses.set(bound.buffer, wants.access);
    });
  }

  private range(path: string, wants: KernelBinding, bound: BufferRange): void {
    const buffer = this.manifest.buffers.get(bound.buffer);
    if (!buffer) this.fail(`${path}.buffer`, `there is no buffer ${bound.buffer}`);
    if (buffer.kind === "weight" && wants.access !== "read") {
      this.fail(`${path}.buffer`, `${wants.name} is written, but ${bound.buffer} is a weight`);
    }
    if (bound.offset % 4) this.fail(`${path}.offset`, `got ${bound.offset}, wanted a multiple of 4`);
    const sizes = this.sizes(`${path}.bytes`, bound.bytes);
    const rooms = this.sizes(`buffers.${bound.buffer}.bytes`, buffer.bytes);
    const element = ELEMENT_BYTES.get(wants.element);
    sizes.forEach((size, index) => {
      const room = (rooms[index] ?? 0) - bound.offset;
      if (size <= 0 || size > room || size % (element ?? 1)) {
        const wanted = `1..${room} in whole elements of ${wants.element}`;
        this.fail(`${path}.bytes`, `got ${size} at context ${this.contexts[index]}, wanted ${wanted}`);
      }
    });
  }

  private checks(checks: Checks): void {
    for (const [name, check] of checks.kernels) {
      const path = `checks.kernels.${name}`;
      const kernel = this.manifest.kernels.get(name) ?? this.fail(path, "there is no kernel of this name");
      this.checkStep(path, check);
      this.checkRanges(path, check, kernel, checks.bytes);
    }
  }

  private checkStep(path: string, check: KernelCheck): void {
    for (const [name, [low, high]] of this.manifest.symbols) {
      const value = check.symbols.get(name) ?? this.fail(`${path}.symbols.${name}`, "the field is missing");
      if (value < low || value > high)
        this.fail(`${path}.symbols.${name}`, `got ${value}, wanted ${low}..${high}`);
    }
    for (const { name } of this.manifest.params) {
      if (!check.params.has(name)) this.fail(`${path}.params.${name}`, "the field is missing");
    }
  }

  private checkRanges(path: string, check: KernelCheck, kernel: Kernel, fileBytes: number): void {
    const wanted = kernel.bindings.length;
    if (check.inputs.length !== wanted)
      this.fail(`${path}.inputs`, `got ${check.inputs.length}, wanted ${wanted}`);
    const inFile = (at: string, end: number): void => {
      if (end > fileBytes) this.fail(at, `it ends at ${end} of ${fileBytes} bytes`);
    };
    check.inputs.forEach(({ bytes, offset, period }, index) => {
      const element = kernel.bindings[index]?.element ?? "";
      if (bytes % (ELEMENT_BYTES.get(element) ?? 1)) {
        this.fail(`${path}.inputs[${index}].bytes`, `got ${bytes}, wanted whole ${element}`);
      }
      inFile(`${path}.inputs[${index}]`, offset + period);
    });
    check.outputs.forEach(({ binding, at, bytes, offset }, index) => {
      const here = `${path}.outputs[${index}]`;
      if (kernel.bindings[binding]?.access !== "read_write") {
        this.fail(`${here}.binding`, `got ${binding}, wanted one that is written`);
      }
      const room = check.inputs[binding]?.bytes ?? 0;
      if (at + bytes > room) this.fail(here, `it ends at ${at + bytes} of ${room} bytes bound`);
      inFile(here, offset + bytes);
    });
  }
}
