// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KernelcError } from "../../src/artifact/errors.js";
import type {
  ChatChunk,
  ChatCompletion,
  ChatRequest,
  Engine,
  EngineOptions,
  ModelCard,
  TextRequest,
} from "../../src/engine/api.js";
import type { FromWorker, ToWorker } from "../../src/engine/worker/protocol.js";
import { createWorkerEngine, EngineWorker } from "../../src/engine/worker/workerEngine.js";
import { WorkerHost } from "../../src/engine/worker/workerHost.js";

/** A worker whose messages cross by structured clone, as they do between threads. */
class FakeWorker extends EventTarget {
  readonly host: WorkerHost;
  terminated = false;
  fromWorker = 0;

  constructor(create: (url: string, options: EngineOptions) => Promise<Engine>) {
    super();
    this.host = new WorkerHost((message) => this.deliver(message), create);
  }

  postMessage(message: ToWorker): void {
    const data = structuredClone(message);
    queueMicrotask(() => void this.host.receive(data));
  }

  private deliver(message: FromWorker): void {
    const data = structuredClone(message);
    this.fromWorker += 1;
    queueMicrotask(() => this.terminated || this.dispatchEvent(new MessageEvent("message", { data })));
  }

  terminate(): void {
    this.terminated = true;
  }
}

const MODEL = { name: "fake", context: 8 } as unknown as ModelCard;

function chunk(content: string): ChatChunk {
  const choice = { index: 0 as const, delta: { content }, finish_reason: null, logprobs: null };
  return { id: "1", object: "chat.completion.chunk", created: 0, model: "fake", choices: [choice] };
}

/** An engine that says the request's words one by one. */
class FakeEngine {
  readonly model = MODEL;
  disposed = 0;
  left = 0;
  readonly chat = { completions: { create: (request: ChatRequest) => this.create(request) } };
  readonly completions = {
    create: async ({ prompt, stream }: TextRequest): Promise<unknown> =>
      stream ? this.say(String(prompt).split(" ")) : { text: prompt },
  };
  readonly tokens = {
    generate: async (ids: readonly number[]) => ({ ids: [...ids].reverse() }),
    score: async (ids: readonly number[]) => {
      const all = new Float32Array(ids.length * 4);
      return ids.map((_, row) => all.subarray(row * 4, row * 4 + 4).fill(row));
    },
  };

  private async create(request: ChatRequest): Promise<unknown> {
    const words = String(request.messages[0]?.content ?? "").split(" ");
    if (words[0] === "fail") throw new KernelcError("context", "too long", { help: "shorten it" });
    if (!request.stream) return { whole: request.messages[0]?.content } as unknown as ChatCompletion;
    return this.say(words, request.signal);
  }

  private async *say(words: readonly string[], signal?: AbortSignal): AsyncGenerator<ChatChunk> {
    try {
      for (const word of words) {
        if (word === "wait") await new Promise((resolve) => setTimeout(resolve, 20));
        if (word === "break") throw new KernelcError("device-lost", "gone");
        if (signal?.aborted) throw new KernelcError("aborted", "stopped on request");
        yield chunk(word);
      }
    } finally {
      this.left += 1;
    }
  }

  stats = async (): Promise<unknown> => ({ context: 8 });
  plan = async (contextLength: number): Promise<unknown> => ({ context: contextLength });
  reset = async (): Promise<void> => undefined;
  simulateLoss = async (): Promise<void> => undefined;
  dispose = async (): Promise<void> => void (this.disposed += 1);
}

describe("an engine in a worker", () => {
  let fake: FakeEngine;
  let worker: FakeWorker;
  let engine: Engine;
  let opened: { url: string; options: EngineOptions } | null;
  const heard: unknown[] = [];

  beforeEach(async () => {
    fake = new FakeEngine();
    opened = null;
    heard.length = 0;
    worker = new FakeWorker(async (url, options) => {
      opened = { url, options };
      options.onProgress?.({ phase: "weights", loadedBytes: 1 });
      options.onNotice?.({ code: "storage-full", message: "full" });
      return fake as unknown as Engine;
    });
    engine = await createWorkerEngine("models/x/", {
      worker: worker as unknown as Worker,
      context: 8,
      onProgress: (progress) => heard.push(progress.phase),
      onNotice: (notice) => heard.push(notice.code),
    });
  });
  afterEach(() => engine.dispose());

  const ask = (content: string): ChatRequest & { stream: true } => ({
    messages: [{ role: "user", content }], stream: true,
  });

  async function said(stream: AsyncIterable<ChatChunk>): Promise<string[]> {
    const words: string[] = [];
    for await (const { choices } of stream) words.push(choices[0]?.delta.content ?? "");
    return words;
  }

  it("opens on the page's own address, and tells what loading tells", () => {
    expect(opened?.url).toBe(new URL("models/x/", document.baseURI).href);
    expect(opened?.options.context).toBe(8);
    expect(heard).toEqual(["weights", "storage-full"]);
    expect(engine.model).toEqual(MODEL);
  });

  it("ends a worker that a stranger's text keeps busy, and no other", async () => {
    vi.useFakeTimers();
    try {
      const say = async (busy: string | null): Promise<void> => {
        opened?.options.onBusy?.(busy);
        await vi.advanceTimersByTimeAsync(0);
      };
      await say("the tokenizer");
      await vi.advanceTimersByTimeAsync(19_000);
      await say(null);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(worker.terminated).toBe(false);
      fake.stats = () => new Promise(() => undefined); // it hears nothing while it searches
      const asked = engine.stats();
      const told = expect(asked).rejects.toThrow("the tokenizer of the model took longer than 20 s");
      await say("the tokenizer");
      await vi.advanceTimersByTimeAsync(20_001);
      await told;
      expect(worker.terminated).toBe(true);
    } finally {
      vi.useRealTimers();
    }
    await expect(engine.stats()).rejects.toThrow("took longer");
  });

  it("answers every call", async () => {
    expect(await engine.stats()).toEqual({ context: 8 });
    expect(await engine.plan(5)).toEqual({ context: 5 });
    expect(await engine.tokens.generate([1, 2, 3])).toMatchObject({ ids: [3, 2, 1] });
    expect((await engine.tokens.score([1, 2])).map((row) => [...row])).toEqual([[0, 0, 0, 0], [1, 1, 1, 1]]);
    const { messages } = ask("hi");
    expect(await engine.chat.completions.create({ messages })).toEqual({ whole: "hi" });
    expect(await engine.completions.create({ prompt: "hi" })).toEqual({ text: "hi" });
    await engine.reset();
  });

  it("streams text completions, too", async () => {
    const stream = await engine.completions.create({ prompt: "a b", stream: true });
    expect(await said(stream as unknown as AsyncIterable<ChatChunk>)).toEqual(["a", "b"]);
  });

  it("streams in order, with what comes fast in few messages", async () => {
    const words = Array.from({ length: 500 }, (_, at) => `w${at}`);
    const before = worker.fromWorker;
    expect(await said(await engine.chat.completions.create(ask(words.join(" "))))).toEqual(words);
    expect(worker.fromWorker - before).toBeLessThan(10);
    const slow = await engine.chat.completions.create(ask("a wait b wait c"));
    expect(await said(slow)).toEqual(["a", "wait", "b", "wait", "c"]);
  });

  it("throws what is thrown there, before or in the stream", async () => {
    const failed = engine.chat.completions.create(ask("fail"));
    await expect(failed).rejects.toBeInstanceOf(KernelcError);
    await expect(failed).rejects.toMatchObject({ code: "context", message: "too long", help: "shorten it" });
    const words: string[] = [];
    const broken = (async () => {
      for await (const { choices } of await engine.chat.completions.create(ask("a b break"))) {
        words.push(choices[0]?.delta.content ?? "");
      }
    })();
    await expect(broken).rejects.toMatchObject({ code: "device-lost" });
    expect(words).toEqual(["a", "b"]);
  });

  it("stops on request", async () => {
    const controller = new AbortController();
    const stream = await engine.chat.completions.create({ ...ask("a wait b c"), signal: controller.signal });
    controller.abort();
    await expect(said(stream)).rejects.toMatchObject({ code: "aborted" });
    await expect(engine.chat.completions.create({ ...ask("a"), signal: controller.signal })).rejects.toMatchObject({
      code: "aborted",
    });
    expect(fake.left).toBe(1);
  });

  it("stops the answer of which no more is read", async () => {
    for await (const _ of await engine.chat.completions.create(ask("a wait b wait c wait d"))) break;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(fake.left).toBe(1);
  });

  it("ends with the worker", async () => {
    const stream = await engine.chat.completions.create(ask("a wait wait wait b"));
    worker.dispatchEvent(new ErrorEvent("error", { message: "script not found" }));
    await expect(said(stream)).rejects.toThrow("the engine's worker failed: script not found");
    await expect(engine.stats()).rejects.toMatchObject({ code: "internal" });
    expect(worker.terminated).toBe(true);
  });

  it("releases the device, then the worker", async () => {
    await engine.dispose();
    expect([fake.disposed, worker.terminated]).toEqual([1, true]);
    await expect(engine.stats()).rejects.toThrow("the engine was disposed");
  });

  it("shares its worker with other engines, each under its own number", async () => {
    const names: string[] = [];
    const shared = new FakeWorker(async (url, options) => {
      names.push(url);
      options.onProgress?.({ phase: "weights", done: names.length });
      const model = { ...MODEL, name: url } as ModelCard;
      return Object.assign(new FakeEngine(), { model }) as unknown as Engine;
    });
    const host = new EngineWorker({ worker: shared as unknown as Worker });
    const told: [string, number | undefined][] = [];
    const open = (url: string): Promise<Engine> =>
      host.create(url, { onProgress: ({ done }) => told.push([url, done]) });
    const [a, b] = await Promise.all([open("https://x.test/a/"), open("https://x.test/b/")]);
    expect(told).toEqual([["https://x.test/a/", 1], ["https://x.test/b/", 2]]);
    expect([a.model.name, b.model.name]).toEqual(["https://x.test/a/", "https://x.test/b/"]);
    const streams = await Promise.all([a, b].map((each) => each.chat.completions.create(ask("x wait y"))));
    expect(await Promise.all(streams.map(said))).toEqual([["x", "wait", "y"], ["x", "wait", "y"]]);
    await a.dispose();
    expect([shared.terminated, host.engines.length]).toEqual([false, 1]);
    await expect(a.stats()).rejects.toThrow("the engine was disposed");
    expect(await b.stats()).toEqual({ context: 8 });
    host.end();
    expect(shared.terminated).toBe(true);
    await expect(b.stats()).rejects.toThrow("the engine was disposed");
  });

  it("loads other models, one at a time, each with what stays of the options", async () => {
    const opened: [string, number | undefined, FakeEngine][] = [];
    const changing = new FakeWorker(async (url, options) => {
      if (opened.some(([, , each]) => !each.disposed)) throw new Error("two at once");
      if (url.includes("broken")) throw new KernelcError("network", "no");
      const model = { ...MODEL, name: url } as ModelCard;
      const made = Object.assign(new FakeEngine(), { model });
      opened.push([url, options.threads, made]);
      return made as unknown as Engine;
    });
    const own = await createWorkerEngine("https://x.test/a/", { worker: changing as unknown as Worker, threads: 2 });
    await own.reload("https://x.test/b/");
    expect([own.model.name, await own.stats()]).toEqual(["https://x.test/b/", { context: 8 }]);
    await expect(own.reload("https://x.test/broken/")).rejects.toMatchObject({ code: "network" });
    await expect(own.stats()).rejects.toThrow("the engine has no model at the moment");
    await Promise.all([own.reload(), own.reload("https://x.test/c/", { threads: 3 })]);
    expect(opened.map(([url, threads]) => [url.at(-2), threads])).toEqual([["a", 2], ["b", 2], ["b", 2], ["c", 3]]);
    await own.dispose();
    expect(opened.every(([, , each]) => each.disposed === 1)).toBe(true);
  });

  it("ends its answers when it is loaded again or disposed of, though others may use the model", async () => {
    const shared = new FakeWorker(async () => fake as unknown as Engine);
    const host = new EngineWorker({ worker: shared as unknown as Worker });
    const [own, other] = [await host.create("https://x.test/a/"), await host.create("https://x.test/b/")];
    const kept = await other.chat.completions.create(ask("a wait wait wait wait b"));
    for (const end of [() => own.reload(), () => own.dispose()]) {
      const stream = await own.chat.completions.create(ask("a wait wait b"));
      const ended = expect(said(stream)).rejects.toMatchObject({ code: "aborted" });
      await end();
      await ended;
    }
    expect((await said(kept)).length).toBe(6);
  });

  it("gets the memory that others leave, also when it is loaded again", async () => {
    vi.stubGlobal("navigator", { deviceMemory: 4, userAgent: "X11; Linux" });
    try {
      const given: [string, number | undefined][] = [];
      const bounded = new FakeWorker(async (url, options) => {
        if (url.includes("broken")) throw new KernelcError("network", "no");
        given.push([url.slice(-2, -1), options.memoryBytes]);
        const plan = async (): Promise<unknown> => ({ taken_bytes: 1000 });
        return Object.assign(new FakeEngine(), { plan }) as unknown as Engine;
      });
      const host = new EngineWorker({ worker: bounded as unknown as Worker });
      const a = await host.create("https://x.test/a/");
      const b = await host.create("https://x.test/b/");
      await b.reload();
      await a.dispose();
      await b.reload();
      await expect(b.reload("https://x.test/broken/")).rejects.toMatchObject({ code: "network" });
      await host.create("https://x.test/c/"); // one that has no model takes nothing, and hinders nobody
      const all = 2 * 2 ** 30;
      expect(given).toEqual([["a", all], ["b", all - 1000], ["b", all - 1000], ["b", all], ["c", all]]);
      host.end();
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("says what cannot cross to the worker", async () => {
    const odd = { ...ask("a"), model: () => "x" } as unknown as ChatRequest & { stream: true };
    await expect(engine.chat.completions.create(odd)).rejects.toMatchObject({
      code: "usage", message: expect.stringContaining("cannot be sent to the worker") as unknown,
    });
    expect(await said(await engine.chat.completions.create(ask("a b")))).toEqual(["a", "b"]);
  });

  it("works where AbortSignal.any is not there yet", async () => {
    vi.stubGlobal("AbortSignal", Object.assign(class {}, { any: undefined }));
    try {
      const { signal } = new AbortController();
      expect(await said(await engine.chat.completions.create({ ...ask("a b"), signal }))).toEqual(["a", "b"]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("ends a worker that does not hear that loading was stopped", async () => {
    const deaf = new FakeWorker(() => new Promise(() => undefined));
    const controller = new AbortController();
    const opening = createWorkerEngine("x/", { worker: deaf as unknown as Worker, signal: controller.signal });
    controller.abort();
    await expect(opening).rejects.toMatchObject({ code: "aborted" });
    expect(deaf.terminated).toBe(true);
  });

  it("ends the worker where opening fails", async () => {
    const refused = new FakeWorker(async () => {
      throw new TypeError("odd");
    });
    const opening = createWorkerEngine("x/", { worker: refused as unknown as Worker });
    await expect(opening).rejects.toMatchObject({ code: "internal", message: "TypeError: odd" });
    expect(refused.terminated).toBe(true);
  });
});
