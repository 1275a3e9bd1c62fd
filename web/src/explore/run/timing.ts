/**
 * How long a changed kernel takes beside the original: in pairs, one after the other, so that whatever else
 * the device does meets both. The fastest rounds count, which were disturbed least, and whether pairs agree.
 */

import type { Manifest } from "../../artifact/schema.js";
import type { Device } from "../../gpu/device.js";
import { GoldenTile, type GoldenRun } from "../../gpu/goldenTiles.js";
import type { Pipelines } from "../../gpu/pipelines.js";

export interface Times {
  /** Microseconds of one dispatch. */
  readonly original: number;
  readonly changed: number;
  /** In how many pairs the changed one took less time. */
  readonly faster: number;
  readonly dispatches: number;
  readonly pairs: number;
  /** "device" where timestamps of the device say it, else "wall". */
  readonly clock: "device" | "wall";
}

interface Bench {
  readonly device: Device;
  readonly timestamps: boolean;
  readonly pipelines: Pipelines;
  readonly manifest: Pick<Manifest, "params">;
  readonly tile: Uint8Array<ArrayBuffer>;
}

const MOST_PAIRS = 9;
const MOST_DISPATCHES = 256;
/** Of one round of one kernel; short kernels are repeated until a round takes so much longer than one. */
const ROUND_MS = 4;
/** Of all rounds together; slow devices make fewer of them. */
const PATIENCE_MS = 1500;

/** @throws KernelcError, as the device does. */
export async function timed(bench: Bench, original: GoldenRun, changed: GoldenRun): Promise<Times> {
  const { device, pipelines, manifest, tile } = bench;
  const [a, b] = [original, changed].map((run) => new GoldenTile(device, pipelines, manifest, tile, run));
  const clock = new Clock(device, bench.timestamps);
  try {
    if (!a || !b) throw new RangeError("two kernels are timed");
    let dispatches = 1;
    const began = performance.now();
    const enough = (await fastest(clock, a, 1)) + ROUND_MS; // the first is mostly the page's own
    while (dispatches < MOST_DISPATCHES && (await fastest(clock, a, dispatches)) < enough) dispatches *= 2;
    await clock.wall(b, dispatches);
    const pairs: [number, number][] = [];
    do pairs.push([await clock.each(a, dispatches), await clock.each(b, dispatches)]);
    while (pairs.length < MOST_PAIRS && performance.now() - began < PATIENCE_MS);
    return {
      original: Math.min(...pairs.map(([first]) => first)),
      changed: Math.min(...pairs.map(([, second]) => second)),
      faster: pairs.filter(([first, second]) => second < first).length,
      dispatches,
      pairs: pairs.length,
      clock: bench.timestamps ? "device" : "wall",
    };
  } finally {
    for (const buffer of [...(a?.buffers ?? []), ...(b?.buffers ?? [])]) buffer.destroy();
    clock.destroy();
  }
}

/** Times some dispatches of a kernel in one pass. */
class Clock {
  private readonly queries: GPUQuerySet | null;
  private readonly resolved: GPUBuffer | null;
  private readonly staging: GPUBuffer | null;

  constructor(
    private readonly device: Device,
    timestamps: boolean,
  ) {
    const { gpu } = device;
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    this.queries = timestamps ? gpu.createQuerySet({ type: "timestamp", count: 2 }) : null;
    this.resolved = timestamps ? gpu.createBuffer({ size: 16, usage: QUERY_RESOLVE | COPY_SRC }) : null;
    this.staging = timestamps ? gpu.createBuffer({ size: 16, usage: MAP_READ | COPY_DST }) : null;
  }

  /** Microseconds of one dispatch: by the device's clock, or where that says nothing, by the page's. */
  async each(tile: GoldenTile, dispatches: number): Promise<number> {
    const wall = await this.wall(tile, dispatches);
    if (!this.staging) return (1000 * wall) / dispatches;
    await this.staging.mapAsync(GPUMapMode.READ);
    const [begin = 0n, end = 0n] = new BigUint64Array(this.staging.getMappedRange());
    this.staging.unmap();
    return end > begin ? Number(end - begin) / 1000 / dispatches : (1000 * wall) / dispatches;
  }

  /** Milliseconds until the device has done them all. */
  async wall(tile: GoldenTile, dispatches: number): Promise<number> {
    const { gpu } = this.device;
    const encoder = gpu.createCommandEncoder();
    const { queries, resolved, staging } = this;
    const writes = queries && {
      timestampWrites: { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
    };
    const pass = encoder.beginComputePass(writes ?? {});
    tile.record(pass, dispatches);
    pass.end();
    if (queries && resolved && staging) {
      encoder.resolveQuerySet(queries, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
    }
    const began = performance.now();
    gpu.queue.submit([encoder.finish()]);
    await gpu.queue.onSubmittedWorkDone();
    return performance.now() - began;
  }

  destroy(): void {
    this.queries?.destroy();
    this.resolved?.destroy();
    this.staging?.destroy();
  }
}

/** Milliseconds of the faster one of two rounds, so that a single disturbance does not count. */
async function fastest(clock: Clock, tile: GoldenTile, dispatches: number): Promise<number> {
  return Math.min(await clock.wall(tile, dispatches), await clock.wall(tile, dispatches));
}
