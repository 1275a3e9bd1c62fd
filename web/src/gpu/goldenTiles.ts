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
  private readonly made: GPUBuffer[] = [];

  constructor(
    private readonly device: Device,
    private readonly pipelines: Pipelines,
    private readonly manifest: Pick<Manifest, "params">,
    private readonly data: Uint8Array<ArrayBuffer>,
  ) {}

  /** Run them; returns those whose outputs are wrong. @throws KernelcError. */
  async run(runs: readonly GoldenRun[]): Promise<GoldenRun[]> {
    const outputs = await this.outputs(runs);
    return runs.filter(({ check, variant }, number) => {
      const right = check.outputs.map((output, at) => {
        const wanted = this.data.subarray(output.offset, output.offset + output.bytes);
        return matches(outputs[number]?.[at] ?? new Uint8Array(), wanted, heldTo(output, check, variant));
      });
      return right.includes(false);
    });
  }

  /** What each of them leaves in the parts of buffers that its check names. @throws KernelcError. */
  async outputs(runs: readonly GoldenRun[]): Promise<Uint8Array[][]> {
    const bytes = runs.flatMap((run) => run.check.outputs).reduce((sum, output) => sum + output.bytes, 0);
    try {
      const staging = await this.device.scoped("checking the kernels", () => this.submit(runs, bytes));
      await staging.mapAsync(GPUMapMode.READ);
      this.device.check(); // what was refused is no fault of the kernels
      const got = new Uint8Array(staging.getMappedRange()).slice();
      let at = 0;
      return runs.map(({ check }) =>
        check.outputs.map((output) => got.subarray(at, (at += output.bytes))),
      );
    } catch (error) {
      throw await this.device.explain(error, "checking the kernels");
    } finally {
      for (const buffer of this.made) buffer.destroy();
    }
  }

  private submit(runs: readonly GoldenRun[], bytes: number): GPUBuffer {
    const { gpu } = this.device;
    const size = Math.max(4, bytes);
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = gpu.createBuffer({ label: "check", size, usage });
    this.made.push(staging);
    const encoder = gpu.createCommandEncoder();
    let at = 0;
    for (const run of runs) {
      const tile = new GoldenTile(this.device, this.pipelines, this.manifest, this.data, run);
      this.made.push(...tile.buffers);
      const pass = encoder.beginComputePass();
      tile.record(pass);
      pass.end();
      for (const output of run.check.outputs) {
        const source = tile.buffers[output.binding];
        if (source) encoder.copyBufferToBuffer(source, output.at, staging, at, output.bytes);
        at += output.bytes;
      }
    }
    gpu.queue.submit([encoder.finish()]);
    return staging;
  }
}

/** One kernel with the buffers of its tile, whose contents are what the check says. */
export class GoldenTile {
  /** By binding, and last the step block where the kernel binds it. Whoever makes the tile destroys them. */
  readonly buffers: readonly GPUBuffer[];
  private readonly block: ArrayBuffer;
  private readonly group: GPUBindGroup;
  private readonly grid: readonly [number, number, number];

  constructor(
    private readonly device: Device,
    pipelines: Pipelines,
    manifest: Pick<Manifest, "params">,
    private readonly data: Uint8Array<ArrayBuffer>,
    private readonly golden: GoldenRun,
  ) {
    const { kernel, variant, check, compiled } = golden;
    const env = Object.fromEntries(check.symbols);
    this.block = new StepBlock(manifest.params).encode(Object.fromEntries(check.params));
    const bound = check.inputs.map((input) => this.input(input));
    this.buffers = kernel.params && !compiled.immediates ? [...bound, this.step()] : bound;
    const entries = this.buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const layout = pipelines.layout(kernel, compiled.immediates);
    this.group = device.gpu.createBindGroup({ layout, entries });
    const [x, y, z] = variant.grid;
    this.grid = [evaluateDim(x, env), evaluateDim(y, env), evaluateDim(z, env)];
  }

  /** Dispatch the kernel `times` times, one after the other. */
  record(pass: GPUComputePassEncoder, times = 1): void {
    const { pipeline, immediates } = this.golden.compiled;
    if (immediates) pass.setImmediates(0, this.block);
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.group);
    for (let time = 0; time < times; time += 1) pass.dispatchWorkgroups(...this.grid);
  }

  private input({ bytes, offset, period }: CheckInput): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const buffer = this.device.gpu.createBuffer({ label: "check", size: bytes, usage });
    const whole = period ? repeated(this.data.subarray(offset, offset + period), bytes) : null;
    if (whole) this.device.gpu.queue.writeBuffer(buffer, 0, whole);
    return buffer;
  }

  private step(): GPUBuffer {
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    const buffer = this.device.gpu.createBuffer({ label: "check", size: this.block.byteLength, usage });
    this.device.gpu.queue.writeBuffer(buffer, 0, this.block);
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

/** The numbers in an output's bytes. */
export function numbers(
  data: Uint8Array,
  element: Exclude<CheckOutput["element"], "coded1" | "coded2">,
): number[] {
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
