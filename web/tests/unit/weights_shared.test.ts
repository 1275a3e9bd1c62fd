/** Weights that other sites downloaded before, and weights that lie on another site. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type LoadProgress, openShards, type ShardOptions } from "../../src/weights/load.js";
import type { Bytes } from "../../src/weights/sha256.js";
import { SharedFiles, type CrossOriginStorage } from "../../src/weights/stores/crossOrigin.js";
import { MemoryStore } from "../../src/weights/stores/memory.js";
import { acrossOrigins, FOLDER, model, type Model, ORIGIN, shardPath } from "./weights_fakes.js";

let store: MemoryStore;
let progress: LoadProgress[];

beforeEach(() => {
  vi.stubGlobal("location", { origin: ORIGIN, href: `${ORIGIN}/` });
  [store, progress] = [new MemoryStore(true), []];
});
afterEach(() => vi.unstubAllGlobals());

/** Copies of all shards as the sink saw them. */
async function load(from: Model, options: ShardOptions = {}): Promise<Bytes[]> {
  const seen: Bytes[] = [];
  const all = { store, fetch: from.server.fetch, wait: () => Promise.resolve(), ...options };
  const source = await openShards(FOLDER, from.id, from.shards, all);
  await source.stream((_, data) => void seen.push(data.slice()), { onProgress: (now) => progress.push(now) });
  return seen;
}

/** A browser's storage for all sites; `refuses` says what its user does. */
class FakeShared implements CrossOriginStorage {
  readonly files = new Map<string, Bytes>();
  asked = 0;
  refuses = false;

  requestFileHandle = async (hash: { value: string; algorithm: string }, options: { create?: boolean } = {}): Promise<FileSystemFileHandle> => {
    this.asked += 1;
    if (this.refuses) throw new DOMException("no", "NotAllowedError");
    expect(hash.algorithm).toBe("SHA-256");
    const bytes = this.files.get(hash.value);
    if (!bytes && !options.create) throw new DOMException("none", "NotFoundError");
    const handle = {
      getFile: async () => new Blob([bytes ?? new Uint8Array(0)]),
      createWritable: async () => ({
        write: async (data: Bytes) => void this.files.set(hash.value, data.slice()),
        close: async () => undefined,
      }),
    };
    return handle as unknown as FileSystemFileHandle;
  };
}

describe("files that sites share", () => {
  it("are offered by the site that downloads them, and taken by the others", async () => {
    const [demo, storage] = [model([5000, 3000]), new FakeShared()];
    await load(demo, { shared: new SharedFiles(storage) });
    expect([...storage.files.keys()].sort()).toEqual(demo.shards.map((shard) => shard.sha256).sort());
    demo.server.seen.length = 0;
    const elsewhere = new MemoryStore(true);
    expect(await load(demo, { shared: new SharedFiles(storage), store: elsewhere })).toEqual(demo.data);
    expect(demo.server.seen).toEqual([]);
    expect(progress.at(-1)).toMatchObject({ loadedBytes: 8000, fromCache: 8000 });
    expect((await elsewhere.sizes("shards")).size).toBe(0); // they stay where they are
  });

  it("are not believed: what is damaged is downloaded, and a download goes on", async () => {
    const [demo, storage] = [model([5000]), new FakeShared()];
    const lost = Array.from({ length: 9 }, () => ({ unreachable: true }));
    demo.server.faults.set(shardPath(0), [{ cutAfter: 2500 }, ...lost]);
    await expect(load(demo)).rejects.toMatchObject({ code: "network" });
    storage.files.set(demo.shards[0]?.sha256 ?? "", new Uint8Array(5000));
    demo.server.seen.length = 0;
    demo.server.faults.clear();
    expect(await load(demo, { shared: new SharedFiles(storage) })).toEqual(demo.data);
    expect(demo.server.seen.map(({ range }) => range)).toEqual(["bytes=2500-"]);
    expect(storage.files.get(demo.shards[0]?.sha256 ?? "")).toEqual(demo.data[0]);
  });

  it("are not asked for again after a refusal", async () => {
    const [demo, storage] = [model([5000, 3000, 2000]), new FakeShared()];
    storage.refuses = true;
    expect(await load(demo, { shared: new SharedFiles(storage) })).toEqual(demo.data);
    expect(storage.asked).toBeLessThanOrEqual(2);
  });

  it("are not asked for again after a refusal, though one that was asked for beside it was not there", async () => {
    const answers = [new DOMException("no", "NotAllowedError"), new DOMException("none", "NotFoundError")];
    let asked = 0;
    const storage: CrossOriginStorage = {
      requestFileHandle: async () => {
        throw answers[(asked += 1) - 1] ?? new Error("asked again");
      },
    };
    const shared = new SharedFiles(storage);
    const read = (): Promise<boolean> => shared.read("0", new Uint8Array(1));
    expect(await Promise.all([read(), read()])).toEqual([false, false]);
    expect([await read(), asked]).toEqual([false, 2]);
  });

  it("do not hold up a load that is stopped while the browser asks its user", async () => {
    const stopping = new AbortController();
    const requestFileHandle = (): Promise<FileSystemFileHandle> => {
      setTimeout(() => stopping.abort());
      return new Promise(() => undefined);
    };
    const demo = model([5000]);
    const all = { store, fetch: demo.server.fetch, shared: new SharedFiles({ requestFileHandle }) };
    const source = await openShards(FOLDER, demo.id, demo.shards, all);
    const streaming = source.stream(() => undefined, { signal: stopping.signal });
    await expect(streaming).rejects.toMatchObject({ code: "aborted" });
  });

  it("are asked for as earlier drafts have it, too", async () => {
    const [demo, storage] = [model([5000]), new FakeShared()];
    const draft: CrossOriginStorage = {
      requestFileHandles: async ([hash], options) => [await storage.requestFileHandle(hash ?? { value: "", algorithm: "" }, options)],
    };
    await load(demo, { shared: new SharedFiles(draft) });
    expect(storage.files.size).toBe(1);
    expect(SharedFiles.here()).toBeNull();
  });
});

describe("a model on another site", () => {
  beforeEach(() => vi.stubGlobal("location", { origin: "https://page.test", href: "https://page.test/" }));

  it("loads though nothing tells that it is compressed", async () => {
    const demo = model([5000]);
    demo.server.faults.set(shardPath(0), [{ contentLength: 700 }]);
    expect(await load(demo, { fetch: acrossOrigins(demo.server.fetch) })).toEqual(demo.data);
  });

  it("goes on where its download broke, though its ranges are not shown", async () => {
    const demo = model([5000]);
    demo.server.faults.set(shardPath(0), [{ cutAfter: 2000 }]);
    expect(await load(demo, { fetch: acrossOrigins(demo.server.fetch) })).toEqual(demo.data);
    expect(demo.server.seen.map(({ range }) => range)).toEqual([null, "bytes=2000-"]);
  });

  it("starts again where the rest has another length than it should", async () => {
    const demo = model([5000]);
    demo.server.faults.set(shardPath(0), [{ cutAfter: 2000 }, { contentLength: 700 }]);
    expect(await load(demo, { fetch: acrossOrigins(demo.server.fetch) })).toEqual(demo.data);
    expect(demo.server.seen.map(({ range }) => range)).toEqual([null, "bytes=2000-", null]);
  });

  it("starts again where it allows no ranges, which looks as if it did not answer", async () => {
    const demo = model([5000]);
    demo.server.faults.set(shardPath(0), [{ cutAfter: 2000 }, { unreachable: true }, { unreachable: true }]);
    expect(await load(demo, { fetch: acrossOrigins(demo.server.fetch) })).toEqual(demo.data);
    expect(demo.server.seen.map(({ range }) => range)).toEqual([null, "bytes=2000-", "bytes=2000-", null]);
  });
});
