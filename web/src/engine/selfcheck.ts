/**
 * Golden tiles: every kernel runs on this device once, on known inputs, before the first answer. A variant that
 * computes something else is dropped for the next one; where none is left, the device is refused by name.
 */

import { evaluateDim } from "../artifact/dim.js";
import { KernelcError } from "../artifact/errors.js";
import type { CheckInput, CheckOutput, Kernel, KernelCheck, Manifest, Variant } from "../artifact/schema.js";
import type { Device } from "../gpu/device.js";
import type { Choices } from "../gpu/limits.js";
import type { ArtifactSource, LoadEvents } from "../gpu/load.js";
import type { Pipelines } from "../gpu/pipelines.js";
import { StepBlock } from "../gpu/step.js";

/** Device memory that checks may take at once. */
const BATCH_BYTES = 256 * 2 ** 20;

/** Remembers which variants of an artifact passed on an adapter. */
export interface CheckRecords {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
}

export interface CheckJob {
  readonly device: Device;
  readonly source: ArtifactSource;
  readonly choices: Choices;
  readonly records: CheckRecords;
  readonly events: LoadEvents;
  readonly pipelines: Pipelines;
  compile(name: string, variant: Variant): Promise<GPUComputePipeline>;
}

/** The variants that were found to work here before; null where that is not known. */
export async function knownVariants(job: CheckJob): Promise<Map<string, Variant> | null> {
  const failed = filesOf(await job.records.get(recordKey(job)));
  return failed && chosen(job, failed);
}

/**
 * The first variant of each kernel that passes its golden tile (or has none).
 *
 * @throws KernelcError "self-check" naming the kernel and the adapter where every variant fails.
 */
export async function checkedVariants(job: CheckJob): Promise<Map<string, Variant>> {
  const failed = await runChecks(job);
  const variants = chosen(job, failed);
  await job.records.put(recordKey(job), { failed });
  return variants;
}

function chosen(job: CheckJob, failed: readonly string[]): Map<string, Variant> {
  const variants = new Map<string, Variant>();
  for (const [name, choices] of job.choices) {
    const good = choices.find((variant) => !failed.includes(variant.file));
    if (!good) throw refusal(job.device, name);
    if (good !== choices[0]) tellDropped(job, name, choices[0]);
    variants.set(name, good);
  }
  return variants;
}

/** An adapter's name changes with its driver in most browsers; where it does not, the artifact's own id remains. */
function recordKey({ device, source, choices }: CheckJob): string {
  const { name, languageFeatures, limits } = device.adapter.card;
  const files = [...choices.values()].map(([variant]) => variant?.file);
  return JSON.stringify([source.id, name, navigator.userAgent, languageFeatures, limits, files]);
}

/** The failed files of a record, null where there is none that can be read. */
function filesOf(record: unknown): string[] | null {
  const failed = (record as { failed?: unknown } | null | undefined)?.failed;
  return Array.isArray(failed) && failed.every((file) => typeof file === "string") ? failed : null;
}

function tellDropped({ events, device }: CheckJob, name: string, dropped: Variant | undefined): void {
  const what = `kernel ${name} (${dropped?.file}) computes something else than it should on ${device.adapter.card.name}`;
  events.onNotice?.({ code: "variant-dropped", message: `${what}; another variant of it is used.` });
}

function refusal(device: Device, kernel: string): KernelcError {
  const { name } = device.adapter.card;
  const message = `kernel ${kernel} computes something else than it should on ${name}, in every variant`;
  const help = "update the graphics driver or the browser, or use another device: answers would be nonsense here";
  return new KernelcError("self-check", message, { help });
}

/** Run the golden tiles; returns the files of variants that failed. Variants behind one that passes do not run. */
async function runChecks(job: CheckJob): Promise<string[]> {
  const { manifest } = job.source;
  const { checks } = manifest;
  if (!checks) return [];
  const data = await job.source.file(checks.file, checks);
  const failed: string[] = [];
  let waiting = [...job.choices.keys()].filter((name) => checks.kernels.has(name));
  const total = waiting.length;
  for (let rank = 0; waiting.length; rank += 1) {
    const runs: Run[] = [];
    for (const name of waiting) {
      const [kernel, variant] = [manifest.kernels.get(name), job.choices.get(name)?.[rank]];
      const check = checks.kernels.get(name);
      if (!kernel || !check) continue;
      if (!variant) throw refusal(job.device, name);
      runs.push({ name, kernel, variant, check, pipeline: await job.compile(name, variant) });
    }
    const wrong = await runAll(job, runs, data);
    failed.push(...wrong.map((run) => run.variant.file));
    waiting = wrong.map((run) => run.name);
    job.events.onCheck?.(total - waiting.length, total);
  }
  return failed;
}

interface Run {
  readonly name: string;
  readonly kernel: Kernel;
  readonly variant: Variant;
  readonly check: KernelCheck;
  readonly pipeline: GPUComputePipeline;
}

/** Run in batches that fit a bounded amount of memory; returns those whose outputs are wrong. */
async function runAll(job: CheckJob, runs: readonly Run[], data: Uint8Array<ArrayBuffer>): Promise<Run[]> {
  const wrong: Run[] = [];
  let [batch, bytes]: [Run[], number] = [[], 0];
  const flush = async (): Promise<void> => {
    if (batch.length) wrong.push(...(await new Batch(job, data).run(batch)));
    [batch, bytes] = [[], 0];
  };
  for (const run of runs) {
    const size = run.check.inputs.reduce((sum, input) => sum + input.bytes, 0);
    if (bytes + size > BATCH_BYTES) await flush();
    batch.push(run);
    bytes += size;
  }
  await flush();
  return wrong;
}

/** Some kernels on buffers of their own, one submission, one readback. */
class Batch {
  private readonly gpu: GPUDevice;
  private readonly manifest: Manifest;
  private readonly made: GPUBuffer[] = [];

  constructor(
    private readonly job: CheckJob,
    private readonly data: Uint8Array<ArrayBuffer>,
  ) {
    this.gpu = job.device.gpu;
    this.manifest = job.source.manifest;
  }

  async run(runs: readonly Run[]): Promise<Run[]> {
    const bytes = runs.flatMap((run) => run.check.outputs).reduce((sum, output) => sum + output.bytes, 0);
    try {
      const staging = await this.job.device.scoped("checking the kernels", () => this.submit(runs, bytes));
      await staging.mapAsync(GPUMapMode.READ);
      const got = new Uint8Array(staging.getMappedRange());
      let at = 0;
      return runs.filter(({ check }) => {
        const right = check.outputs.map((output) => {
          const part = got.subarray(at, at + output.bytes);
          at += output.bytes;
          return matches(part, this.data.subarray(output.offset, output.offset + output.bytes), output);
        });
        return right.includes(false);
      });
    } catch (error) {
      throw await this.job.device.explain(error, "checking the kernels");
    } finally {
      for (const buffer of this.made) buffer.destroy();
    }
  }

  private submit(runs: readonly Run[], bytes: number): GPUBuffer {
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
  private dispatch(encoder: GPUCommandEncoder, { kernel, variant, check, pipeline }: Run): GPUBuffer[] {
    const env = Object.fromEntries(check.symbols);
    const bound = check.inputs.map((input) => this.input(input));
    const buffers = kernel.params ? [...bound, this.step(check)] : bound;
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.gpu.createBindGroup({ layout: this.job.pipelines.layout(kernel), entries }));
    const [x, y, z] = variant.grid;
    pass.dispatchWorkgroups(evaluateDim(x, env), evaluateDim(y, env), evaluateDim(z, env));
    pass.end();
    return bound;
  }

  private input({ bytes, offset, period }: CheckInput): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const buffer = this.buffer(bytes, usage);
    if (period) this.gpu.queue.writeBuffer(buffer, 0, repeated(this.data.subarray(offset, offset + period), bytes));
    return buffer;
  }

  private step(check: KernelCheck): GPUBuffer {
    const block = new StepBlock(this.manifest.params).encode(Object.fromEntries(check.params));
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

/** `bytes` made of `piece` again and again, the last perhaps cut. */
function repeated(piece: Uint8Array<ArrayBuffer>, bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  whole.set(piece.subarray(0, bytes));
  for (let have = Math.min(piece.length, bytes); have < bytes; have *= 2) whole.copyWithin(have, 0, bytes - have);
  return whole;
}

/** Whether every number is within `absolute` + `relative` * |wanted|; a u32 must be the same. */
export function matches(got: Uint8Array, wanted: Uint8Array, output: CheckOutput): boolean {
  const { element, relative, absolute } = output;
  const [a, b] = [numbers(got, element), numbers(wanted, element)];
  return b.every((value, index) => {
    const found = a[index] ?? NaN;
    if (found === value || (Number.isNaN(found) && Number.isNaN(value))) return true;
    return Math.abs(found - value) <= absolute + relative * Math.abs(value);
  });
}

function numbers(data: Uint8Array, element: CheckOutput["element"]): number[] {
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
