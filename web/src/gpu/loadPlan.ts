/** Which programs run, on which buffers, with which grids: the manifest resolved for one context length. */

import { compileDim, evaluateDim, freeSymbols, type Bounds, type Dim, type Env } from "../artifact/dim.js";
import { STEP_BUFFER, type Manifest, type Program, type Role, type Triple } from "../artifact/schema.js";
import { checkPlan } from "./planChecks.js";

/** A range of a buffer that a dispatch binds. */
export interface Range {
  readonly buffer: string;
  readonly offset: number;
  readonly bytes: number;
}

/** One kernel launch with the sizes of this context. */
export interface ResolvedDispatch {
  readonly kernel: string;
  readonly origin: string;
  readonly ranges: readonly Range[];
}

/** What the programs of some roles need at one context length. */
export interface LoadPlan {
  readonly context: number;
  /** For each buffer, the exact bytes to allocate. */
  readonly buffers: ReadonlyMap<string, number>;
  readonly programs: ReadonlyMap<string, readonly ResolvedDispatch[]>;
  /** The kernels used, in the order of their first use. */
  readonly kernels: readonly string[];
}

/** Workgroups of a dispatch: known when loading, or computed from the step's symbols. */
export type Grid = Triple<number> | ((env: Env) => Triple<number>);

/**
 * Resolve the programs of `roles` for `context`, with all buffers that they bind, at exact sizes.
 *
 * The step block's buffer is among them where any kernel takes parameters.
 *
 * @throws KernelcError "bad-artifact" where a range is not in its buffer, or the host would reach beyond one.
 */
export function planLoad(manifest: Manifest, context: number, roles: readonly Role[]): LoadPlan {
  const env = { context };
  const programs = new Map<string, readonly ResolvedDispatch[]>();
  for (const [name, program] of manifest.programs) {
    if (roles.includes(program.role)) programs.set(name, resolve(program, env));
  }
  const dispatches = [...programs.values()].flat();
  const kernels = [...new Set(dispatches.map((dispatch) => dispatch.kernel))];
  const used = new Set(dispatches.flatMap((dispatch) => dispatch.ranges.map((range) => range.buffer)));
  if (kernels.some((kernel) => manifest.kernels.get(kernel)?.params)) used.add(STEP_BUFFER);
  const buffers = new Map<string, number>();
  for (const [name, buffer] of manifest.buffers) {
    if (used.has(name)) buffers.set(name, evaluateDim(buffer.bytes, env));
  }
  const plan = { context, buffers, programs, kernels };
  checkPlan(manifest, plan);
  return plan;
}

function resolve(program: Program, env: Env): readonly ResolvedDispatch[] {
  return program.dispatches.map(({ kernel, origin, bindings }) => ({
    kernel,
    origin,
    ranges: bindings.map(({ buffer, offset, bytes }) => ({ buffer, offset, bytes: evaluateDim(bytes, env) })),
  }));
}

/** Bytes of all buffers, or of those of one kind. */
export function plannedBytes(manifest: Manifest, plan: LoadPlan, kind?: "weight" | "state" | "slot"): number {
  let total = 0;
  for (const [name, bytes] of plan.buffers) {
    if (kind === undefined || manifest.buffers.get(name)?.kind === kind) total += bytes;
  }
  return total;
}

/**
 * The grid of a dispatch in a program with these symbol bounds: numbers where they are known when loading.
 */
export function resolveGrid(grid: Triple<Dim>, symbols: ReadonlyMap<string, Bounds>, context: number): Grid {
  const fixed: Record<string, number> = {};
  for (const [name, [low, high]] of symbols) if (low === high) fixed[name] = low;
  fixed["context"] = context;
  const free = grid.flatMap((extent) => [...freeSymbols(extent)]);
  // A Triple has three.
  const [inX, inY, inZ] = grid.map(compileDim) as unknown as Triple<(env: Env) => number>;
  const at = (env: Env): Triple<number> => [inX(env), inY(env), inZ(env)];
  return free.every((name) => name in fixed) ? at(fixed) : at;
}
