/** Runs kernels on their golden tiles and compares the results. */

import { evaluateDim } from "../artifact/dim.js";
import type { CheckInput, CheckOutput, Kernel, KernelCheck, Manifest, Variant } from "../artifact/schema.js";
import { codesMatch } from "./codedRows.js";
import type { Device } from "./device.js";
import type { CompiledKernel, Pipelines } from "./pipelines.js";
import { StepBlock } from "./step.js";

/** One variant of a kernel, to be run on its tile. */
export interface GoldenRun {
  readonly name: string;
  readonly kernel: Kernel;
  readonly variant: Variant;
  readonly check: KernelCheck;
  readonly compiled: CompiledKernel;
}

/** Runs some kernels on their own buffers, with one submission and one readback. */
export class GoldenBatch {
  private readonly gpu: GPUDevice;
  private readonly made: GPUBuffer[] = [];

  constructor(
    private readonly device: Device,
    private readonly pipelines: Pipelines,
    private readonly manifest: Manifest,
    private readonly data: Uint8Array<ArrayBuffer>,
  ) {
    this.gpu = device.gpu;
  }

  async run(runs: readonly GoldenRun[]): Promise<GoldenRun[]> {
    const bytes = runs.flatMap((run) => run.check.outputs).reduce((sum, output) => sum + output.bytes, 0);
    try {
      const staging = await this.device.scoped("checking the kernels", () => this.submit(runs, bytes));
      await staging.mapAsync(GPUMapMode.READ);
      this.device.check(); // what was refused is no fault of the kernels
      const got = new Uint8Array(staging.getMappedRange());
      let at = 0;
      return runs.filter(({ check, variant }) => {
        const right = check.outputs.map((output) => {
          const part = got.subarray(at, at + output.bytes);
          at += output.bytes;
          const wanted = this.data.subarray(output.offset, output.offset + output.bytes);
          return matches(part, wanted, heldTo(output, check, variant));
        });
        return right.includes(false);
      });
    } catch (error) {
      throw await this.device.explain(error, "checking the kernels");
    } finally {
      for (const buffer of this.made) buffer.destroy();
    }
  }

  private submit(runs: readonly GoldenRun[], bytes: number): GPUBuffer {
    const staging = this.buffer(Math.max(4, bytes), GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    const encoder = this.gpu.createCommandEncoder();
    let at = 0;
    for (const run of runs) {
      const bound = this.dispatch(encoder, run);
      for (const output of run.check.outputs) {
        const source = bound[output.binding];
        if (source) encoder.copyBufferToBuffer(source, output.at, staging, at, output.bytes);
        at += output.bytes;
      }
    }
    this.gpu.queue.submit([encoder.finish()]);
    return staging;
  }

  /** Record one kernel; returns its buffers by binding. */
  private dispatch(encoder: GPUCommandEncoder, { kernel, variant, check, compiled }: GoldenRun): GPUBuffer[] {
    const env = Object.fromEntries(check.symbols);
    const bound = check.inputs.map((input) => this.input(input));
    const block = new StepBlock(this.manifest.params).encode(Object.fromEntries(check.params));
    const { pipeline, immediates } = compiled;
    const buffers = kernel.params && !immediates ? [...bound, this.step(block)] : bound;
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const pass = encoder.beginComputePass();
    if (immediates) pass.setImmediates(0, block);
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      this.gpu.createBindGroup({ layout: this.pipelines.layout(kernel, immediates), entries }),
    );
    const [x, y, z] = variant.grid;
    pass.dispatchWorkgroups(evaluateDim(x, env), evaluateDim(y, env), evaluateDim(z, env));
    pass.end();
    return bound;
  }

  private input({ bytes, offset, period }: CheckInput): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const buffer = this.buffer(bytes, usage);
    if (period)
      this.gpu.queue.writeBuffer(buffer, 0, repeated(this.data.subarray(offset, offset + period), bytes));
    return buffer;
  }

  private step(block: ArrayBuffer): GPUBuffer {
    const buffer = this.buffer(block.byteLength, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    this.gpu.queue.writeBuffer(buffer, 0, block);
    return buffer;
  }

  private buffer(size: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.gpu.createBuffer({ label: "check", size, usage });
    this.made.push(buffer);
    return buffer;
  }
}

/** The output with the tolerance for this variant: f16 on matrix units is less exact. */
export function heldTo(output: CheckOutput, { tile_tolerance }: KernelCheck, variant: Variant): CheckOutput {
  if (!tile_tolerance || !variant.requires.features.some((name) => name.startsWith("tile_f16")))
    return output;
  const [relative, absolute] = tile_tolerance;
  return { ...output, relative, absolute };
}

/** `piece` repeated until it fills `bytes`; the last repetition may be cut. */
function repeated(piece: Uint8Array<ArrayBuffer>, bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  whole.set(piece.subarray(0, bytes));
  for (let have = Math.min(piece.length, bytes); have < bytes; have *= 2)
    whole.copyWithin(have, 0, bytes - have);
  return whole;
}

/** Whether every number is within `absolute` + `relative` * |wanted|. Integers must be equal. */
export function matches(got: Uint8Array, wanted: Uint8Array, output: CheckOutput): boolean {
  const { element, relative, absolute } = output;
  if (element === "coded1" || element === "coded2") return codesMatch(got, wanted, output);
  const [a, b] = [numbers(got, element), numbers(wanted, element)];
  return b.every((value, index) => {
    const found = a[index] ?? NaN;
    if (found === value || (Number.isNaN(found) && Number.isNaN(value))) return true;
    return Number.isFinite(value) && Math.abs(found - value) <= absolute + relative * Math.abs(value);
  });
}

function numbers(data: Uint8Array, element: Exclude<CheckOutput["element"], "coded1" | "coded2">): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = data.byteLength / (element === "f16pair" ? 2 : 4);
  return Array.from({ length: count }, (_, index) => {
    if (element === "f32") return view.getFloat32(4 * index, true);
    if (element === "u32") return view.getUint32(4 * index, true);
    return f16(view.getUint16(2 * index, true));
  });
}

/** The value of an IEEE 754 binary16. */
export function f16(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -14 * (fraction / 1024);
}
