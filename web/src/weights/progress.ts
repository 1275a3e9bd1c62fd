/** How far the loading of weights is. `loadedBytes` decreases where a file has to start again. */
export interface LoadProgress {
  readonly phase: "weights";
  readonly loadedBytes: number;
  readonly totalBytes: number;
  /** How many of `loadedBytes` were stored already. */
  readonly fromCache: number;
  /** Smoothed speed of the download; 0 while nothing is downloaded. */
  readonly bytesPerSecond: number;
}

/** Speeds are averaged over about this time, so that the number does not flicker. */
const SMOOTHING_SECONDS = 3;
const REPORT_MS = 100;
/** Arriving bytes are gathered for this long, so that bursts do not distort the speed. */
const SAMPLE_MS = 250;

/** A download's speed, as an exponential moving average. */
export class SpeedMeter {
  private rate = 0;
  private weight = 0;
  private pending = 0;
  private since: number | undefined;

  /** Counts `bytes` that arrived at time `nowMs`. */
  add(bytes: number, nowMs: number): void {
    this.since ??= nowMs;
    this.pending += bytes;
    const elapsedMs = nowMs - this.since;
    if (elapsedMs < SAMPLE_MS) return;
    const keep = Math.exp(-elapsedMs / 1000 / SMOOTHING_SECONDS);
    this.rate = keep * this.rate + (1 - keep) * (this.pending / (elapsedMs / 1000));
    this.weight = keep * this.weight + (1 - keep);
    this.pending = 0;
    this.since = nowMs;
  }

  get bytesPerSecond(): number {
    // Dividing by the weight corrects for the start at 0.
    return this.weight === 0 ? 0 : this.rate / this.weight;
  }
}

/** Adds up the shards' progress and reports it, at most every REPORT_MS and at every shard's end. */
export class ProgressMeter {
  private readonly totalBytes: number;
  private readonly report: ((progress: LoadProgress) => void) | undefined;
  private readonly now: () => number;
  private readonly loaded: number[];
  private readonly cached: number[];
  private readonly speed = new SpeedMeter();
  private reportedMs = -Infinity;

  constructor(
    sizes: readonly number[],
    report: ((progress: LoadProgress) => void) | undefined,
    now: () => number = () => performance.now(),
  ) {
    this.totalBytes = sum(sizes);
    this.loaded = sizes.map(() => 0);
    this.cached = sizes.map(() => 0);
    this.report = report;
    this.now = now;
  }

  /** Notes that `bytes` of shard number `shard` were stored already; 0 takes an earlier note back. */
  stored(shard: number, bytes: number): void {
    this.loaded[shard] = this.cached[shard] = bytes;
    this.emit();
  }

  /** Notes that `bytes` of a shard arrived, of which `loaded` are here now. */
  arrived(shard: number, bytes: number, loaded: number): void {
    this.loaded[shard] = loaded;
    this.speed.add(bytes, this.now());
    if (this.now() - this.reportedMs >= REPORT_MS) this.emit();
  }

  /** Reports now. */
  emit(): void {
    this.reportedMs = this.now();
    this.report?.({
      phase: "weights",
      loadedBytes: sum(this.loaded),
      totalBytes: this.totalBytes,
      fromCache: sum(this.cached),
      bytesPerSecond: this.speed.bytesPerSecond,
    });
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
