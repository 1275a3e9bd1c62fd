/** Runs kernels of a module on their golden tiles, before the first answer: see `gpu/selfcheck.ts`. */

import { evaluateDim } from "../artifact/dim.js";
import type { KernelCheck, Manifest, Variant } from "../artifact/schema.js";
import { matches } from "../gpu/goldenTiles.js";
import { StepBlock } from "../gpu/step.js";
import { instantiate, makeMemory, type KernelFunction, type KernelModule } from "./module.js";
import { nextTask } from "./nextTask.js";
import { STACK_BYTES } from "./threads.js";

const ALIGNMENT = 64;
/** Kernels that are timed, and for how long each, so that the browser has time to compile it well. */
const [TIMED_KERNELS, TIMED_MS] = [3, 60];

interface Tile {
  readonly name: string;
  readonly check: KernelCheck;
  readonly variant: Variant;
  readonly run: KernelFunction;
}

/** The golden tiles of a module's kernels, in a memory of their own, which each of them gets anew. */
export class Tiles {
  private constructor(
    private readonly manifest: Manifest,
    private readonly tiles: readonly Tile[],
    private readonly memory: WebAssembly.Memory,
    private readonly start: number,
    private readonly data: Uint8Array<ArrayBuffer>,
  ) {}

  /**
   * @param data - the bytes of the file of golden tiles.
   *
   * @throws KernelcError "out-of-memory", "bad-artifact".
   */
  static async open(
    manifest: Manifest,
    module: KernelModule,
    variants: ReadonlyMap<string, Variant>,
    data: Uint8Array<ArrayBuffer>,
  ): Promise<Tiles> {
    const checks = manifest.checks?.kernels ?? new Map<string, KernelCheck>();
    const named = [...variants].flatMap(([name, variant]) => {
      const check = checks.get(name);
      return check ? [{ name, check, variant }] : [];
    });
    const start = roundUp(module.reservedBytes) + STACK_BYTES;
    const most = Math.max(0, ...named.map(({ check }) => tileBytes(check, manifest)));
    const memory = makeMemory(start + most, module.shared, "checking the kernels");
    const functions = await instantiate(module, memory, start, named.map(({ variant }) => variant.entry));
    const tiles = named.map((each, index) => ({ ...each, run: functions[index] as KernelFunction }));
    return new Tiles(manifest, tiles, memory, start, data);
  }

  /** Names of the kernels that compute something else than they should. */
  async wrong(onCheck?: (done: number, total: number) => void): Promise<string[]> {
    const found: string[] = [];
    for (const [index, tile] of this.tiles.entries()) {
      if (!this.passes(tile)) found.push(tile.name);
      onCheck?.(index + 1, this.tiles.length);
      await nextTask();
    }
    return found;
  }

  /** About how long the largest kernels of decoding take together in a step. */
  async milliseconds(): Promise<number> {
    const dispatches =
      [...this.manifest.programs.values()].find(({ role }) => role === "decode")?.dispatches ?? [];
    const weighed = this.tiles.map((tile) => {
      const times = dispatches.filter(({ kernel }) => kernel === tile.name).length;
      return { tile, times, bytes: times * tile.check.inputs.reduce((sum, { bytes }) => sum + bytes, 0) };
    });
    const largest = weighed.sort((a, b) => b.bytes - a.bytes).slice(0, TIMED_KERNELS);
    let sum = 0;
    for (const { tile, times } of largest) sum += times * (await this.timed(tile));
    return sum;
  }

  private async timed(tile: Tile): Promise<number> {
    const call = this.prepared(tile).call;
    const until = performance.now() + TIMED_MS;
    let best = Infinity;
    do {
      const began = performance.now();
      call();
      best = Math.min(best, performance.now() - began);
      await nextTask();
    } while (performance.now() < until);
    return best;
  }

  private passes(tile: Tile): boolean {
    const { bound, call } = this.prepared(tile);
    call();
    return tile.check.outputs.every((output) => {
      const got = new Uint8Array(
        this.memory.buffer,
        (bound[output.binding] ?? 0) + output.at,
        output.bytes,
      ).slice();
      return matches(got, this.data.subarray(output.offset, output.offset + output.bytes), output);
    });
  }

  /** Writes what a kernel reads; returns the addresses of its buffers, and what runs it. */
  private prepared({ check, variant, run }: Tile): { readonly bound: readonly number[]; call(): void } {
    const bound = this.fill(check);
    const at = roundUp(this.start + check.inputs.reduce((sum, input) => sum + roundUp(input.bytes), 0));
    const block = new Uint8Array(
      new StepBlock(this.manifest.params).encode(Object.fromEntries(check.params)),
    );
    const env = Object.fromEntries(check.symbols);
    const grid = variant.grid.map((extent) => evaluateDim(extent, env));
    const words = new Uint32Array(this.memory.buffer, at, bound.length + 4);
    const stepAt = at + 4 * words.length;
    words.set([...bound, stepAt, ...grid]);
    new Uint8Array(this.memory.buffer, stepAt, block.length).set(block);
    const total = grid.reduce((product, extent) => product * extent, 1);
    return { bound, call: () => run(at, at + 4 * (bound.length + 1), 0, total) };
  }

  /** Write the inputs one after the other; returns their addresses. */
  private fill({ inputs }: KernelCheck): number[] {
    let at = this.start;
    return inputs.map(({ bytes, offset, period }) => {
      const start = at;
      const part = new Uint8Array(this.memory.buffer, start, bytes);
      if (period) repeat(part, this.data.subarray(offset, offset + period));
      else part.fill(0);
      at += roundUp(bytes);
      return start;
    });
  }
}

/** Memory that a tile takes. */
function tileBytes({ inputs }: KernelCheck, { params }: Manifest): number {
  const pointers = 4 * (inputs.length + 4) + 4 * params.length;
  return inputs.reduce((sum, input) => sum + roundUp(input.bytes), 2 * ALIGNMENT + roundUp(pointers));
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
