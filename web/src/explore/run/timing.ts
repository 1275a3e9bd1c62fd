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
/** Fewer pairs say nothing: two kernels that take the same time agree in four of them at every eighth try. */
export const LEAST_PAIRS = 5;
const MOST_DISPATCHES = 256;
/** Of one round of one kernel; short kernels are repeated until a round takes so much longer than one. */
const ROUND_MS = 4;
/** Of all pairs together, beyond the least; slow devices make fewer of them. */
const PATIENCE_MS = 1500;
/** After which there are not even the least: the kernel takes seconds. */
const GIVE_UP_MS = 8000;

/** @throws KernelcError, as the device does. */
export async function timed(bench: Bench, original: GoldenRun, changed: GoldenRun): Promise<Times> {
  const { device, pipelines, manifest, tile } = bench;
  const [a, b] = [original, changed].map((run) => new GoldenTile(device, pipelines, manifest, tile, run));
  const clock = new Clock(device, bench.timestamps);
  try {
    if (!a || !b) throw new RangeError("two kernels are timed");
    const dispatches = await longEnough(clock, a, bench.timestamps);
    await clock.wall(b, dispatches);
    const pairs: [number, number][] = [];
    const began = performance.now();
    const patience = (): number => (pairs.length < LEAST_PAIRS ? GIVE_UP_MS : PATIENCE_MS);
    do pairs.push([await clock.each(a, dispatches), await clock.each(b, dispatches)]);
    while (pairs.length < MOST_PAIRS && performance.now() - began < patience());
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

/**
 * How many dispatches take long enough to be timed. The device's clock says it where there is one, since a
 * browser may tell of the end a tenth of a second late. By the page's clock a round of one is mostly the
 * browser's own time, and what comes on top of it counts.
 */
async function longEnough(clock: Clock, tile: GoldenTile, timestamps: boolean): Promise<number> {
  await clock.wall(tile, 1);
  if (timestamps) {
    const each = Math.min(await clock.each(tile, 1), await clock.each(tile, 1));
    return Math.max(1, Math.min(MOST_DISPATCHES, Math.ceil((1000 * ROUND_MS) / each)));
  }
  let dispatches = 1;
  const began = performance.now();
  const enough = (await fastest(clock, tile, 1)) + ROUND_MS;
  while (dispatches < MOST_DISPATCHES && performance.now() - began < PATIENCE_MS) {
    if ((await fastest(clock, tile, dispatches)) >= enough) break;
    dispatches *= 2;
  }
  return dispatches;
}

/** Milliseconds of the faster one of two rounds, so that a single disturbance does not count. */
async function fastest(clock: Clock, tile: GoldenTile, dispatches: number): Promise<number> {
  return Math.min(await clock.wall(tile, dispatches), await clock.wall(tile, dispatches));
}
