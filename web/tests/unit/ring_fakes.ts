/** Toy devices with a windowed layer, one of which can stop. */

import type { Env } from "../../src/artifact/dim.js";
import { KernelcError } from "../../src/artifact/errors.js";
import type { Ring } from "../../src/artifact/schema.js";
import { hashWords } from "../../src/engine/sampling/cpuSampler.js";
import type { Discarded, Fetch, StepFields, Ticket } from "../../src/gpu/executor.js";
import { CHUNK, ToyExecutor, toyManifest } from "./engine_fakes.js";

const WINDOW = 5;
export const RING: Ring = { window: WINDOW, rows: WINDOW + CHUNK + 2 };
export const RING_MANIFEST = { ...toyManifest(), rings: [RING] };

/**
 * A toy with a windowed layer: what a position stores is made of its token and of what the window before it stored, in
 * a ring of `rows`. So a row that was replaced too early changes all that follows.
 */
export class RingExecutor extends ToyExecutor {
  protected readonly ring: Uint32Array;

  constructor(rows = RING.rows) {
    super();
    this.ring = new Uint32Array(rows);
  }

  protected override state(buffer: string): Uint32Array | null {
    return buffer === "ring" ? this.ring : super.state(buffer);
  }

  protected override stored(at: number, token: number): number {
    let found = hashWords(token, at, 5);
    for (let seen = Math.max(0, at - WINDOW + 1); seen < at; seen += 1) {
      found = hashWords(found, this.ring[seen % this.ring.length] ?? 0, 6);
    }
    this.ring[at % this.ring.length] = found;
    return found;
  }
}

/** A step or a write: `begin` leaves it half done, `end` does all of it. */
class Work {
  state: "waiting" | "running" | "done" = "waiting";
  unwanted = false;
  readonly ended: Promise<Ticket | null>;
  settle!: (ticket: Ticket | null) => void;
  fail!: (error: KernelcError) => void;

  constructor(
    readonly begin: () => void,
    readonly end: () => Ticket | null,
  ) {
    this.ended = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
    });
    this.ended.catch(() => undefined);
  }
}

/** Works off a queue, a turn of the event loop for the first half of a step and one for the rest. */
export class SlowExecutor extends RingExecutor {
  /** Positions of prompts that steps computed to their end. */
  prefilled = 0;
  private readonly queue: Work[] = [];
  private working = false;

  override run(programs: readonly string[], env: Env, step: StepFields, fetch: readonly Fetch[]): Ticket {
    const { past = 0, seq = 0 } = env;
    const fixed = { ...env };
    const work = new Work(
      () => {
        if (programs[0]?.startsWith("sample")) return; // it writes no key and no value
        for (let at = past; at < past + seq; at += 1) this.ring[at % this.ring.length] = 0;
      },
      () => {
        if (programs[0] === "prefill") this.prefilled += seq;
        return super.run(programs, fixed, step, fetch);
      },
    );
    this.enqueue(work);
    const result = async (): Promise<ArrayBuffer> => (await work.ended)?.result() ?? new ArrayBuffer(0);
    return { result, discard: () => this.discard(work) };
  }

  override write(buffer: string, offset: number, data: Uint32Array): void {
    const copy = data.slice();
    const set = (): null => {
      super.write(buffer, offset, copy);
      return null;
    };
    this.enqueue(new Work(() => undefined, set));
  }

  private enqueue(work: Work): void {
    this.queue.push(work);
    if (!this.working) void this.workOff();
  }

  private async workOff(): Promise<void> {
    const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
    this.working = true;
    for (let work = this.queue.shift(); work; work = this.queue.shift()) {
      await turn();
      if (!work.unwanted) {
        work.state = "running";
        work.begin();
        await turn();
      }
      if (work.unwanted) work.fail(new KernelcError("aborted", "nobody wants it"));
      else work.settle(work.end());
      work.state = "done";
    }
    this.working = false;
  }

  private discard(work: Work): Discarded {
    if (work.state === "done") return "runs";
    work.unwanted = true;
    return work.state === "running" ? "broken-off" : "unbegun";
  }
}
