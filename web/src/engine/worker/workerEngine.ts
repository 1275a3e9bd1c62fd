/** The page's side of an engine that runs in a worker, with the same interface as one that runs here. */

import { aborted, KernelcError, throwIfAborted } from "../../artifact/errors.js";
import { LinkedAbort } from "../../artifact/signals.js";
import type {
  ChatChunk,
  ChatCompletion,
  ChatRequest,
  Completions,
  Engine,
  EngineOptions,
  ModelCard,
  Plan,
  Stats,
  TokenCompletion,
  TokenRequest,
} from "../api.js";
import type { Call, FromWorker, Opened, PlainOptions, ToWorker } from "./protocol.js";

/** How long a worker may take to release its device before it is ended. */
const DISPOSE_MS = 1000;

/**
 * Open the artifact at `url` in a module worker, so that the page stays responsive. `worker` may be a worker
 * that the page has started itself from this package's `worker.js`.
 *
 * @throws KernelcError as `createEngine`.
 */
export async function createWorkerEngine(
  url: string,
  options: EngineOptions & { readonly worker?: Worker } = {},
): Promise<Engine> {
  const { signal } = options;
  throwIfAborted(signal);
  const worker = options.worker ?? new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const line = new WorkerLine(worker, options);
  // A worker that is busy with something long, such as compiling, does not receive the message in time.
  const stop = (): unknown => setTimeout(() => line.end(aborted(signal?.reason)), DISPOSE_MS);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const address = new URL(url, globalThis.document?.baseURI ?? globalThis.location.href).href;
    const call: Call = { method: "open", url: address, options: plain(options) };
    const { model } = (await line.call(call, signal)) as Opened;
    return new WorkerEngine(line, model);
  } catch (error) {
    line.end(KernelcError.from(error));
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function plain(options: EngineOptions): PlainOptions {
  const { context, device, threads, limits, features, immediates, selfCheck, score } = options;
  const all = { context, device, threads, limits, features, immediates, selfCheck, score };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as PlainOptions;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: KernelcError): void;
  chunks?: ((chunks: readonly ChatChunk[]) => void) | undefined;
}

/** Calls by messages: each has a number, which its answer carries too. */
export class WorkerLine {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private calls = 0;
  private ended: KernelcError | null = null;

  constructor(worker: Worker, options: EngineOptions) {
    this.worker = worker;
    worker.addEventListener("message", (event: MessageEvent<FromWorker>) =>
      this.receive(event.data, options),
    );
    const broken = (why: string) => (event: Event) => {
      const said = event instanceof ErrorEvent && event.message ? `: ${event.message}` : "";
      this.end(
        new KernelcError("internal", `the engine's worker ${why}${said}`, { help: "reload the page" }),
      );
    };
    worker.addEventListener("error", broken("failed"));
    worker.addEventListener("messageerror", broken("sent what cannot be read"));
  }

  private receive(message: FromWorker, options: EngineOptions): void {
    if ("progress" in message) return options.onProgress?.(message.progress);
    if ("notice" in message) return options.onNotice?.(message.notice);
    const waiting = this.waiting.get(message.id);
    if ("chunks" in message) return waiting?.chunks?.(message.chunks);
    this.waiting.delete(message.id);
    if ("error" in message) waiting?.reject(KernelcError.fromJSON(message.error));
    else waiting?.resolve(message.result);
  }

  /** Make a call; `signal` aborts it in the worker. */
  call(call: Call, signal?: AbortSignal, chunks?: (chunks: readonly ChatChunk[]) => void): Promise<unknown> {
    if (this.ended) return Promise.reject(this.ended);
    if (signal?.aborted) return Promise.reject(aborted(signal.reason));
    const id = (this.calls += 1);
    try {
      this.post({ id, call });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const help = "a request may contain only plain data: texts, numbers, lists and objects";
      return Promise.reject(
        new KernelcError("usage", `the request cannot be sent to the worker: ${why}`, { help }),
      );
    }
    const answer = new Promise<unknown>((resolve, reject) =>
      this.waiting.set(id, { resolve, reject, chunks }),
    );
    const stop = (): void => this.post({ id, abort: true });
    signal?.addEventListener("abort", stop, { once: true });
    return answer.finally(() => signal?.removeEventListener("abort", stop));
  }

  private post(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  /** End the worker. Calls that still wait are rejected with `error`. */
  end(error: KernelcError): void {
    this.ended ??= error;
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }
}

class WorkerEngine implements Engine {
  readonly model: ModelCard;
  readonly chat: { readonly completions: Completions };
  readonly tokens = {
    generate: (ids: readonly number[], request: TokenRequest = {}): Promise<TokenCompletion> => {
      const { signal, ...rest } = request;
      return this.line.call({ method: "generate", ids, request: rest }, signal) as Promise<TokenCompletion>;
    },
    score: (ids: readonly number[]): Promise<readonly Float32Array[]> =>
      this.line.call({ method: "score", ids }) as Promise<readonly Float32Array[]>,
  };
  private readonly line: WorkerLine;

  constructor(line: WorkerLine, model: ModelCard) {
    this.line = line;
    this.model = model;
    this.chat = { completions: { create: creator(line) } };
  }

  stats(): Promise<Stats> {
    return this.line.call({ method: "stats" }) as Promise<Stats>;
  }

  plan(contextLength: number): Promise<Plan> {
    return this.line.call({ method: "plan", contextLength }) as Promise<Plan>;
  }

  async reset(): Promise<void> {
    await this.line.call({ method: "reset" });
  }

  async dispose(): Promise<void> {
    const late = new Promise((resolve) => setTimeout(resolve, DISPOSE_MS));
    await Promise.race([this.line.call({ method: "dispose" }).catch(() => undefined), late]);
    this.line.end(new KernelcError("usage", "the engine was disposed", { help: "create another" }));
  }

  async simulateLoss(): Promise<void> {
    await this.line.call({ method: "simulateLoss" });
  }
}

/** `create` by messages: a stream where the request asks for one, else the whole answer. */
function creator(line: WorkerLine): Completions["create"] {
  async function create(request: ChatRequest & { readonly stream: true }): Promise<AsyncIterable<ChatChunk>>;
  async function create(request: ChatRequest & { readonly stream?: false }): Promise<ChatCompletion>;
  async function create(request: ChatRequest): Promise<ChatCompletion | AsyncIterable<ChatChunk>>;
  async function create(request: ChatRequest): Promise<ChatCompletion | AsyncIterable<ChatChunk>> {
    const { signal, ...rest } = request;
    if (!request.stream)
      return (await line.call({ method: "chat", request: rest }, signal)) as ChatCompletion;
    const stream = new ChunkStream(line, { method: "chat", request: rest }, signal);
    await stream.begun();
    return stream;
  }
  return create;
}

/** Chunks as they arrive. Leaving the iteration stops the answer. */
class ChunkStream implements AsyncIterable<ChatChunk> {
  private readonly stopped: LinkedAbort;
  private arrived: ChatChunk[] = [];
  private over = false;
  private error: unknown = null;
  private wake: () => void = () => undefined;

  constructor(line: WorkerLine, call: Call, signal: AbortSignal | undefined) {
    this.stopped = new LinkedAbort(signal);
    const take = (chunks: readonly ChatChunk[]): void => {
      this.arrived.push(...chunks);
      this.wake();
    };
    line.call(call, this.stopped.signal, take).then(
      () => this.end(null),
      (error: unknown) => this.end(error),
    );
  }

  private end(error: unknown): void {
    this.stopped.unlink();
    this.error = error;
    this.over = true;
    this.wake();
  }

  private async more(): Promise<void> {
    while (!this.arrived.length && !this.over) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** Wait for the first chunk, or throw what came instead. */
  async begun(): Promise<void> {
    await this.more();
    if (!this.arrived.length && this.error) throw this.error;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ChatChunk, void, undefined> {
    try {
      for (;;) {
        await this.more();
        const chunks = this.arrived;
        this.arrived = [];
        yield* chunks;
        if (!chunks.length && this.over) break;
      }
      if (this.error) throw this.error;
    } finally {
      this.stopped.abort();
    }
  }
}
