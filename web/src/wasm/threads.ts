/** The threads that compute: this one, and workers that share the memory where the page may have some. */

import { KernelcError } from "../artifact/errors.js";
import type { KernelFunction, KernelModule } from "./module.js";
import { FAILED, fillTable, GENERATION, INSIDE, OPEN, TABLE_BYTES, workThrough, type TableLaunch } from "./table.js";

/** Bytes of a thread's stack, which holds a workgroup's shared memory too. */
export const STACK_BYTES = 1 << 20;
/** How long workers may take to start. */
const START_MS = 20_000;

/** What a worker is started with. */
export interface ThreadStart {
  readonly module: KernelModule;
  readonly memory: WebAssembly.Memory;
  readonly stackEnd: number;
  readonly entries: readonly string[];
  readonly table: SharedArrayBuffer;
}

export class Threads {
  /** Set where a worker is gone, which may happen when memory is short. */
  lost = false;
  private readonly table: Int32Array;
  private readonly workers: Worker[] = [];
  private readonly mayBlock: boolean;

  /** @param functions - this thread's own. */
  constructor(
    private readonly functions: readonly KernelFunction[],
    shared: boolean,
  ) {
    this.table = new Int32Array(shared ? new SharedArrayBuffer(TABLE_BYTES) : new ArrayBuffer(TABLE_BYTES));
    this.mayBlock = shared && typeof (globalThis as { window?: unknown }).window === "undefined";
  }

  /** How many threads there are. */
  get count(): number {
    return 1 + this.workers.length;
  }

  /** Start a worker for each of `stackEnds`, and wait until all are ready. @throws KernelcError "internal". */
  async start(parts: Omit<ThreadStart, "table" | "stackEnd">, stackEnds: readonly number[]): Promise<void> {
    const table = this.table.buffer as SharedArrayBuffer;
    await Promise.all(stackEnds.map((stackEnd) => this.startOne({ ...parts, stackEnd, table })));
  }

  private startOne(start: ThreadStart): Promise<void> {
    const worker = new Worker(new URL("./thread.ts", import.meta.url), { type: "module" });
    this.workers.push(worker);
    return new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(late);
        this.lost = true;
        reject(new KernelcError("internal", `a thread of the kernels ${why}`, { help: "reload the page" }));
      };
      const late = setTimeout(() => fail("does not start"), START_MS);
      const ready = (): void => {
        clearTimeout(late);
        resolve();
      };
      worker.addEventListener("message", ready, { once: true });
      worker.addEventListener("error", (event) => fail(`failed: ${event.message}`));
      worker.postMessage(start);
    });
  }

  /** Hand a table over to all threads. The one before must be finished. */
  begin(launches: readonly TableLaunch[]): void {
    fillTable(this.table, launches);
    Atomics.store(this.table, OPEN, 1);
    Atomics.add(this.table, GENERATION, 1);
    if (this.workers.length) Atomics.notify(this.table, GENERATION);
  }

  /** Work on the table until it is done, or for `milliseconds`; whether it is done. @throws what a kernel throws. */
  work(milliseconds: number): boolean {
    const until = performance.now() + milliseconds;
    const done = workThrough(this.table, this.functions, () => performance.now() > until, this.mayBlock);
    if (!done) return false;
    Atomics.store(this.table, OPEN, 0);
    while (Atomics.load(this.table, INSIDE) && !Atomics.load(this.table, FAILED)); // they only have to notice
    return true;
  }

  /** End the workers. */
  end(): void {
    for (const worker of this.workers) worker.terminate();
  }
}
