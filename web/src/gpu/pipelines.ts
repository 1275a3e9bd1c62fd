/** Compiles kernels, all at once; errors name the kernel and show its source line. */

import { KernelcError } from "../artifact/errors.js";
import type { Access, Kernel, Variant } from "../artifact/schema.js";
import type { Device } from "./device.js";
import { withImmediates } from "./immediates.js";

const EXCERPT_LINES = 3;

/** A kernel variant with its text. */
export interface KernelSource {
  readonly name: string;
  readonly kernel: Kernel;
  readonly variant: Variant;
  readonly text: string;
}

/**
 * A compiled kernel. With `immediates` it takes the step block from the commands and binds no buffer for it.
 */
export interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  readonly immediates: boolean;
}

/**
 * The pipelines of one device. Each file is compiled once, and kernels with the same text share a pipeline.
 */
export class Pipelines {
  private readonly device: Device;
  private readonly immediateSize: number;
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private readonly compiled = new Map<string, Promise<CompiledKernel>>();

  /** @param immediateSize - bytes of the step block where it is passed as immediates, else 0. */
  constructor(device: Device, immediateSize = 0) {
    this.device = device;
    this.immediateSize = immediateSize;
  }

  /** How many pipelines there are. */
  get count(): number {
    return this.compiled.size;
  }

  /**
   * The bind group layout of a kernel: explicit, so that one bind group serves kernels with the same
   * bindings.
   */
  layout(kernel: Kernel, immediates: boolean): GPUBindGroupLayout {
    const types = kernel.bindings.map((binding) => bindingType(binding.access));
    if (kernel.params && !immediates) types.push("uniform");
    const key = types.join();
    const known = this.layouts.get(key);
    if (known) return known;
    const entries = types.map((type, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type },
    }));
    const layout = this.device.gpu.createBindGroupLayout({ label: key, entries });
    this.layouts.set(key, layout);
    return layout;
  }

  /** The pipeline of a kernel. @throws KernelcError naming the kernel, with the source around the error. */
  compile(source: KernelSource): Promise<CompiledKernel> {
    const { file } = source.variant;
    let pipeline = this.compiled.get(file);
    if (!pipeline) {
      pipeline = this.start(source);
      pipeline.catch(() => this.compiled.delete(file));
      this.compiled.set(file, pipeline);
    }
    return pipeline;
  }

  private async start(source: KernelSource): Promise<CompiledKernel> {
    const { gpu } = this.device;
    const { name, kernel, text, variant } = source;
    const inCommands = this.immediateSize && kernel.params ? withImmediates(text) : null;
    const immediates = inCommands !== null;
    gpu.pushErrorScope("validation");
    const module = gpu.createShaderModule({ label: name, code: inCommands ?? text });
    const refused = gpu.popErrorScope().catch(() => null);
    const bindGroupLayouts = [this.layout(kernel, immediates)];
    const immediateSize = immediates ? { immediateSize: this.immediateSize } : {};
    const layout = gpu.createPipelineLayout({ bindGroupLayouts, ...immediateSize });
    const compute = { module, entryPoint: variant.entry };
    try {
      const pipeline = await gpu.createComputePipelineAsync({ label: name, layout, compute });
      await refused;
      return { pipeline, immediates };
    } catch (error) {
      if (this.device.lost) throw await this.device.explain(error, `compiling ${name}`);
      throw refusal(source, await module.getCompilationInfo(), error);
    }
  }
}

function bindingType(access: Access): GPUBufferBindingType {
  return access === "read" ? "read-only-storage" : "storage";
}

/** The error for a kernel that does not compile. */
function refusal(
  { name, text, variant }: KernelSource,
  info: GPUCompilationInfo,
  error: unknown,
): KernelcError {
  const found = info.messages.find((message) => message.type === "error");
  const why = found?.message ?? (error instanceof Error ? error.message : String(error));
  const where = found?.lineNum ? ` line ${found.lineNum}, column ${found.linePos}` : "";
  const shown = found?.lineNum ? `\n${excerpt(text, found.lineNum)}` : "";
  const message = `kernel ${name} (${variant.file}${where}): the browser refuses it: ${why}${shown}`;
  const help = "this is a bug of kernelc, the browser or the driver; please report it with this message";
  return new KernelcError("internal", message, { help, cause: error });
}

/** The lines around `line` (from 1), with their numbers. */
export function excerpt(text: string, line: number): string {
  const lines = text.split("\n");
  const first = Math.max(1, line - EXCERPT_LINES);
  return lines
    .slice(first - 1, line + EXCERPT_LINES)
    .map(
      (content, index) =>
        `${first + index === line ? ">" : " "} ${String(first + index).padStart(4)} | ${content}`,
    )
    .join("\n");
}
