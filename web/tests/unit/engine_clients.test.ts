// @vitest-environment jsdom
/** Engines for several windows: shared while somebody uses them, and opened again where their worker was ended. */

import { describe, expect, it, vi } from "vitest";
import { Connection, type Port } from "../../src/engine/clients/connection.js";
import { createExtensionEngine } from "../../src/engine/clients/clientEngine.js";
import type { ExtensionPort } from "../../src/engine/clients/ports.js";
import { Hub } from "../../src/engine/clients/hub.js";
import { isOurs, read, written, type FromEngines, type ToEngines } from "../../src/engine/clients/messages.js";
import { SharedEngines } from "../../src/engine/clients/sharedEngines.js";
import type { EngineOptions, LoadedModel } from "../../src/engine/api.js";
import { openRemote } from "../../src/engine/worker/remoteEngine.js";

interface Loaded {
  readonly url: string;
  readonly options: EngineOptions;
  disposed: number;
}

/** Engines that remember what was loaded, and how often it was released. */
function sharing(): { engines: SharedEngines; loaded: Loaded[] } {
  const loaded: Loaded[] = [];
  const load = async (url: string, options: EngineOptions): Promise<LoadedModel> => {
    const entry: Loaded = { url, options, disposed: 0 };
    loaded.push(entry);
    options.onProgress?.({ phase: "weights", loadedBytes: 1 });
    await Promise.resolve();
    if (url.includes("broken")) throw new Error("no");
    const stats = async (): Promise<unknown> => ({ url });
    const dispose = async (): Promise<void> => void (entry.disposed += 1);
    return { model: { url }, tokens: {}, chat: {}, stats, dispose } as unknown as LoadedModel;
  };
  return { engines: new SharedEngines(load), loaded };
}

const [A, B] = ["https://x.test/a/", "https://x.test/b/"];

describe("shared engines", () => {
  it("load a model once for the same options, and release it with its last user", async () => {
    const { engines, loaded } = sharing();
    const told: string[] = [];
    const ask = (context: number, who: string): ReturnType<SharedEngines["create"]> =>
      engines.create(A, { context, onProgress: () => told.push(who), memoryBytes: who === "one" ? 5 : 7 });
    const [one, two, other] = await Promise.all([ask(8, "one"), ask(8, "two"), ask(16, "three")]);
    expect(loaded.map(({ options }) => options.context)).toEqual([8, 16]);
    expect(loaded[0]?.options.memoryBytes).toBe(5);
    await one.dispose();
    await one.dispose();
    expect([loaded[0]?.disposed, await two.stats()]).toEqual([0, { url: A }]);
    await two.dispose();
    expect(loaded[0]?.disposed).toBe(1);
    await Promise.all([other.dispose(), engines.create(B, {}).then((each) => each.dispose())]);
    expect(loaded.every(({ disposed }) => disposed === 1)).toBe(true);
    await (await ask(8, "again")).dispose();
    expect(loaded).toHaveLength(4);
  });

  it("load a model again after a failure, and for others where one window stops", async () => {
    const { engines, loaded } = sharing();
    await expect(engines.create("https://x.test/broken/", {})).rejects.toThrow("no");
    await expect(engines.create("https://x.test/broken/", {})).rejects.toThrow("no");
    expect(loaded).toHaveLength(2);
    const stopping = new AbortController();
    const [stopped, kept] = [engines.create(A, { signal: stopping.signal }), engines.create(A, {})];
    stopping.abort();
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
    expect(await (await kept).stats()).toEqual({ url: A });
    expect([loaded.length, loaded.at(-1)?.disposed]).toEqual([3, 0]);
  });
});

/** A port to a hub, whose worker a test may end and start again. */
class FakePort implements Port {
  private receive: (message: FromEngines) => void = () => undefined;
  deaf = false;

  constructor(private readonly hub: () => Hub) {}

  readonly post: Port["post"] = (message) => {
    if (!this.deaf) void this.hub().receive(structuredClone(message), (said) => this.receive(structuredClone(said)));
  };

  readonly listen: Port["listen"] = (receive) => {
    this.receive = receive;
    return () => (this.receive = () => undefined);
  };
}

describe("a connection of a window", () => {
  it("carries an engine, until the worker is another one", async () => {
    const { engines, loaded } = sharing();
    let hub = new Hub(engines);
    const connection = new Connection(new FakePort(() => hub));
    expect(await connection.isAlive()).toBe(true);
    const engine = await openRemote(connection.line, A, {});
    expect(await engine.stats()).toEqual({ url: A });
    expect(await connection.isAlive()).toBe(true);
    hub = new Hub(engines);
    expect(await connection.isAlive()).toBe(false);
    connection.end("gone");
    await expect(engine.stats()).rejects.toThrow("gone");
    expect(loaded).toHaveLength(1);
  });

  it("is dropped with what it had, and knows where nobody answers", async () => {
    const { engines, loaded } = sharing();
    const hub = new Hub(engines);
    const port = new FakePort(() => hub);
    const ids: string[] = [];
    const post = port.post;
    Object.assign(port, { post: (message: Parameters<Port["post"]>[0]) => (ids.push(message.kernelc), post(message)) });
    const connection = new Connection(port);
    await openRemote(connection.line, A, {});
    await hub.drop(ids[0] ?? "");
    expect(loaded[0]?.disposed).toBe(1);
    vi.useFakeTimers();
    try {
      port.deaf = true;
      const alive = connection.isAlive();
      await vi.advanceTimersByTimeAsync(60_001);
      expect(await alive).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a worker that is busy", () => {
  const after = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

  it.each(["answers late", "says something else meanwhile", "says nothing"])("%s: it is what it seems", async (how) => {
    let receive: (message: FromEngines) => void = () => undefined;
    const asked: ToEngines[] = [];
    const listen: Port["listen"] = (take) => ((receive = take), () => undefined);
    const connection = new Connection({ post: (message) => void asked.push(message), listen });
    vi.useFakeTimers();
    try {
      const alive = connection.isAlive();
      const kernelc = asked[0]?.kernelc ?? "";
      await after(45_000);
      if (how === "says something else meanwhile") receive({ kernelc, message: { id: 1, chunks: [] } });
      await after(how === "says nothing" ? 15_001 : 14_000);
      if (how !== "says nothing") await after(how === "answers late" ? 0 : 40_000);
      if (how !== "says nothing") receive({ kernelc, pong: "run" });
      expect(await alive).toBe(how !== "says nothing");
    } finally {
      vi.useRealTimers();
    }
  });
});

/** A port of an extension; `end` is what happens where the browser ends the background. */
function extensionPort(hub: Hub): { port: ExtensionPort; end(): void } {
  let [hear, end]: [(message: unknown) => void, () => void] = [() => undefined, () => undefined];
  const port: ExtensionPort = {
    name: "kernelc",
    postMessage: (message) => void hub.receive(read(message) as ToEngines, (said) => hear(written(said))),
    onMessage: { addListener: (listener) => void (hear = listener) },
    onDisconnect: { addListener: (listener) => void (end = listener) },
    disconnect: () => void (hear = () => undefined),
  };
  return { port, end: () => end() };
}

describe("an engine of a window", () => {
  it("comes back with the model that it had last, and with no options of the one before", async () => {
    const { engines, loaded } = sharing();
    const ports: ReturnType<typeof extensionPort>[] = [];
    const connect = (): ExtensionPort => {
      ports.push(extensionPort(new Hub(engines)));
      return (ports.at(-1) as (typeof ports)[number]).port;
    };
    const engine = await createExtensionEngine(A, { connect, context: 64, build: "x", device: "wasm" });
    await engine.reload(B);
    ports[0]?.end();
    expect(await engine.stats()).toEqual({ url: B });
    expect(ports).toHaveLength(2);
    expect(loaded.map(({ url }) => url)).toEqual([A, B]); // the first window's leases are still there
    expect(loaded[1]?.options.device).toBe("wasm");
    expect(loaded[1]?.options.context).toBeUndefined();
    await engine.dispose();
  });
});

describe("messages of extensions", () => {
  it("bring numbers over as they are, NaN and infinity too", () => {
    const rows = new Float32Array([0, 1.5, -Infinity, NaN, 3e-39, 7]);
    const message = { id: 3, result: [rows.subarray(1, 5), rows], text: "a", nothing: null, list: [{ b: true }] };
    const back = read(JSON.parse(JSON.stringify(written(message)))) as typeof message;
    expect(back).toEqual({ ...message, result: [rows.slice(1, 5), rows] });
    expect(back.result[0]).toBeInstanceOf(Float32Array);
  });

  it("are told from those of others", () => {
    expect([isOurs({ kernelc: "x" }), isOurs({ kernelc: 3 }), isOurs("kernelc"), isOurs(null)]).toEqual([true, false, false, false]);
  });
});
