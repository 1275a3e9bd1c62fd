/** Staging buffers, which carry results back and are reused, and tickets for the results in them. */

import type { Discarded, Ticket } from "./executor.js";
import type { Device } from "./device.js";

const SMALLEST_BYTES = 256;
const LARGEST_ROUNDED_BYTES = 1 << 20; // above this, sizes are exact

/** Mappable buffers by size. Each is either here, or held by the ticket that will read it. */
export class StagingPool {
  private readonly device: Device;
  private readonly free = new Map<number, GPUBuffer[]>();
  /** Total size of all staging buffers. */
  createdBytes = 0;

  constructor(device: Device) {
    this.device = device;
  }

  /** Take a buffer of at least `bytes`. */
  take(bytes: number): GPUBuffer {
    const size = rounded(bytes);
    const known = this.free.get(size)?.pop();
    if (known) return known;
    this.createdBytes += size;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    return this.device.gpu.createBuffer({ label: "staging", size, usage });
  }

  /** Take back a buffer that is not mapped. */
  giveBack(buffer: GPUBuffer): void {
    if (buffer.size > LARGEST_ROUNDED_BYTES) this.dropLarge();
    const known = this.free.get(buffer.size);
    if (known) known.push(buffer);
    else this.free.set(buffer.size, [buffer]);
  }

  /** Only the last large buffer is kept, because large sizes vary and would pile up. */
  private dropLarge(): void {
    for (const [size, buffers] of this.free) {
      if (size <= LARGEST_ROUNDED_BYTES) continue;
      for (const buffer of buffers) buffer.destroy();
      this.createdBytes -= size * buffers.length;
      this.free.delete(size);
    }
  }
}

function rounded(bytes: number): number {
  if (bytes > LARGEST_ROUNDED_BYTES) return Math.ceil(bytes / 4) * 4;
  return Math.max(SMALLEST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
}

/** The result of a submission. Mapping is requested at once, and awaited when the result is asked for. */
export class GpuTicket implements Ticket {
  private readonly device: Device;
  private readonly pool: StagingPool;
  private readonly buffer: GPUBuffer;
  private readonly bytes: number;
  private readonly mapped: Promise<void>;
  private collected = false;

  /** `bytes` were copied into `buffer` by work that has been submitted. */
  constructor(device: Device, pool: StagingPool, buffer: GPUBuffer, bytes: number) {
    this.device = device;
    this.pool = pool;
    this.buffer = buffer;
    this.bytes = bytes;
    this.mapped = buffer.mapAsync(GPUMapMode.READ, 0, bytes);
    this.mapped.catch(() => undefined); // `result` throws it, where it is called
  }

  async result(): Promise<ArrayBuffer> {
    this.collected = true;
    try {
      await this.mapped;
      const data = this.buffer.getMappedRange(0, this.bytes).slice(0);
      this.buffer.unmap();
      this.pool.giveBack(this.buffer);
      this.device.check();
      return data;
    } catch (error) {
      throw await this.device.explain(error, "waiting for a step");
    }
  }

  /** What was submitted to a graphics device cannot be called back. */
  discard(): Discarded {
    if (this.collected) return "runs";
    this.collected = true;
    void this.mapped.then(
      () => {
        this.buffer.unmap();
        this.pool.giveBack(this.buffer);
      },
      () => undefined,
    );
    return "runs";
  }
}
