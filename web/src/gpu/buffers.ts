/** The buffers of a loaded artifact, and how the weights get into them. */

import { STEP_BUFFER, type Manifest } from "../artifact/schema.js";
import type { Device } from "./device.js";
import type { LoadPlan } from "./loadPlan.js";

/** Allocate every buffer of the plan, zero-filled. @throws KernelcError "out-of-memory" naming the buffer. */
export async function allocate(device: Device, plan: LoadPlan): Promise<Map<string, GPUBuffer>> {
  const made = new Map<string, GPUBuffer>();
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const results = [...plan.buffers].map(([label, size]) =>
    device.scoped(`allocating ${size.toLocaleString("en")} bytes for buffer ${label}`, () => {
      const extra = label === STEP_BUFFER ? GPUBufferUsage.UNIFORM : 0;
      made.set(label, device.gpu.createBuffer({ label, size: roundUp(size, 4), usage: usage | extra }));
    }),
  );
  const failed = (await Promise.allSettled(results)).find((result) => result.status === "rejected");
  if (!failed) return made;
  for (const buffer of made.values()) buffer.destroy();
  throw failed.reason;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** A range of a shard that is copied into a buffer. */
export interface Placement {
  readonly buffer: string;
  readonly bufferOffset: number;
  readonly shardOffset: number;
  readonly bytes: number;
}

/** For each shard, where its bytes go. Tensors without a buffer in the plan are left out. */
export function placements(manifest: Manifest, plan: LoadPlan): Placement[][] {
  const byShard: Placement[][] = manifest.weights.shards.map(() => []);
  for (const [buffer, tensor] of manifest.weights.tensors) {
    if (!plan.buffers.has(buffer)) continue;
    let bufferOffset = 0;
    for (const { shard, offset, bytes } of tensor.segments) {
      byShard[shard]?.push({ buffer, bufferOffset, shardOffset: offset, bytes });
      bufferOffset += bytes;
    }
  }
  return byShard;
}

/**
 * Writes shards into buffers as they arrive, in order. WebGPU writes whole 4-byte words only, so where a word
 * is cut by the end of a shard, its first bytes wait for the next shard.
 */
export class WeightWriter {
  private readonly write: (buffer: string, offset: number, data: Uint8Array<ArrayBuffer>) => void;
  private readonly byShard: readonly (readonly Placement[])[];
  private readonly cut = new Map<string, Uint8Array<ArrayBuffer>>();

  constructor(
    write: (buffer: string, offset: number, data: Uint8Array<ArrayBuffer>) => void,
    byShard: readonly (readonly Placement[])[],
  ) {
    this.write = write;
    this.byShard = byShard;
  }

  /** Write everything that shard number `index` holds. */
  put(index: number, data: Uint8Array<ArrayBuffer>): void {
    for (const { buffer, bufferOffset, shardOffset, bytes } of this.byShard[index] ?? []) {
      this.place(buffer, bufferOffset, data.subarray(shardOffset, shardOffset + bytes));
    }
  }

  private place(buffer: string, offset: number, data: Uint8Array<ArrayBuffer>): void {
    const begun = this.cut.get(buffer);
    if (begun) {
      this.cut.delete(buffer);
      const joined = new Uint8Array(begun.length + data.length);
      joined.set(begun);
      joined.set(data, begun.length);
      this.place(buffer, offset - begun.length, joined);
      return;
    }
    const whole = data.length - (data.length % 4);
    if (whole) this.write(buffer, offset, data.subarray(0, whole));
    if (whole < data.length) this.cut.set(buffer, data.slice(whole));
  }
}
