import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CacheStore } from "../../src/weights/stores/cacheApi.js";
import { MemoryStore } from "../../src/weights/stores/memory.js";
import { OpfsStore } from "../../src/weights/stores/opfs.js";
import { getBytes, putBytes, type Store } from "../../src/weights/stores/store.js";
import { someBytes } from "./weights_fakes.js";
import { FakeCaches, FakeFileHandle, fakeFileSystem } from "./weights_storage_fakes.js";

const MIB = 2 ** 20;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
  FakeFileHandle.failing = "";
});

/** A realm whose file handles have only `methods`; without `document` it is a worker. */
function realm(methods: readonly string[], document?: object): void {
  class Handle {}
  for (const method of methods) Object.assign(Handle.prototype, { [method]: () => undefined });
  vi.stubGlobal("FileSystemFileHandle", Handle);
  if (document) vi.stubGlobal("document", document);
}

const STORES: [string, () => Promise<Store | undefined>][] = [
  ["memory", () => Promise.resolve(new MemoryStore(true))],
  ["the Cache API", () => CacheStore.open(new FakeCaches().asStorage())],
  ["OPFS in a worker", () => (realm(["createSyncAccessHandle", "createWritable"]), OpfsStore.open(fakeFileSystem()))],
  ["OPFS in a page", () => (realm(["createSyncAccessHandle", "createWritable"], {}), OpfsStore.open(fakeFileSystem()))],
];

describe.each(STORES)("a store in %s", (_, open) => {
  let store: Store;
  beforeEach(async () => {
    const opened = await open();
    if (!opened) throw new Error("no store");
    store = opened;
  });

  /** Appends `chunks` at `from` and closes. */
  async function append(from: number, ...chunks: Uint8Array<ArrayBuffer>[]): Promise<void> {
    const writer = await store.append("shards", "a", from);
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  }

  async function whole(): Promise<Uint8Array | undefined> {
    return getBytes(store, "shards", "a");
  }

  it("has nothing at first", async () => {
    expect(await store.size("shards", "a")).toBe(0);
    expect(await store.read("shards", "a", new Uint8Array(5))).toBe(0);
    expect(await store.sizes("shards")).toEqual(new Map());
    await store.remove("shards", "a");
  });

  it("keeps chunks in order, over many pieces", async () => {
    const bytes = someBytes(20 * MIB + 123, 5);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < bytes.length; at += 700_001) chunks.push(bytes.slice(at, at + 700_001));
    await append(0, ...chunks);
    expect(Buffer.compare((await whole()) ?? new Uint8Array(0), bytes)).toBe(0);
  }, 20_000);

  it("does not keep a caller's buffer", async () => {
    const chunk = Uint8Array.of(1, 2, 3);
    const writer = await store.append("shards", "a", 0);
    await writer.write(chunk);
    chunk.fill(9);
    await writer.close();
    expect(await whole()).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("goes on where a file ends, and begins again at 0", async () => {
    await append(0, Uint8Array.of(1, 2, 3));
    await append(3, Uint8Array.of(4), Uint8Array.of(5, 6));
    expect(await whole()).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
    await append(0, Uint8Array.of(7));
    expect(await whole()).toEqual(Uint8Array.of(7));
    await append(0);
    expect(await store.size("shards", "a")).toBe(0);
  });

  it("reads as much as fits", async () => {
    await append(0, Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5));
    const [short, long] = [new Uint8Array(2), new Uint8Array(8)];
    expect(await store.read("shards", "a", short)).toBe(2);
    expect(await store.read("shards", "a", long)).toBe(5);
    expect([short, long]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3, 4, 5, 0, 0, 0)]);
  });

  it("lists and removes by area", async () => {
    await append(0, Uint8Array.of(1, 2, 3));
    await putBytes(store, "files", "a", Uint8Array.of(4));
    await putBytes(store, "records", "model-x.json", Uint8Array.of(5, 6));
    expect(await store.sizes("shards")).toEqual(new Map([["a", 3]]));
    expect(await store.sizes("records")).toEqual(new Map([["model-x.json", 2]]));
    await store.remove("shards", "a");
    expect(await whole()).toBeUndefined();
    expect(await getBytes(store, "files", "a")).toEqual(Uint8Array.of(4));
  });
});

describe("a file whose writer failed", () => {
  it.each([
    ["a worker", "truncate"],
    ["a page", "truncate"],
    ["a page", "seek"],
    ["a page", "close"],
  ])("in %s at %s can be written at once, and removed", async (where, failing) => {
    const page = where === "a page";
    realm(page ? ["createWritable"] : ["createSyncAccessHandle"], page ? {} : undefined);
    const store = await OpfsStore.open(fakeFileSystem());
    const bytes = Uint8Array.of(1, 2, 3);
    FakeFileHandle.failing = failing;
    await expect(putBytes(store as Store, "files", "a", bytes)).rejects.toThrow(`${failing} was made to fail`);
    FakeFileHandle.failing = "";
    vi.stubGlobal("setTimeout", () => expect.fail("it waits for a file that nobody has"));
    await putBytes(store as Store, "files", "a", bytes);
    expect(await getBytes(store as Store, "files", "a")).toEqual(bytes);
    await store?.remove("files", "a");
  });
});

describe("what was written when the page dies", () => {
  it("is all there in a worker, though nothing was closed", async () => {
    realm(["createSyncAccessHandle"]);
    const store = await OpfsStore.open(fakeFileSystem());
    await (await store?.append("shards", "a", 0))?.write(Uint8Array.of(1, 2, 3));
    expect(await store?.size("shards", "a")).toBe(3);
  });

  it("is there up to 16 MiB before in a page", async () => {
    realm(["createWritable"], {});
    const store = await OpfsStore.open(fakeFileSystem());
    const writer = await store?.append("shards", "a", 0);
    for (let i = 0; i < 20; i++) await writer?.write(new Uint8Array(MIB));
    expect(await store?.size("shards", "a")).toBe(16 * MIB);
  });

  it("is there up to 4 MiB before in the Cache API", async () => {
    const store = await CacheStore.open(new FakeCaches().asStorage());
    const writer = await store?.append("shards", "a", 0);
    for (let i = 0; i < 7; i++) await writer?.write(new Uint8Array(MIB));
    expect(await store?.size("shards", "a")).toBe(4 * MIB);
  });

  it("after a piece that the browser threw away does not count", async () => {
    const caches = new FakeCaches();
    const store = (await CacheStore.open(caches.asStorage())) as CacheStore;
    const writer = await store.append("shards", "a", 0);
    for (let i = 0; i < 12; i++) await writer.write(new Uint8Array(MIB));
    await writer.close();
    const pieces = [...caches.all.values()][0];
    for (const url of [...(pieces?.keys() ?? [])]) if (url.endsWith(`/${4 * MIB}-${4 * MIB}`)) pieces?.delete(url);
    expect(await store.size("shards", "a")).toBe(4 * MIB);
    await store.append("shards", "a", 4 * MIB);
    expect(pieces?.size).toBe(1);
  });
});

describe("a full disk in a worker", () => {
  afterEach(() => void (FakeFileHandle.room = Infinity));

  it.each([0, 3, 2 ** 32 - 10])("is noticed where writing returns %d", async (returned) => {
    realm(["createSyncAccessHandle"]);
    Object.assign(FakeFileHandle, { room: 15, whenFull: returned });
    const writer = await (await OpfsStore.open(fakeFileSystem()))?.append("shards", "a", 0);
    await writer?.write(new Uint8Array(10));
    await expect(writer?.write(new Uint8Array(10))).rejects.toMatchObject({ name: "QuotaExceededError" });
  });
});

describe("files that another tab has open", () => {
  it("are waited for, for a while", async () => {
    vi.useFakeTimers();
    realm(["createSyncAccessHandle"]);
    const store = await OpfsStore.open(fakeFileSystem());
    const first = await store?.append("shards", "a", 0);
    const second = store?.append("shards", "a", 0);
    await vi.advanceTimersByTimeAsync(150);
    await first?.close();
    await vi.advanceTimersByTimeAsync(150);
    await (await second)?.write(Uint8Array.of(1));
    const third = store?.append("shards", "a", 0).catch((error: unknown) => (error as Error).name);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await third).toBe("NoModificationAllowedError");
    vi.useRealTimers();
  });

  it("are read all the same", async () => {
    realm(["createSyncAccessHandle"]);
    const store = (await OpfsStore.open(fakeFileSystem())) as OpfsStore;
    await (await store.append("shards", "a", 0)).write(Uint8Array.of(1, 2));
    const target = new Uint8Array(2);
    expect(await store.read("shards", "a", target)).toBe(2);
    expect(target).toEqual(Uint8Array.of(1, 2));
  });
});

describe("the store of a page", () => {
  const blocked = { getDirectory: () => Promise.reject(new DOMException("no", "SecurityError")) };
  const refusing = { open: () => Promise.reject(new DOMException("no", "SecurityError")) };

  /** The store that a browser with these has. */
  async function chosen(storage: unknown, caches: unknown): Promise<Store> {
    vi.stubGlobal("navigator", { storage });
    vi.stubGlobal("caches", caches);
    return (await import("../../src/weights/stores/openStore.js")).defaultStore();
  }

  it("is the file system where it can be written", async () => {
    realm(["createSyncAccessHandle"]);
    expect((await chosen(fakeFileSystem(), new FakeCaches())).kind).toBe("opfs");
  });

  it("is the Cache API where the file system is missing, cannot be written here, or is refused", async () => {
    for (const [storage, methods] of [
      [undefined, ["createWritable"]],
      [fakeFileSystem(), ["move"]],
      [blocked, ["createWritable"]],
    ] as const) {
      vi.resetModules();
      realm(methods);
      expect((await chosen(storage, new FakeCaches())).kind).toBe("cache");
    }
  });

  it("is memory, without shards, where both are refused", async () => {
    realm(["createWritable"]);
    expect(await chosen(blocked, refusing)).toMatchObject({ kind: "memory", keepsShards: false });
    vi.resetModules();
    expect((await chosen(undefined, undefined)).kind).toBe("memory");
  });
});
