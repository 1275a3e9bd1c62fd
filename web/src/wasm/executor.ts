/** Replays programs on the processor: a queue of steps, worked off in slices, so that this thread hears its page. */

import type { Env } from "../artifact/dim.js";
import { KernelcError } from "../artifact/errors.js";
import { STEP_BUFFER, type Manifest, type Variant } from "../artifact/schema.js";
import type { AdapterCard } from "../gpu/card.js";
import type { Fetch, LoadedExecutor, StepFields, Ticket } from "../gpu/executor.js";
import { StepBlock } from "../gpu/step.js";
import type { Layout } from "./launches.js";
import { nextTask } from "./nextTask.js";
import { MOST_LAUNCHES, type TableLaunch } from "./table.js";
import type { Threads } from "./threads.js";

/** How long this thread computes before it looks for messages. */
const SLICE_MS = 20;

interface Work {
  readonly run: () => Promise<void>;
  readonly fail: (error: KernelcError) => void;
}

/** A loaded artifact's programs as WebAssembly. */
export class WasmExecutor implements LoadedExecutor {
  readonly stagingBytes = 0;
  private readonly block: StepBlock;
  private readonly queue: Work[] = [];
  private working = false;
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

  run(programs: readonly string[], env: Env, step: StepFields, fetch: readonly Fetch[]): Ticket {
    const block = new Uint8Array(this.block.encode(step));
    const fixed = { ...env };
    const result = new Promise<ArrayBuffer>((resolve, reject) => {
      const run = async (): Promise<void> => {
        await this.compute(programs, fixed, block);
        resolve(this.fetched(fetch));
      };
      this.enqueue({ run, fail: reject });
    });
    result.catch(() => undefined); // whoever asks for the result gets the error
    return { result: () => result, discard: () => undefined };
  }

  write(buffer: string, offset: number, data: Uint32Array<ArrayBuffer>): void {
    const bytes = new Uint8Array(data.slice().buffer);
    const run = async (): Promise<void> => this.layout.bytes(buffer, offset, bytes.length).set(bytes);
    this.enqueue({ run, fail: () => undefined });
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
      try {
        this.check();
        await work.run();
      } catch (error) {
        work.fail(this.explained(error));
      }
    }
    this.working = false;
  }

  private check(): void {
    if (this.threads.lost) this.lose("one of its threads ended");
    if (this.gone) throw this.gone;
  }

  private explained(error: unknown): KernelcError {
    if (error instanceof KernelcError) return error;
    this.lose(error instanceof Error ? error.message : String(error));
    return this.gone ?? KernelcError.from(error);
  }

  private async compute(programs: readonly string[], env: Env, block: Uint8Array): Promise<void> {
    const launches = this.layout.table(programs, env, this.threads.count);
    if (launches.length && this.layout.has(STEP_BUFFER)) this.layout.bytes(STEP_BUFFER, 0, block.length).set(block);
    for (let start = 0; start < launches.length; start += MOST_LAUNCHES) {
      await this.computePart(launches.slice(start, start + MOST_LAUNCHES));
    }
  }

  private async computePart(launches: readonly TableLaunch[]): Promise<void> {
    this.threads.begin(launches);
    while (!this.threads.work(this.sliceEnd - performance.now())) {
      await nextTask();
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
