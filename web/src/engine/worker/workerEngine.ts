/** Engines in a worker of the page's, so that it stays responsive. */

import { aborted, KernelcError, throwIfAborted } from "../../artifact/errors.js";
import type { Engine, EngineOptions } from "../api.js";
import { Mutex } from "../mutex.js";
import { disposed } from "../refusals.js";
import { memoryBudget } from "../memory/budget.js";
import { Line, type Channel } from "./line.js";
import type { FromWorker } from "./protocol.js";
import { DISPOSE_MS, openRemote } from "./remoteEngine.js";

/** A worker to run engines in: one of the page's own, which calls `serveEngines`. */
export interface WorkerChoice {
  readonly worker?: Worker;
}

/**
 * Open the artifact at `url`, or the model of that name in `options.models`, in a module worker of its own.
 *
 * @throws KernelcError as `createEngine`.
 */
export async function createWorkerEngine(
  url: string,
  options: EngineOptions & WorkerChoice = {},
): Promise<Engine> {
  const { signal } = options;
  throwIfAborted(signal);
  const line = new Line(channelOf(options.worker ?? startWorker()));
  // A worker that is busy with something long, such as compiling, does not receive the message in time.
  const stop = (): unknown => setTimeout(() => line.end(aborted(signal?.reason)), DISPOSE_MS);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await openRemote(line, url, options, { ended: () => line.end(disposed()) });
  } catch (error) {
    line.end(KernelcError.from(error));
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/**
 * A worker for several models, which share its thread: their kernels run side by side on a graphics device,
 * their tokenizers and samplers one after the other. Memory is shared, too: each model's `memoryBytes` is
 * what the others leave of it, unless it is given.
 */
export class EngineWorker {
  private readonly line: Line;
  private readonly open = new Set<Engine>();
  private readonly mutex = new Mutex();

  constructor({ worker }: WorkerChoice = {}) {
    this.line = new Line(channelOf(worker ?? startWorker()));
  }

  /** The engines that are open. */
  get engines(): readonly Engine[] {
    return [...this.open];
  }

  /** Open another engine, after those that are being opened. @throws KernelcError as `createEngine`. */
  create(url: string, options: EngineOptions = {}): Promise<Engine> {
    return this.mutex.alone(async () => {
      let engine: Engine | null = null;
      const ended = (): void => void (engine && this.open.delete(engine));
      const budget = (): Promise<number> => this.leftBytes(engine);
      engine = await openRemote(this.line, url, options, { ended, budget });
      this.open.add(engine);
      return engine;
    }, options.signal);
  }

  /** What engines other than `next`, whose model is yet to come, leave of the memory of this page. */
  private async leftBytes(next: Engine | null): Promise<number> {
    const budget = memoryBudget();
    if (!Number.isFinite(budget)) return budget;
    const taken = await Promise.all(this.engines.map((each) => (each === next ? 0 : takenBytes(each))));
    return Math.max(0, taken.reduce((left, bytes) => left - bytes, budget));
  }

  /** End the worker with all of its engines. */
  end(): void {
    this.open.clear();
    this.line.end(disposed());
  }
}

/** What an engine takes; nothing where it has no model, such as after a reload that failed. */
async function takenBytes(engine: Engine): Promise<number> {
  return engine.plan(engine.model.context).then(
    ({ taken_bytes }) => taken_bytes,
    () => 0,
  );
}

function startWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
}

function channelOf(worker: Worker): Channel {
  return {
    post: (message) => worker.postMessage(message),
    listen: (receive, broken) => {
      worker.addEventListener("message", (event: MessageEvent<FromWorker>) => receive(event.data));
      worker.addEventListener("error", (event) =>
        broken(event instanceof ErrorEvent && event.message ? `failed: ${event.message}` : "failed"),
      );
      worker.addEventListener("messageerror", () => broken("sent what cannot be read"));
    },
    close: () => worker.terminate(),
  };
}
