/** The buffers of a loaded artifact in the memory, and its dispatches as addresses. */

import type { Env } from "../artifact/dim.js";
import { KernelcError } from "../artifact/errors.js";
import { STEP_BUFFER, type Manifest, type Variant } from "../artifact/schema.js";
import { onlyOf } from "../gpu/executor.js";
import { resolveGrid, type Grid, type LoadPlan, type ResolvedDispatch } from "../gpu/loadPlan.js";
import { checkCopy } from "../gpu/planChecks.js";
import { makeMemory, type KernelModule } from "./module.js";
import { STACK_BYTES } from "./threads.js";
import type { TableLaunch } from "./table.js";

const ALIGNMENT = 64; // a cache line
const MOST_WORKGROUPS = 2 ** 30;

/** A dispatch ready to run: the number of its function, the addresses of its buffers and of its grid. */
export interface Launch {
  readonly function: number;
  readonly buffers: number;
  readonly gridAt: number;
  readonly grid: Grid;
  readonly origin: string;
}

/** The memory of a load: a stack for each thread, then buffers, then what launches point to. */
export class Layout {
  readonly memory: WebAssembly.Memory;
  readonly stackEnds: readonly number[];
  readonly programs: ReadonlyMap<string, readonly Launch[]>;
  /** The functions of the module that launches count, by name. */
  readonly entries: readonly string[];
  private readonly starts = new Map<string, number>();
  private end: number;

  /** @throws KernelcError "limits" or "out-of-memory" where it does not fit. */
  constructor(
    private readonly manifest: Manifest,
    private readonly plan: LoadPlan,
    private readonly variants: ReadonlyMap<string, Variant>,
    module: KernelModule,
    threads: number,
  ) {
    this.end = roundUp(module.reservedBytes, ALIGNMENT);
    this.stackEnds = Array.from({ length: threads }, () => this.take(STACK_BYTES) + STACK_BYTES);
    for (const [name, bytes] of plan.buffers) this.starts.set(name, this.take(bytes));
    this.entries = [...new Set([...variants.values()].map((variant) => variant.entry))];
    const places = new Map(
      [...plan.programs].map(([name, dispatches]) => [name, dispatches.map((d) => this.place(d))]),
    );
    this.memory = makeMemory(this.end, module.shared, `${manifest.name} with a context of ${plan.context}`);
    this.programs = new Map(
      [...plan.programs].map(([name, dispatches]) => {
        const at = places.get(name) ?? [];
        return [name, dispatches.map((dispatch, index) => this.launch(name, dispatch, at[index] ?? 0))];
      }),
    );
  }

  /** Whether there is a buffer of this name. */
  has(buffer: string): boolean {
    return this.starts.has(buffer);
  }

  /** The bytes of a buffer, or of a range of it. */
  bytes(buffer: string, offset = 0, bytes?: number): Uint8Array {
    const [start, size] = [this.starts.get(buffer), this.plan.buffers.get(buffer)];
    checkCopy({ buffer, offset, bytes: bytes ?? 0 }, size);
    if (start === undefined || size === undefined)
      throw new KernelcError("internal", `buffer ${buffer} is not loaded`);
    return new Uint8Array(this.memory.buffer, start + offset, bytes ?? size - offset);
  }

  private take(bytes: number): number {
    const start = this.end;
    this.end = roundUp(start + bytes, ALIGNMENT);
    return start;
  }

  /** Room for the addresses of a dispatch's buffers and its grid. */
  private place({ ranges }: ResolvedDispatch): number {
    return this.take(4 * (ranges.length + 1 + 3));
  }

  private launch(program: string, dispatch: ResolvedDispatch, at: number): Launch {
    const { manifest, plan, variants } = this;
    const variant = variants.get(dispatch.kernel);
    if (!variant) throw new KernelcError("internal", `a variant of kernel ${dispatch.kernel} is missing`);
    const addresses = dispatch.ranges.map(
      ({ buffer, offset, bytes }) => this.bytes(buffer, offset, bytes).byteOffset,
    );
    addresses.push(this.starts.get(STEP_BUFFER) ?? 0);
    new Uint32Array(this.memory.buffer, at, addresses.length).set(addresses);
    const symbols = new Map([...manifest.symbols, ...(manifest.programs.get(program)?.symbols ?? [])]);
    return {
      function: this.entries.indexOf(variant.entry),
      buffers: at,
      gridAt: at + 4 * addresses.length,
      grid: resolveGrid(variant.grid, symbols, plan.context),
      origin: dispatch.origin,
    };
  }

  /**
   * The launches of some programs for a step, with their grids written where kernels look for them. With
   * `only`, one of each program.
   */
  table(programs: readonly string[], env: Env, threads: number, only?: number): TableLaunch[] {
    const launches = programs.flatMap((name) => onlyOf(this.launches(name), only));
    return launches.map((launch) => this.entry(launch, env, threads));
  }

  /** The dispatches of a program. */
  launches(program: string): readonly Launch[] {
    const found = this.programs.get(program);
    if (!found) throw new KernelcError("internal", `program ${program} is not loaded`);
    return found;
  }

  private entry(
    { function: number, buffers, gridAt, grid, origin }: Launch,
    env: Env,
    threads: number,
  ): TableLaunch {
    const [x, y, z] = typeof grid === "function" ? grid(env) : grid;
    const total = x * y * z;
    if (!(total <= MOST_WORKGROUPS)) {
      throw new KernelcError("bad-artifact", `${origin} has a grid of ${x} x ${y} x ${z} workgroups`);
    }
    new Uint32Array(this.memory.buffer, gridAt, 3).set([x, y, z]);
    return { function: number, buffers, grid: gridAt, total, chunk: chunkOf(total, threads) };
  }
}

/** Workgroups that a thread takes at once: so many that none waits long for another, or for the page. */
export function chunkOf(total: number, threads: number): number {
  return Math.max(1, Math.floor(total / (threads === 1 ? 16 : 8 * threads)));
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
