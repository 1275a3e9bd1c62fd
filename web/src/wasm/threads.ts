/** The threads that compute: this one, and workers that share the memory where the page may have some. */

import type { KernelFunction, KernelModule } from "./module.js";
import {
  FAILED,
  fillTable,
  GENERATION,
  INSIDE,
  OPEN,
  TABLE_BYTES,
  workThrough,
  type TableLaunch,
} from "./table.js";

/** Bytes of a thread's stack, which holds a workgroup's shared memory too. */
export const STACK_BYTES = 1 << 20;
/** How long workers may take to start, and to leave a table. */
const [START_MS, LEAVE_MS] = [20_000, 10_000];

/** What a worker is started with. */
export interface ThreadStart {
  readonly module: KernelModule;
  readonly memory: WebAssembly.Memory;
  readonly stackEnd: number;
  readonly entries: readonly string[];
  readonly table: SharedArrayBuffer;
}

let script: string | null = null;

/**
 * Say where the script of threads is. A worker that a bundler has copied elsewhere does not find it beside
 * itself; the page that started it does.
 */
export function threadsAt(url: string): void {
  script = url;
}

function startThread(): Worker {
  if (script !== null) return new Worker(script, { type: "module" });
  return new Worker(new URL("./thread.ts", import.meta.url), { type: "module" });
}

export class Threads {
  /** Set where a worker that computed is gone, which may happen when memory is short. */
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

  /**
   * Start a worker for each of `stackEnds`, and wait until all are ready. Where one does not start, which a
   * page's policy or a lack of memory may cause, all are ended and this thread computes alone.
   *
   * @returns why this thread is alone, in words; null where all have started.
   */
  async start(
    parts: Omit<ThreadStart, "table" | "stackEnd">,
    stackEnds: readonly number[],
  ): Promise<string | null> {
    const table = this.table.buffer as SharedArrayBuffer;
    try {
      await Promise.all(stackEnds.map(async (stackEnd) => this.startOne({ ...parts, stackEnd, table })));
      return null;
    } catch (error) {
      this.end();
      this.workers.length = 0;
      return error instanceof Error ? error.message : String(error);
    }
  }

  private startOne(start: ThreadStart): Promise<void> {
    const worker = startThread();
    this.workers.push(worker);
    return new Promise<void>((resolve, reject) => {
      let ready = false;
      const fail = (why: string): void => {
        clearTimeout(late);
        if (ready) this.lost = true;
        else reject(new Error(why));
      };
      const late = setTimeout(() => fail("a thread does not start"), START_MS);
      worker.addEventListener("message", () => {
        clearTimeout(late);
        ready = true;
        resolve();
      });
      worker.addEventListener("error", ({ message }) =>
        fail(`a thread failed: ${message || "no reason is given"}`),
      );
      worker.addEventListener("messageerror", () => fail("a thread cannot be given the kernels"));
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

  /**
   * Work on the table until it is done, or for `milliseconds`; whether it is done.
   *
   * @throws what a kernel throws.
   */
  work(milliseconds: number): boolean {
    const until = performance.now() + milliseconds;
    const done = workThrough(this.table, this.functions, () => performance.now() > until, this.mayBlock);
    if (done) this.leave();
    return done;
  }

  /**
   * Close the table, done or not, and wait until all threads have left it.
   *
   * @throws Error where one does not.
   */
  leave(): void {
    Atomics.store(this.table, OPEN, 0);
    const late = performance.now() + LEAVE_MS; // they are in the middle of a chunk at most
    while (Atomics.load(this.table, INSIDE) && !Atomics.load(this.table, FAILED)) {
      if (performance.now() > late) throw new Error("a thread does not answer");
    }
  }

  /** End the workers. */
  end(): void {
    for (const worker of this.workers) worker.terminate();
  }
}
