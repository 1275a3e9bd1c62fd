import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KernelcError } from "../../src/artifact/errors.js";
import {
  type LoadProgress, type Notice, openShards, type ShardOptions, type ShardSpec,
} from "../../src/weights/load.js";
import { MemoryStore } from "../../src/weights/stores/memory.js";
import { deleteModel, storedBytes, storedModels } from "../../src/weights/models.js";
import type { Bytes } from "../../src/weights/sha256.js";
import type { Store } from "../../src/weights/stores/store.js";
import { FailingStore, type Fault, flip, FOLDER, model, type Model, ORIGIN, sha256, shardPath } from "./weights_fakes.js";

let store: MemoryStore;
let notices: Notice["code"][];
let progress: LoadProgress[];

beforeEach(() => {
  vi.stubGlobal("location", { origin: ORIGIN, href: `${ORIGIN}/` });
  store = new MemoryStore(true);
  [notices, progress] = [[], []];
});
afterEach(() => vi.unstubAllGlobals());

interface Run extends ShardOptions {
  signal?: AbortSignal;
  sink?: (index: number, data: Bytes) => Promise<void> | void;
  folder?: string;
}

/** Streams all shards; returns copies of them as the sink saw them, with their numbers. */
async function load(from: Model, { signal, sink, folder = FOLDER, ...options }: Run = {}): Promise<[number, Bytes][]> {
  const seen: [number, Bytes][] = [];
  const all = { store, fetch: from.server.fetch, wait: () => Promise.resolve(), ...options };
  const source = await openShards(folder, from.id, from.shards, all);
  const take = async (index: number, data: Bytes): Promise<void> => {
    seen.push([index, data.slice()]);
    await sink?.(index, data);
  };
  await source.stream(take, {
    signal,
    onProgress: (now) => progress.push(now),
    onNotice: (notice) => notices.push(notice.code),
  });
  return seen;
}

async function failure(loading: Promise<unknown>): Promise<KernelcError> {
  const error: unknown = await loading.then(() => undefined, (reason: unknown) => reason);
  if (error instanceof KernelcError) return error;
  throw new Error(`expected a KernelcError, got ${String(error)}`);
}

/** A connection that breaks, and never comes back. */
const cutForGood = (after: number): Fault[] => {
  return [{ cutAfter: after }, ...Array.from({ length: 9 }, () => ({ unreachable: true }))];
};

const inOrder = (from: Model): [number, Bytes][] => from.data.map((bytes, index) => [index, bytes]);
const last = (): LoadProgress | undefined => progress.at(-1);

describe("loading shards", () => {
  it("hands them over in order, verified, and stores them", async () => {
    const demo = model([5000, 3000, 4000]);
    expect(await load(demo)).toEqual(inOrder(demo));
    expect(Array.from((await store.sizes("shards")).keys()).sort()).toEqual(demo.shards.map((s) => s.sha256).sort());
    expect(last()).toMatchObject({ phase: "weights", loadedBytes: 12_000, totalBytes: 12_000, fromCache: 0 });
  });

  it("never downloads them twice", async () => {
    const demo = model([5000, 3000]);
    await load(demo);
    demo.server.seen.length = 0;
    expect(await load(demo)).toEqual(inOrder(demo));
    expect(demo.server.seen).toEqual([]);
    expect(last()).toMatchObject({ loadedBytes: 8000, fromCache: 8000, bytesPerSecond: 0 });
  });

  it("never holds more than two: one consumed, one arriving", async () => {
    const demo = model([4000, 4000, 4000, 4000, 4000]);
    const buffers = new Set<ArrayBuffer>();
    await load(demo, {
      sink: async (index, data) => {
        buffers.add(data.buffer);
        await new Promise((resolve) => setTimeout(resolve, 20)); // long enough for all that may arrive meanwhile
        const asked = demo.server.seen.map((seen) => seen.path);
        expect(asked).not.toContain(shardPath(index + 2));
        if (index < 4) expect(asked).toContain(shardPath(index + 1));
      },
    });
    expect(buffers.size).toBe(2);
  });

  it("goes on where the sink took a buffer away", async () => {
    const demo = model([4000, 4000, 4000, 4000]);
    const sink = (_: number, data: Bytes): void => void structuredClone(data, { transfer: [data.buffer] });
    expect(await load(demo, { sink })).toEqual(inOrder(demo));
  });

  it("stops the download when the sink fails", async () => {
    const demo = model([4000, 4000, 4000]);
    const broken = new Error("device lost");
    await expect(load(demo, { sink: () => Promise.reject(broken) })).rejects.toBe(broken);
    expect(demo.server.requests("0002")).toEqual([]);
  });

  it("refuses shards that no build writes", async () => {
    const [good] = model([100]).shards as [ShardSpec];
    const bad: Partial<ShardSpec>[] = [
      { bytes: 64 * 2 ** 20 + 1 }, { bytes: 0 }, { bytes: 1.5 }, { sha256: "../x" }, { file: "../../secret.bin" },
      { file: "https://evil.test/x" }, { file: "/x" }, { file: "a//b" },
    ];
    for (const change of bad) {
      const error = await failure(openShards(FOLDER, good.sha256, [{ ...good, ...change }], { store }));
      expect(error.code, JSON.stringify(change)).toBe("bad-artifact");
    }
  });
});

describe("going on after a break", () => {
  it("fetches only the rest after a visit that was stopped", async () => {
    const demo = model([5000, 5000]);
    demo.server.faults.set(shardPath(1), [{ stallAfter: 2000 }]);
    const controller = new AbortController();
    const sink = (index: number): void => void (index === 0 && setTimeout(() => controller.abort(), 20));
    expect(await failure(load(demo, { signal: controller.signal, sink }))).toMatchObject({ code: "aborted" });
    expect(await storedModels(store)).toMatchObject([{ bytes: 7000, totalBytes: 10_000, complete: false }]);

    demo.server.seen.length = 0;
    expect(await load(demo)).toEqual(inOrder(demo));
    const etag = `"${sha256(demo.data[1] as Bytes).slice(0, 16)}"`;
    expect(demo.server.seen).toMatchObject([{ path: shardPath(1), range: "bytes=2000-", ifRange: etag }]);
    expect(last()).toMatchObject({ loadedBytes: 10_000, fromCache: 7000 });
    expect(await storedModels(store)).toMatchObject([{ bytes: 10_000, complete: true }]);
  });

  it("keeps what arrived before the network failed for good", async () => {
    const demo = model([5000]);
    demo.server.faults.set(shardPath(0), cutForGood(3000));
    expect(await failure(load(demo))).toMatchObject({ code: "network" });
    expect(await storedBytes(demo.shards, store)).toBe(3000);
  });

  it("fetches all of a shard whose stored beginning is damaged", async () => {
    const demo = model([5000]);
    demo.server.faults.set(shardPath(0), cutForGood(3000));
    await failure(load(demo));
    await flip(store, "shards", demo.shards[0]?.sha256 ?? "", 17);
    demo.server.faults.clear();
    demo.server.seen.length = 0;
    expect(await load(demo)).toEqual(inOrder(demo));
    expect(demo.server.seen.map((seen) => seen.range)).toEqual(["bytes=3000-", null]);
    expect(notices).toEqual(["refetched"]);
  });

  it("goes on from another address without that one's ETag", async () => {
    const demo = model([5000]);
    demo.server.faults.set(shardPath(0), cutForGood(3000));
    await failure(load(demo));
    demo.server.files.set("/mirror/weights/0000.bin", demo.data[0] as Bytes);
    demo.server.seen.length = 0;
    expect(await load(demo, { folder: `${ORIGIN}/mirror/` })).toEqual(inOrder(demo));
    expect(demo.server.seen).toMatchObject([{ range: "bytes=3000-", ifRange: null }]);
  });
});

describe("damaged shards", () => {
  it("are noticed in the store and fetched again", async () => {
    const demo = model([5000, 3000]);
    await load(demo);
    await flip(store, "shards", demo.shards[1]?.sha256 ?? "", 2999);
    demo.server.seen.length = 0;
    expect(await load(demo)).toEqual(inOrder(demo));
    expect(demo.server.seen).toMatchObject([{ path: shardPath(1), range: null }]);
    expect(notices).toEqual(["refetched"]);
    expect(await load(demo)).toEqual(inOrder(demo));
    expect(demo.server.seen).toHaveLength(1);
  });

  it("are noticed as they arrive and fetched again", async () => {
    const demo = model([5000]);
    demo.server.faults.set(shardPath(0), [{ flipAt: 4321 }]);
    expect(await load(demo)).toEqual(inOrder(demo));
    expect(notices).toEqual(["refetched"]);
    expect(last()).toMatchObject({ loadedBytes: 5000 });
  });

  it("are named, with both hashes, where fetching again does not help", async () => {
    const demo = model([100, 5000]);
    demo.server.faults.set(shardPath(1), [{ flipAt: 4321 }, { flipAt: 4321 }, {}]);
    const sunk: number[] = [];
    const error = await failure(load(demo, { sink: (index) => void sunk.push(index) }));
    const damaged = (demo.data[1] as Bytes).slice();
    damaged.set([(damaged[4321] ?? 0) ^ 1], 4321);
    expect(error.code).toBe("corrupt-shard");
    const said = ["weights/0001.bin", sha256(damaged), demo.shards[1]?.sha256];
    for (const part of said) expect(error.message).toContain(part);
    expect(demo.server.requests("0001")).toHaveLength(2);
    expect(sunk).toEqual([0]);
    expect(await store.size("shards", demo.shards[1]?.sha256 ?? "")).toBe(0);
  });

  it("are named where one was stored and the server's is damaged too", async () => {
    const demo = model([5000]);
    await load(demo);
    await flip(store, "shards", demo.shards[0]?.sha256 ?? "", 0);
    demo.server.faults.set(shardPath(0), [{ flipAt: 1 }, {}]);
    expect(await failure(load(demo))).toMatchObject({ code: "corrupt-shard" });
    expect(demo.server.requests("0000")).toHaveLength(2);
  });

  it("are fetched again where the server's file has another size", async () => {
    const demo = model([5000]);
    demo.server.faults.set(shardPath(0), [{ bodyBytes: 9000 }]);
    expect(await load(demo)).toEqual(inOrder(demo));
    expect(notices).toEqual(["refetched"]);
  });

  it("longer than they should be are not read at all", async () => {
    const demo = model([5000]);
    const writer = await store.append("shards", demo.shards[0]?.sha256 ?? "", 0);
    await writer.write(new Uint8Array(5001));
    expect(await load(demo)).toEqual(inOrder(demo));
    expect(await store.size("shards", demo.shards[0]?.sha256 ?? "")).toBe(5000);
  });
});

describe("storage that is short or missing", () => {
  it("is looked at first: what does not fit is loaded without being stored", async () => {
    const demo = model([5000, 3000]);
    expect(await load(demo, { room: () => Promise.resolve(7999) })).toEqual(inOrder(demo));
    expect(notices).toEqual(["storage-full"]);
    expect(await storedBytes(demo.shards, store)).toBe(0);
  });

  it("counts only what is still to be stored", async () => {
    const demo = model([5000, 3000]);
    await load({ ...demo, shards: demo.shards.slice(0, 1) });
    expect(await load(demo, { room: () => Promise.resolve(3000) })).toEqual(inOrder(demo));
    expect(notices).not.toContain("storage-full");
    expect(await storedBytes(demo.shards, store)).toBe(8000);
  });

  it("makes room with an earlier version of the same model", async () => {
    const old = model([5000], 1);
    await load(old);
    const now = model([6000], 2);
    const room = async (): Promise<number> => ((await storedBytes(old.shards, store)) > 0 ? 1000 : 6000);
    await load(now, { room });
    expect(notices).not.toContain("storage-full");
    expect((await storedModels(store)).map((stored) => stored.id)).toEqual([now.id]);
  });

  it.each([
    ["QuotaExceededError", "storage-full"],
    ["InvalidStateError", "storage-blocked"],
  ])("may fail in the middle (%s): loading goes on, and a notice says so once", async (error, notice) => {
    const failing = new FailingStore(6500, error);
    const demo = model([5000, 3000, 2000]);
    expect(await load(demo, { store: failing })).toEqual(inOrder(demo));
    expect(notices).toEqual([notice]);
    const sizes = await failing.sizes("shards");
    expect(Array.from(sizes)).toEqual([[demo.shards[0]?.sha256, 5000]]);
  });

  it("in memory keeps no shards, and says that it will not", async () => {
    const demo = model([5000]);
    const memory = new MemoryStore();
    expect(await load(demo, { store: memory })).toEqual(inOrder(demo));
    expect(await load(demo, { store: memory })).toEqual(inOrder(demo));
    expect(notices).toEqual(["storage-blocked", "storage-blocked"]);
    expect(demo.server.seen).toHaveLength(2);
    expect(await memory.sizes("shards")).toEqual(new Map());
  });

  it("may fail to read: then shards are downloaded", async () => {
    const demo = model([5000]);
    await load(demo);
    const unreadable: Store = Object.assign(Object.create(store) as MemoryStore, {
      read: () => Promise.reject(new DOMException("no", "NotReadableError")),
    });
    expect(await load(demo, { store: unreadable })).toEqual(inOrder(demo));
  });

  it("that browsers may clear on their own is mentioned", async () => {
    const persisted = vi.fn(() => Promise.resolve(false));
    const persist = vi.fn(() => Promise.resolve(false));
    const estimate = (): Promise<StorageEstimate> => Promise.resolve({ usage: 0, quota: 1e9 });
    vi.stubGlobal("navigator", { storage: { persisted, persist, estimate } });
    await load(model([5000]));
    expect(persist).toHaveBeenCalled();
    expect(notices).toEqual(["not-persistent"]);
    persisted.mockResolvedValue(true);
    await load(model([5000], 2));
    expect(notices).toEqual(["not-persistent"]);
  });
});

describe("several loads", () => {
  it("of one model at once download every shard once", async () => {
    const demo = model([5000, 3000, 4000]);
    const [first, second] = await Promise.all([load(demo), load(demo)]);
    expect([first, second]).toEqual([inOrder(demo), inOrder(demo)]);
    expect(demo.server.seen.map((seen) => seen.path)).toEqual([0, 1, 2].map(shardPath));
  });

  it("of models that share a shard store and download it once", async () => {
    const one = model([5000, 3000]);
    const two: Model = { ...model([4000], 2), shards: [...model([4000], 2).shards, one.shards[1] as ShardSpec] };
    await load(one);
    expect(await load(two, { folder: `${ORIGIN}/models/two/` }).catch(() => "asked for 0000")).toBe("asked for 0000");
    two.server.files.set("/models/two/weights/0000.bin", two.data[0] as Bytes);
    const seen = await load(two, { folder: `${ORIGIN}/models/two/` });
    expect(seen[1]).toEqual([1, one.data[1]]);
    expect(two.server.requests("0001")).toEqual([]);

    await deleteModel(one.id, store);
    expect(Array.from((await store.sizes("shards")).values()).sort()).toEqual([3000, 4000]);
    await deleteModel(two.id, store);
    expect(await store.sizes("shards")).toEqual(new Map());
    expect(await store.sizes("records")).toEqual(new Map());
  });

  it("replace the earlier version at an address once the new one is whole", async () => {
    const old = model([5000, 3000], 1);
    await load(old);
    const now = model([5000, 3000], 2);
    now.server.faults.set(shardPath(1), [{ status: 404 }]);
    await failure(load(now));
    expect((await storedModels(store)).map((stored) => stored.complete).sort()).toEqual([false, true]);
    await load(now);
    expect(await storedModels(store)).toMatchObject([{ id: now.id, complete: true }]);
    expect(await storedBytes(old.shards, store)).toBe(0);
  });

  it("remove shards that no record names, which nobody could delete", async () => {
    const lost = model([5000], 1);
    await load(lost);
    await store.remove("records", `model-${lost.id}.json`);
    const other = model([3000], 2);
    await load(other);
    expect([...(await store.sizes("shards")).keys()]).toEqual([other.shards[0]?.sha256]);
  });

  it("do not let a model be deleted while it is loading", async () => {
    const demo = model([5000]);
    demo.server.faults.set(shardPath(0), [{ stallAfter: 2000 }]);
    const controller = new AbortController();
    const loading = load(demo, { signal: controller.signal });
    while ((await storedBytes(demo.shards, store)) < 2000) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(await failure(deleteModel(demo.id, store))).toMatchObject({ code: "storage" });
    controller.abort();
    await failure(loading);
    await deleteModel(demo.id, store);
    expect(await storedModels(store)).toEqual([]);
  });

  it("waiting for another's download can be stopped", async () => {
    const demo = model([5000]);
    demo.server.faults.set(shardPath(0), [{ stallAfter: 2000 }]);
    const [first, second] = [new AbortController(), new AbortController()];
    const loading = load(demo, { signal: first.signal });
    while (demo.server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const waiting = failure(load(demo, { signal: second.signal }));
    setTimeout(() => second.abort(), 5);
    expect(await waiting).toMatchObject({ code: "aborted" });
    first.abort();
    expect(await failure(loading)).toMatchObject({ code: "aborted" });
  });
});
