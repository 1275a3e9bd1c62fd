/** Programs that are made ready role by role: kernels compiled, dispatches bound to their buffers. */

import { KernelcError } from "../artifact/errors.js";
import { STEP_BUFFER, type Kernel, type Manifest, type Role, type Variant } from "../artifact/schema.js";
import type { Device } from "./device.js";
import { resolveGrid, type Grid, type LoadPlan, type ResolvedDispatch } from "./loadPlan.js";
import type { CompiledKernel, Pipelines } from "./pipelines.js";

/** A dispatch ready to be recorded. */
export interface Launch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: Grid;
}

/** What is needed to make programs ready. */
export interface ProgramParts {
  readonly device: Device;
  readonly manifest: Manifest;
  readonly plan: LoadPlan;
  readonly variants: ReadonlyMap<string, Variant>;
  readonly pipelines: Pipelines;
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  compile(kernel: string, variant: Variant): Promise<CompiledKernel>;
}

/**
 * The programs of an artifact. A role is made ready when first needed, or before; answers do not wait for
 * all.
 */
export class ProgramSet {
  private readonly parts: ProgramParts;
  private readonly ready = new Map<Role, Promise<void>>();
  private readonly programs = new Map<string, readonly Launch[]>();
  /** Where the kernels that are ready so far take the step block from. */
  readonly step = { immediates: false, buffer: false };

  constructor(parts: ProgramParts) {
    this.parts = parts;
  }

  /** Pipelines compiled, or being compiled. */
  get pipelineCount(): number {
    return this.parts.pipelines.count;
  }

  /** For each kernel, the file of the variant that runs. */
  get variants(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.parts.variants].map(([kernel, { file }]) => [kernel, file]));
  }

  /** Make all programs of a role ready. @throws KernelcError naming the kernel that cannot be compiled. */
  prepare(role: Role): Promise<void> {
    let ready = this.ready.get(role);
    if (!ready) {
      ready = this.make(role);
      ready.catch(() => this.ready.delete(role)); // the caller gets the error; the next attempt may succeed
      this.ready.set(role, ready);
    }
    return ready;
  }

  /** The dispatches of a program whose role is ready. */
  launches(program: string): readonly Launch[] {
    const launches = this.programs.get(program);
    if (!launches) throw new KernelcError("internal", `program ${program} is not ready`);
    return launches;
  }

  private async make(role: Role): Promise<void> {
    const { device, manifest, plan } = this.parts;
    const names = [...plan.programs.keys()].filter((name) => manifest.programs.get(name)?.role === role);
    const kernels = kernelsOf(plan, names);
    const compiled = new Map(
      await Promise.all(kernels.map(async (name) => [name, await this.pipeline(name)] as const)),
    );
    await device.scoped(`binding the buffers of ${role}`, () => {
      for (const name of names) this.programs.set(name, this.bindProgram(name, compiled));
    });
  }

  private pipeline(kernel: string): Promise<CompiledKernel> {
    return this.parts.compile(
      kernel,
      found(this.parts.variants.get(kernel), `a variant of kernel ${kernel}`),
    );
  }

  private bindProgram(name: string, compiled: ReadonlyMap<string, CompiledKernel>): readonly Launch[] {
    const { manifest, plan, variants } = this.parts;
    const symbols = new Map([...manifest.symbols, ...(manifest.programs.get(name)?.symbols ?? [])]);
    return (plan.programs.get(name) ?? []).map((dispatch): Launch => {
      const variant = found(variants.get(dispatch.kernel), `a variant of kernel ${dispatch.kernel}`);
      const { pipeline, immediates } = found(compiled.get(dispatch.kernel), `kernel ${dispatch.kernel}`);
      return {
        pipeline,
        group: this.bind(dispatch, immediates),
        grid: resolveGrid(variant.grid, symbols, plan.context),
      };
    });
  }

  private bind(dispatch: ResolvedDispatch, immediates: boolean): GPUBindGroup {
    const { device, manifest, pipelines } = this.parts;
    const kernel: Kernel = found(manifest.kernels.get(dispatch.kernel), `kernel ${dispatch.kernel}`);
    const resources = dispatch.ranges.map(({ buffer, offset, bytes }) =>
      this.resource(buffer, offset, bytes),
    );
    if (kernel.params) this.step[immediates ? "immediates" : "buffer"] = true;
    if (kernel.params && !immediates)
      resources.push(this.resource(STEP_BUFFER, 0, 4 * manifest.params.length));
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    return device.gpu.createBindGroup({
      label: dispatch.origin,
      layout: pipelines.layout(kernel, immediates),
      entries,
    });
  }

  private resource(name: string, offset: number, size: number): GPUBufferBinding {
    return { buffer: found(this.parts.buffers.get(name), `buffer ${name}`), offset, size };
  }
}

/** The kernels of some programs, in the order of their first use. */
export function kernelsOf(plan: LoadPlan, programs: readonly string[]): string[] {
  const dispatches = programs.flatMap((name) => plan.programs.get(name) ?? []);
  return [...new Set(dispatches.map((dispatch) => dispatch.kernel))];
}

function found<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new KernelcError("internal", `${what} is missing`);
}
