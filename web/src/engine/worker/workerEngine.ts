/** The page's side of an engine that runs in a worker, with the same interface as one that runs here. */

import { aborted, KernelcError, throwIfAborted } from "../../artifact/errors.js";
import { LinkedAbort } from "../../artifact/signals.js";
import type {
  CommonRequest,
  Completions,
  Creates,
  Engine,
  EngineOptions,
  ModelCard,
  Plan,
  Stats,
  TextCompletions,
  TokenCompletion,
  TokenRequest,
} from "../api.js";
import { memoryBudget } from "../memory/budget.js";
import type {
  AnyChunk,
  Call,
  FromWorker,
  Opened,
  PlainOptions,
  PlainRequest,
  PlainTextRequest,
  ToWorker,
} from "./protocol.js";

/** How long a worker may take to release its device before it is ended. */
const DISPOSE_MS = 1000;
/** How long a tokenizer or template may take of a worker: a hundred times what the slowest needs. */
const BUSY_MS = 20_000;

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
  const { context, build, device, threads, limits, features, immediates, selfCheck, score, warm } = options;
  // A worker is told less of the device than its page.
  const memoryBytes = options.memoryBytes ?? memoryBudget();
  const others = { device, threads, limits, features, immediates, selfCheck, score, warm };
  const all = { context, memoryBytes, build, ...others };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as PlainOptions;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: KernelcError): void;
  chunks?: ((chunks: readonly AnyChunk[]) => void) | undefined;
}

/** Calls by messages: each has a number, which its answer carries too. */
export class WorkerLine {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private calls = 0;
  private ended: KernelcError | null = null;
  private busy: ReturnType<typeof setTimeout> | undefined;

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
    if ("busy" in message) return this.watch(message.busy);
    const waiting = this.waiting.get(message.id);
    if ("chunks" in message) return waiting?.chunks?.(message.chunks);
    this.waiting.delete(message.id);
    if ("error" in message) waiting?.reject(KernelcError.fromJSON(message.error));
    else waiting?.resolve(message.result);
  }

  /** End a worker that a stranger's text keeps busy for too long: it hears nothing meanwhile. */
  private watch(busy: string | null): void {
    clearTimeout(this.busy);
    if (busy === null) return;
    const message = `${busy} of the model took longer than ${BUSY_MS / 1000} s and was ended`;
    const help = "open the model again; with this text it does not finish";
    this.busy = setTimeout(() => this.end(new KernelcError("bad-artifact", message, { help })), BUSY_MS);
  }

  /** Make a call; `signal` aborts it in the worker. */
  call(call: Call, signal?: AbortSignal, chunks?: (chunks: readonly AnyChunk[]) => void): Promise<unknown> {
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
    clearTimeout(this.busy);
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }
}

class WorkerEngine implements Engine {
  readonly model: ModelCard;
  readonly chat: { readonly completions: Completions };
  readonly completions: TextCompletions;
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
    this.chat = { completions: creator(line, (request: PlainRequest) => ({ method: "chat", request })) };
    this.completions = creator(line, (request: PlainTextRequest) => ({ method: "complete", request }));
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
function creator<Request extends CommonRequest, Whole, Chunk extends AnyChunk>(
  line: WorkerLine,
  callFor: (request: Omit<Request, "signal">) => Call,
): Creates<Request, Whole, Chunk> {
  async function create(request: Request & { readonly stream: true }): Promise<AsyncIterable<Chunk>>;
  async function create(request: Request & { readonly stream?: false | null }): Promise<Whole>;
  async function create(request: Request): Promise<Whole | AsyncIterable<Chunk>>;
  async function create(request: Request): Promise<Whole | AsyncIterable<Chunk>> {
    const { signal, ...rest } = request;
    if (!request.stream) return (await line.call(callFor(rest), signal)) as Whole;
    const stream = new ChunkStream<Chunk>(line, callFor(rest), signal);
    await stream.begun();
    return stream;
  }
  return { create };
}

/** Chunks as they arrive. Leaving the iteration stops the answer. */
class ChunkStream<Chunk extends AnyChunk> implements AsyncIterable<Chunk> {
  private readonly stopped: LinkedAbort;
  private arrived: Chunk[] = [];
  private over = false;
  private error: unknown = null;
  private wake: () => void = () => undefined;

  constructor(line: WorkerLine, call: Call, signal: AbortSignal | undefined) {
    this.stopped = new LinkedAbort(signal);
    const take = (chunks: readonly AnyChunk[]): void => {
      this.arrived.push(...(chunks as readonly Chunk[])); // the call decides which kind comes
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

  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk, void, undefined> {
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
