/** Calls by messages, to engines that run elsewhere. */

import { aborted, KernelcError } from "../../artifact/errors.js";
import type { EngineOptions } from "../api.js";
import type { AnyChunk, Call, FromWorker, Told, ToWorker } from "./protocol.js";

/** How long a tokenizer or template may take of a worker: a hundred times what the slowest needs. */
const BUSY_MS = 20_000;

/** What carries messages to engines and back. */
export interface Channel {
  post(message: ToWorker): void;
  /** `broken` is called where no more messages can come, with what happened ("failed: ..."). */
  listen(receive: (message: FromWorker) => void, broken: (why: string) => void): void;
  /** End what is at the other end, or at least the connection. */
  close(): void;
}

/** What an engine's user wants to hear. */
export type Listener = Pick<EngineOptions, "onProgress" | "onNotice">;

/** Makes calls to one engine; `signal` aborts one there, `chunks` takes pieces of its answer. */
export type Caller = (
  call: Call,
  signal?: AbortSignal,
  chunks?: (chunks: readonly AnyChunk[]) => void,
) => Promise<unknown>;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: KernelcError): void;
  chunks?: ((chunks: readonly AnyChunk[]) => void) | undefined;
}

/** Calls have numbers, which their answers carry too; so have engines. */
export class Line {
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Map<number, Listener>();
  private readonly busy = new Map<number, ReturnType<typeof setTimeout>>();
  private calls = 0;
  private engines = 0;
  private ended: KernelcError | null = null;

  constructor(private readonly channel: Channel) {
    const broken = (why: string): void =>
      this.end(new KernelcError("internal", `the engine's worker ${why}`, { help: "reload the page" }));
    channel.listen((message) => this.receive(message), broken);
  }

  /** The number of another engine. */
  next(): number {
    return (this.engines += 1);
  }

  /** Tell `listener` what engine `number` tells; null: nobody any more. */
  listen(number: number, listener: Listener | null): void {
    if (listener) this.listeners.set(number, listener);
    else this.listeners.delete(number);
  }

  private receive(message: FromWorker): void {
    if ("engine" in message) return this.tell(message);
    const waiting = this.waiting.get(message.id);
    if ("chunks" in message) return waiting?.chunks?.(message.chunks);
    this.waiting.delete(message.id);
    if ("error" in message) waiting?.reject(KernelcError.fromJSON(message.error));
    else waiting?.resolve(message.result);
  }

  private tell(message: Told): void {
    const listener = this.listeners.get(message.engine);
    if ("progress" in message) listener?.onProgress?.(message.progress);
    else if ("notice" in message) listener?.onNotice?.(message.notice);
    else this.watch(message.engine, message.busy);
  }

  /** End a worker that a stranger's text keeps busy for too long: it hears nothing meanwhile. */
  private watch(engine: number, busy: string | null): void {
    clearTimeout(this.busy.get(engine));
    this.busy.delete(engine);
    if (busy === null) return;
    const message = `${busy} of the model took longer than ${BUSY_MS / 1000} s and was ended`;
    const help = "open the model again; with this text it does not finish";
    const end = (): void => this.end(new KernelcError("bad-artifact", message, { help }));
    this.busy.set(engine, setTimeout(end, BUSY_MS));
  }

  /** Makes calls to engine `engine`. */
  caller(engine: number): Caller {
    return (call, signal, chunks) => this.call(engine, call, signal, chunks);
  }

  private call(
    engine: number,
    call: Call,
    signal?: AbortSignal,
    chunks?: (chunks: readonly AnyChunk[]) => void,
  ): Promise<unknown> {
    if (this.ended) return Promise.reject(this.ended);
    if (signal?.aborted) return Promise.reject(aborted(signal.reason));
    const id = (this.calls += 1);
    try {
      this.channel.post({ id, engine, call });
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
    const stop = (): void => this.channel.post({ id, abort: true });
    signal?.addEventListener("abort", stop, { once: true });
    return answer.finally(() => signal?.removeEventListener("abort", stop));
  }

  /** Close the channel. Calls that still wait are rejected with `error`. */
  end(error: KernelcError): void {
    this.ended ??= error;
    for (const timer of this.busy.values()) clearTimeout(timer);
    this.busy.clear();
    this.channel.close();
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }
}
