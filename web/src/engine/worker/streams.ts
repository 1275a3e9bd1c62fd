/** `create` of requests by messages, with streams of chunks. */

import { LinkedAbort } from "../../artifact/signals.js";
import type { CommonRequest, Creates } from "../api.js";
import type { Caller } from "./line.js";
import type { AnyChunk, Call } from "./protocol.js";

/** `create` by messages: a stream where the request asks for one, else the whole answer. */
export function creator<Request extends CommonRequest, Whole, Chunk extends AnyChunk>(
  caller: Caller,
  callFor: (request: Omit<Request, "signal">) => Call,
): Creates<Request, Whole, Chunk> {
  async function create(request: Request & { readonly stream: true }): Promise<AsyncIterable<Chunk>>;
  async function create(request: Request & { readonly stream?: false | null }): Promise<Whole>;
  async function create(request: Request): Promise<Whole | AsyncIterable<Chunk>>;
  async function create(request: Request): Promise<Whole | AsyncIterable<Chunk>> {
    const { signal, ...rest } = request;
    if (!request.stream) return (await caller(callFor(rest), signal)) as Whole;
    const stream = new ChunkStream<Chunk>(caller, callFor(rest), signal);
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

  constructor(caller: Caller, call: Call, signal: AbortSignal | undefined) {
    this.stopped = new LinkedAbort(signal);
    const take = (chunks: readonly AnyChunk[]): void => {
      this.arrived.push(...(chunks as readonly Chunk[])); // the call decides which kind comes
      this.wake();
    };
    caller(call, this.stopped.signal, take).then(
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
