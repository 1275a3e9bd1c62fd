/**
 * Replays programs. Everything is resolved when loading, so that a step is a loop with three calls per
 * dispatch.
 */

import type { Env } from "../artifact/dim.js";
import { KernelcError } from "../artifact/errors.js";
import { STEP_BUFFER, type Manifest, type Role } from "../artifact/schema.js";
import type { AdapterCard } from "./card.js";
import { onlyOf, type Fetch, type LoadedExecutor, type StepFields, type Ticket } from "./executor.js";
import type { Device } from "./device.js";
import { checkCopy } from "./planChecks.js";
import type { Launch, ProgramSet } from "./programSet.js";
import { GpuTicket, StagingPool } from "./readback.js";
import { StepBlock } from "./step.js";

/**
 * About how many floating-point operations one submission may hold: a slow device does them in a fifth of a
 * second. Operating systems reset a device that spends more than two seconds on one submission.
 */
const SUBMISSION_FLOPS = 1e11;

const NOTHING = new ArrayBuffer(0);

/** A loaded artifact's programs, on its device. */
export class GpuExecutor implements LoadedExecutor {
  readonly device: Device;
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  readonly staging: StagingPool;
  private readonly programs: ProgramSet;
  private readonly block: StepBlock;
  private readonly flopsPerRow: number;

  constructor(
    device: Device,
    manifest: Manifest,
    buffers: ReadonlyMap<string, GPUBuffer>,
    programs: ProgramSet,
  ) {
    this.device = device;
    this.buffers = buffers;
    this.programs = programs;
    this.staging = new StagingPool(device);
    this.block = new StepBlock(manifest.params);
    const weights = [...manifest.weights.tensors.values()].filter(
      (tensor) => !tensor.encoding.endsWith("scales"),
    );
    this.flopsPerRow =
      2 * weights.reduce((sum, { shape }) => sum + shape.reduce((size, each) => size * each, 1), 0);
  }

  get lost(): boolean {
    return this.device.lost !== null;
  }

  get card(): AdapterCard {
    return this.device.adapter.card;
  }

  get features(): readonly string[] {
    return [...this.device.adapter.capabilities.features];
  }

  get stagingBytes(): number {
    return this.staging.createdBytes;
  }

  simulateLoss(): void {
    this.device.destroy();
  }

  /** Pipelines compiled so far. */
  get pipelines(): number {
    return this.programs.pipelineCount;
  }

  /** For each kernel, the file of the variant that runs. */
  get variants(): Readonly<Record<string, string>> {
    return this.programs.variants;
  }

  async prepare(roles: readonly Role[]): Promise<void> {
    await Promise.all(roles.map((role) => this.programs.prepare(role)));
  }

  run(
    programs: readonly string[],
    env: Env,
    step: StepFields,
    fetch: readonly Fetch[],
    only?: number,
  ): Ticket {
    const { gpu } = this.device;
    const launches = programs.map((name) => onlyOf(this.programs.launches(name), only));
    const block = this.block.encode(step);
    const stepBuffer = this.programs.step.buffer ? this.buffers.get(STEP_BUFFER) : undefined;
    if (stepBuffer) gpu.queue.writeBuffer(stepBuffer, 0, block);
    const commands = this.encode(launches, env, block);
    const bytes = fetch.reduce((sum, item) => sum + item.bytes, 0);
    const staging = bytes ? this.staging.take(bytes) : null;
    const last = gpu.createCommandEncoder();
    this.encodePass(last, commands, env, block);
    if (staging) this.copyOut(last, fetch, staging);
    gpu.queue.submit([last.finish()]);
    if (!staging) return { result: () => Promise.resolve(NOTHING), discard: () => "runs" };
    return new GpuTicket(this.device, this.staging, staging, bytes);
  }

  /** Submit a long step in parts, except for the last part, which is returned. */
  private encode(programs: readonly (readonly Launch[])[], env: Env, block: ArrayBuffer): readonly Launch[] {
    const all = programs.length === 1 ? (programs[0] ?? []) : programs.flat();
    const parts = Math.ceil(((env["seq"] ?? 1) * this.flopsPerRow) / SUBMISSION_FLOPS);
    if (parts <= 1) return all;
    const size = Math.max(1, Math.ceil(all.length / parts));
    let start = 0;
    for (; start + size < all.length; start += size) {
      const encoder = this.device.gpu.createCommandEncoder();
      this.encodePass(encoder, all.slice(start, start + size), env, block);
      this.device.gpu.queue.submit([encoder.finish()]);
    }
    return all.slice(start);
  }

  /** The innermost loop. A pipeline is set only where it changes. */
  private encodePass(
    encoder: GPUCommandEncoder,
    launches: readonly Launch[],
    env: Env,
    block: ArrayBuffer,
  ): void {
    const pass = encoder.beginComputePass();
    if (this.programs.step.immediates) pass.setImmediates(0, block);
    let last: GPUComputePipeline | null = null;
    for (const { pipeline, group, grid } of launches) {
      if (pipeline !== last) {
        pass.setPipeline(pipeline);
        last = pipeline;
      }
      pass.setBindGroup(0, group);
      const size = typeof grid === "function" ? grid(env) : grid;
      pass.dispatchWorkgroups(size[0], size[1], size[2]);
    }
    pass.end();
  }

  private copyOut(encoder: GPUCommandEncoder, fetch: readonly Fetch[], staging: GPUBuffer): void {
    let at = 0;
    for (const { buffer, offset, bytes } of fetch) {
      const source = this.buffer(buffer);
      checkCopy({ buffer, offset, bytes }, source.size);
      encoder.copyBufferToBuffer(source, offset, staging, at, bytes);
      at += bytes;
    }
  }

  write(buffer: string, offset: number, data: Uint32Array<ArrayBuffer>): void {
    const target = this.buffer(buffer);
    checkCopy({ buffer, offset, bytes: data.byteLength }, target.size);
    this.device.gpu.queue.writeBuffer(target, offset, data);
  }

  dispatchCount(programs: readonly string[]): number {
    return programs.reduce((sum, name) => sum + this.programs.launches(name).length, 0);
  }

  release(): void {
    this.device.destroy();
  }

  private buffer(name: string): GPUBuffer {
    const buffer = this.buffers.get(name);
    if (!buffer) throw new KernelcError("internal", `buffer ${name} is not loaded`);
    return buffer;
  }
}
