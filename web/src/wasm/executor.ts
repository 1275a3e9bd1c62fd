/**
 * Replays programs on the processor: a queue of steps, worked off in slices, so that this thread hears its
 * page.
 */

import type { Env } from "../artifact/dim.js";
import { KernelcError } from "../artifact/errors.js";
import { STEP_BUFFER, type Manifest, type Variant } from "../artifact/schema.js";
import type { AdapterCard } from "../gpu/card.js";
import type { Discarded, Fetch, LoadedExecutor, StepFields, Ticket } from "../gpu/executor.js";
import { StepBlock } from "../gpu/step.js";
import type { Layout } from "./launches.js";
import { nextTask } from "./nextTask.js";
import { MOST_LAUNCHES, type TableLaunch } from "./table.js";
import type { Threads } from "./threads.js";

/** How long this thread computes before it looks for messages. */
const SLICE_MS = 20;

/** A loaded artifact's programs as WebAssembly. */
export class WasmExecutor implements LoadedExecutor {
  readonly stagingBytes = 0;
  private readonly block: StepBlock;
  private readonly queue: Work[] = [];
  private working = false;
  private current: Work | null = null;
  private gone: KernelcError | null = null;
  private sliceEnd = 0;

  constructor(
    readonly card: AdapterCard,
    readonly features: readonly string[],
    private readonly layout: Layout,
    private readonly threads: Threads,
    private readonly chosen: ReadonlyMap<string, Variant>,
    manifest: Manifest,
  ) {
    this.block = new StepBlock(manifest.params);
  }

  get lost(): boolean {
    return this.gone !== null || this.threads.lost;
  }

  /** Functions of the module that are in use. */
  get pipelines(): number {
    return this.layout.entries.length;
  }

  get variants(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.chosen].map(([kernel, { file }]) => [kernel, file]));
  }

  /** All programs are ready once the artifact is loaded. */
  prepare(): Promise<void> {
    return Promise.resolve();
  }

  run(
    programs: readonly string[],
    env: Env,
    step: StepFields,
    fetch: readonly Fetch[],
    only?: number,
  ): Ticket {
    const block = new Uint8Array(this.block.encode(step));
    const fixed = { ...env };
    const work = new Work(async () => {
      await this.compute(programs, fixed, block, only);
      return this.fetched(fetch);
    });
    this.enqueue(work);
    return { result: () => work.result, discard: () => this.discard(work) };
  }

  write(buffer: string, offset: number, data: Uint32Array<ArrayBuffer>): void {
    const bytes = new Uint8Array(data.slice().buffer);
    const set = async (): Promise<ArrayBuffer> => {
      this.layout.bytes(buffer, offset, bytes.length).set(bytes);
      return new ArrayBuffer(0);
    };
    this.enqueue(new Work(set));
  }

  dispatchCount(programs: readonly string[]): number {
    return programs.reduce((sum, name) => sum + this.layout.launches(name).length, 0);
  }

  simulateLoss(): void {
    this.lose("it was taken away for a test");
  }

  release(): void {
    this.lose("it was released");
  }

  private lose(why: string): void {
    const help = "reload the page; the system may be short of memory";
    this.gone ??= new KernelcError("device-lost", `the processor's kernels are gone: ${why}`, { help });
    this.threads.end();
  }

  private enqueue(work: Work): void {
    this.queue.push(work);
    if (!this.working) void this.workOff();
  }

  private async workOff(): Promise<void> {
    this.working = true;
    await null; // whoever enqueued it goes on first
    for (let work = this.queue.shift(); work; work = this.queue.shift()) {
      this.current = work;
      work.state = "running";
      try {
        this.check();
        await work.run();
      } catch (error) {
        work.state = "done";
        work.fail(this.explained(error));
      }
    }
    this.current = null;
    this.working = false;
  }

  /** What is lost is reported as such, by the work itself: it is set up again and replayed. */
  private discard(work: Work): Discarded {
    if (work.state === "done" || this.lost) return "runs";
    work.unwanted = true;
    return work.state === "running" ? "broken-off" : "unbegun";
  }

  /** @throws KernelcError "device-lost", or "aborted" where the current work is not wanted any more. */
  private check(): void {
    if (this.threads.lost) this.lose("one of its threads ended");
    if (this.gone) throw this.gone;
    if (this.current?.unwanted) throw new KernelcError("aborted", "the step is not wanted any more");
  }

  private explained(error: unknown): KernelcError {
    if (error instanceof KernelcError) return error;
    this.lose(error instanceof Error ? error.message : String(error));
    return this.gone ?? KernelcError.from(error);
  }

  private async compute(
    programs: readonly string[],
    env: Env,
    block: Uint8Array,
    only: number | undefined,
  ): Promise<void> {
    const launches = this.layout.table(programs, env, this.threads.count, only);
    if (launches.length && this.layout.has(STEP_BUFFER))
      this.layout.bytes(STEP_BUFFER, 0, block.length).set(block);
    for (let start = 0; start < launches.length; start += MOST_LAUNCHES) {
      await this.computePart(launches.slice(start, start + MOST_LAUNCHES));
    }
  }

  private async computePart(launches: readonly TableLaunch[]): Promise<void> {
    this.threads.begin(launches);
    while (!this.threads.work(this.sliceEnd - performance.now())) {
      await nextTask();
      if (this.current?.unwanted) this.threads.leave();
      this.check();
      this.sliceEnd = performance.now() + SLICE_MS;
    }
  }

  private fetched(fetch: readonly Fetch[]): ArrayBuffer {
    const all = new Uint8Array(fetch.reduce((sum, item) => sum + item.bytes, 0));
    let at = 0;
    for (const { buffer, offset, bytes } of fetch) {
      all.set(this.layout.bytes(buffer, offset, bytes), at);
      at += bytes;
    }
    return all.buffer;
  }
}

/** A step or a write in the queue. One that is `unwanted` is not begun, or left between two slices. */
class Work {
  state: "waiting" | "running" | "done" = "waiting";
  unwanted = false;
  readonly result: Promise<ArrayBuffer>;
  fail!: (error: KernelcError) => void;
  private resolve!: (found: ArrayBuffer) => void;

  constructor(private readonly compute: () => Promise<ArrayBuffer>) {
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.fail = reject;
    });
    this.result.catch(() => undefined); // whoever asks for the result gets the error
  }

  async run(): Promise<void> {
    const found = await this.compute();
    this.state = "done";
    this.resolve(found);
  }
}
