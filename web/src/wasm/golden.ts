/** Runs kernels of a module on their golden tiles, before the first answer: see `gpu/selfcheck.ts`. */

import { evaluateDim } from "../artifact/dim.js";
import { KernelcError } from "../artifact/errors.js";
import type { KernelCheck, Manifest, Variant } from "../artifact/schema.js";
import { matches } from "../gpu/goldenTiles.js";
import { StepBlock } from "../gpu/step.js";
import { instantiate, makeMemory, type KernelFunction, type KernelModule } from "./module.js";
import { nextTask } from "./nextTask.js";
import { STACK_BYTES } from "./threads.js";

const ALIGNMENT = 64;

/** Names of the kernels that compute something else than they should, among those with a check. */
export async function wrongKernels(
  manifest: Manifest,
  module: KernelModule,
  variants: ReadonlyMap<string, Variant>,
  data: Uint8Array<ArrayBuffer>,
  onCheck?: (done: number, total: number) => void,
): Promise<string[]> {
  const checks = [...(manifest.checks?.kernels ?? [])].filter(([name]) => variants.has(name));
  const tiles = new Tiles(manifest, module, data);
  const most = Math.max(0, ...checks.map(([, check]) => tiles.bytes(check)));
  await tiles.open(most, [...variants.values()].map((variant) => variant.entry));
  const wrong: string[] = [];
  for (const [index, [name, check]] of checks.entries()) {
    const variant = variants.get(name);
    if (variant && !tiles.passes(check, variant)) wrong.push(name);
    onCheck?.(index + 1, checks.length);
    await nextTask();
  }
  return wrong;
}

/** A memory of its own, which every tile gets anew. */
class Tiles {
  private memory: WebAssembly.Memory | null = null;
  private readonly functions = new Map<string, KernelFunction>();
  private readonly start: number;

  constructor(
    private readonly manifest: Manifest,
    private readonly module: KernelModule,
    private readonly data: Uint8Array<ArrayBuffer>,
  ) {
    this.start = roundUp(module.reservedBytes) + STACK_BYTES;
  }

  /** Memory that a tile takes. */
  bytes({ inputs }: KernelCheck): number {
    const pointers = 4 * (inputs.length + 4) + 4 * this.manifest.params.length;
    return inputs.reduce((sum, input) => sum + roundUp(input.bytes), 2 * ALIGNMENT + roundUp(pointers));
  }

  async open(bytes: number, entries: readonly string[]): Promise<void> {
    this.memory = makeMemory(this.start + bytes, this.module.shared, "checking the kernels");
    const names = [...new Set(entries)];
    const found = await instantiate(this.module, this.memory, this.start, names);
    names.forEach((name, index) => this.functions.set(name, found[index] as KernelFunction));
  }

  passes(check: KernelCheck, variant: Variant): boolean {
    const bound = this.fill(check);
    const at = roundUp(this.start + check.inputs.reduce((sum, input) => sum + roundUp(input.bytes), 0));
    const block = new Uint8Array(new StepBlock(this.manifest.params).encode(Object.fromEntries(check.params)));
    const env = Object.fromEntries(check.symbols);
    const grid = variant.grid.map((extent) => evaluateDim(extent, env));
    const words = new Uint32Array(this.buffer, at, bound.length + 4);
    const stepAt = at + 4 * words.length;
    words.set([...bound, stepAt, ...grid]);
    new Uint8Array(this.buffer, stepAt, block.length).set(block);
    const total = grid.reduce((product, extent) => product * extent, 1);
    this.functions.get(variant.entry)?.(at, at + 4 * (bound.length + 1), 0, total);
    return check.outputs.every((output) => {
      const got = new Uint8Array(this.buffer, (bound[output.binding] ?? 0) + output.at, output.bytes).slice();
      return matches(got, this.data.subarray(output.offset, output.offset + output.bytes), output);
    });
  }

  /** Write the inputs one after the other; returns their addresses. */
  private fill({ inputs }: KernelCheck): number[] {
    let at = this.start;
    return inputs.map(({ bytes, offset, period }) => {
      const start = at;
      const part = new Uint8Array(this.buffer, start, bytes);
      if (period) repeat(part, this.data.subarray(offset, offset + period));
      else part.fill(0);
      at += roundUp(bytes);
      return start;
    });
  }

  private get buffer(): ArrayBufferLike {
    if (this.memory) return this.memory.buffer;
    throw new KernelcError("internal", "the memory for golden tiles is not there");
  }
}

/** Fill `whole` with repetitions of `piece`; the last may be cut. */
function repeat(whole: Uint8Array, piece: Uint8Array): void {
  whole.set(piece.subarray(0, whole.length));
  for (let have = Math.min(piece.length, whole.length); have < whole.length; have *= 2) {
    whole.copyWithin(have, 0, whole.length - have);
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
