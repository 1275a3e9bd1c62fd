/** The worker's side: engines that are driven by the page's messages. */

import { KernelcError } from "../../artifact/errors.js";
import { Mutex } from "../mutex.js";
import { disposed, noModel } from "../refusals.js";
import { threadsAt } from "../../wasm/threads.js";
import type { EngineOptions, LoadedModel } from "../api.js";
import type { AnyChunk, FromWorker, Opened, PlainOptions, ToWorker } from "./protocol.js";

/** After chunks were sent, later ones are gathered for this long and sent together. */
const BATCH_MS = 8;

type Asked = Extract<ToWorker, { readonly engine: number }>;

/** A call that is not answered yet, and what stops it. */
interface Running {
  readonly asked: Asked;
  readonly controller: AbortController;
}

/** Answers calls. `send` posts a message to the page, `create` opens an artifact. */
export class WorkerHost {
  private readonly send: (message: FromWorker, transfer?: Transferable[]) => void;
  private readonly create: (url: string, options: EngineOptions) => Promise<LoadedModel>;
  private readonly running = new Map<number, Running>();
  /** By number; null while another model is being loaded, and after that failed. */
  private readonly engines = new Map<number, LoadedModel | null>();
  private readonly reloads = new Mutex();

  constructor(
    send: (message: FromWorker, transfer?: Transferable[]) => void,
    create: (url: string, options: EngineOptions) => Promise<LoadedModel>,
  ) {
    this.send = send;
    this.create = create;
  }

  /** Handle a message of the page. */
  async receive(message: ToWorker): Promise<void> {
    const { id } = message;
    if ("abort" in message) {
      this.running.get(id)?.controller.abort();
      return;
    }
    const controller = new AbortController();
    this.running.set(id, { asked: message, controller });
    try {
      const result = await this.answer(message, controller.signal);
      this.send({ id, result }, transferable(result));
    } catch (error) {
      this.send({ id, error: KernelcError.from(error).toJSON() });
    } finally {
      this.running.delete(id);
    }
  }

  private async answer({ id, engine: number, call }: Asked, signal: AbortSignal): Promise<unknown> {
    if (call.method === "open") return this.open(number, call.url, { ...call.options, signal });
    if (call.method === "reload")
      return this.reloads.alone(() => this.reload(number, call.url, { ...call.options, signal }), signal);
    const engine = this.engines.get(number);
    if (engine === undefined) throw disposed();
    if (engine === null && call.method === "dispose") return void this.engines.delete(number);
    if (engine === null) throw noModel();
    switch (call.method) {
      case "chat":
        return this.answers(id, await engine.chat.completions.create({ ...call.request, signal }));
      case "complete":
        return this.answers(id, await engine.completions.create({ ...call.request, signal }));
      case "embed":
        return engine.embeddings.create({ ...call.request, signal });
      case "generate":
        return engine.tokens.generate(call.ids, { ...call.request, signal });
      case "score":
        return engine.tokens.score(call.ids);
      case "encode":
        return engine.tokens.encode(call.text);
      case "decode":
        return engine.tokens.decode(call.ids);
      case "count":
        return engine.tokens.count(call.request);
      case "plan":
        return engine.plan(call.contextLength);
      case "dispose":
        this.engines.delete(number);
        this.stop(number);
        return engine.dispose();
      default:
        return engine[call.method]();
    }
  }

  private async open(engine: number, url: string, options: PlainOptions & EngineOptions): Promise<Opened> {
    if (options.threadUrl !== undefined) threadsAt(options.threadUrl);
    if (this.engines.has(engine)) throw new KernelcError("usage", `engine ${engine} is open already`);
    const opened = await this.load(engine, url, options);
    this.engines.set(engine, opened);
    return { model: opened.model };
  }

  /** The old model is released before the next is loaded, since both may not fit. */
  private async reload(engine: number, url: string, options: PlainOptions & EngineOptions): Promise<Opened> {
    const old = this.engines.get(engine);
    if (old === undefined) throw disposed();
    this.engines.set(engine, null);
    this.stop(engine);
    await old?.dispose();
    const opened = await this.load(engine, url, options);
    if (!this.engines.has(engine)) {
      await opened.dispose(); // nobody else would release it
      throw disposed();
    }
    this.engines.set(engine, opened);
    return { model: opened.model };
  }

  private load(engine: number, url: string, options: PlainOptions & EngineOptions): Promise<LoadedModel> {
    const { threadUrl: _, ...rest } = options;
    return this.create(url, {
      ...rest,
      onProgress: (progress) => this.send({ engine, progress }),
      onNotice: (notice) => this.send({ engine, notice }),
      onBusy: (busy) => this.send({ engine, busy }),
    });
  }

  /** Stop what an engine answers: where others use its model, too, releasing that does not. */
  private stop(engine: number): void {
    for (const { asked, controller } of this.running.values())
      if (asked.engine === engine && asked.call.method !== "reload") controller.abort();
  }

  /** Stop all calls, and release all engines. */
  async end(): Promise<void> {
    for (const { controller } of this.running.values()) controller.abort();
    const engines = [...this.engines.values()];
    this.engines.clear();
    await Promise.all(engines.map((engine) => engine?.dispose()));
  }

  /**
   * Sends chunks as they come, several at once where they come fast. A whole answer is returned as the
   * result.
   */
  private async answers(id: number, answer: object | AsyncIterable<AnyChunk>): Promise<unknown> {
    if (!(Symbol.asyncIterator in answer)) return answer;
    let waiting: AnyChunk[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const flush = (): void => {
      timer = null;
      if (!waiting.length) return;
      this.send({ id, chunks: waiting });
      waiting = [];
      timer = setTimeout(flush, BATCH_MS);
    };
    try {
      for await (const chunk of answer) {
        waiting.push(chunk);
        if (timer === null) flush();
      }
    } finally {
      if (timer !== null) clearTimeout(timer);
      if (waiting.length) this.send({ id, chunks: waiting });
    }
    return null;
  }
}

/** Logits move to the page without being copied; rows may share a buffer, which moves once. */
function transferable(result: unknown): Transferable[] {
  if (!Array.isArray(result)) return [];
  const buffers = result.filter((row) => row instanceof Float32Array).map((row) => row.buffer);
  return [...new Set(buffers)];
}
