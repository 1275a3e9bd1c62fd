import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openFiles } from "../../src/weights/files.js";
import { openShards } from "../../src/weights/load.js";
import { MemoryStore } from "../../src/weights/stores/memory.js";
import { deleteModel, storedModels } from "../../src/weights/models.js";
import type { Bytes } from "../../src/weights/sha256.js";
import { FakeServer, flip, FOLDER, ORIGIN, sha256, someBytes } from "./weights_fakes.js";

const PATH = "/models/demo/";
const kernel = someBytes(2500, 3);
const shard = someBytes(4000, 4);
const kernelSpec = { sha256: sha256(kernel), bytes: kernel.length };

let server: FakeServer;
let store: MemoryStore;

beforeEach(() => {
  vi.stubGlobal("location", { origin: ORIGIN, href: `${ORIGIN}/` });
  store = new MemoryStore(true);
  server = new FakeServer([
    [`${PATH}manifest.json`, manifest("demo")],
    [`${PATH}kernels/a.wgsl`, kernel],
    [`${PATH}weights/0000.bin`, shard],
  ]);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function manifest(name: string): Bytes {
  const shards = [{ file: "weights/0000.bin", bytes: shard.length, sha256: sha256(shard) }];
  const kernels = { a: { variants: [{ file: "kernels/a.wgsl", sha256: kernelSpec.sha256 }] } };
  return new TextEncoder().encode(JSON.stringify({ format: "kernelc-artifact", name, kernels, weights: { shards } }));
}

const open = (): ReturnType<typeof openFiles> =>
  openFiles(FOLDER, { store, fetch: server.fetch, wait: () => Promise.resolve() });

function goOffline(): void {
  vi.spyOn(server, "fetch").mockRejectedValue(new TypeError("Failed to fetch"));
}

/** Loads the shards of the manifest that is on the server now. */
async function loadAll(): Promise<void> {
  const files = await open();
  const { id } = await files.manifest();
  const spec = { file: "weights/0000.bin", bytes: shard.length, sha256: sha256(shard) };
  await (await openShards(FOLDER, id, [spec], { store, fetch: server.fetch })).stream(() => undefined);
}

describe("the manifest", () => {
  it("is the server's, and its hash is the artifact's id", async () => {
    const found = await (await open()).manifest();
    expect(found).toEqual({ bytes: manifest("demo"), id: sha256(manifest("demo")), fromStore: false });
    expect(server.seen[0]?.cache).toBe("no-cache");
  });

  it("is the stored one without a network, after one attempt", async () => {
    await (await open()).manifest();
    goOffline();
    expect(await (await open()).manifest()).toMatchObject({ id: sha256(manifest("demo")), fromStore: true });
    expect(server.fetch).toHaveBeenCalledTimes(1);
  });

  it("is the stored one where the network shows a page of its own, or nothing for long", async () => {
    await (await open()).manifest();
    server.files.set(`${PATH}manifest.json`, new TextEncoder().encode("<html>Please log in</html>"));
    expect(await (await open()).manifest()).toMatchObject({ fromStore: true });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort(new DOMException("late", "TimeoutError")));
    expect(await (await open()).manifest()).toMatchObject({ fromStore: true });
  });

  it("is followed when it changes, but offline the one whose weights are here counts", async () => {
    await loadAll();
    const changed = new TextEncoder().encode(
      new TextDecoder().decode(manifest("demo two")).replace(sha256(shard), sha256(kernel)),
    );
    server.files.set(`${PATH}manifest.json`, changed);
    expect(await (await open()).manifest()).toMatchObject({ id: sha256(changed) });
    goOffline();
    expect(await (await open()).manifest()).toMatchObject({ id: sha256(manifest("demo")), fromStore: true });
  });

  it("of a build that is stored is taken without asking the server, and only at its own address", async () => {
    await loadAll();
    const old = sha256(manifest("demo"));
    server.files.set(`${PATH}manifest.json`, manifest("newer"));
    const asked = server.seen.length;
    expect(await (await open()).manifest(old)).toEqual({ bytes: manifest("demo"), id: old, fromStore: true });
    expect(server.seen).toHaveLength(asked);
    expect((await (await open()).manifest()).id).toBe(sha256(manifest("newer")));
    expect((await (await open()).manifest("0".repeat(64))).id).toBe(sha256(manifest("newer")));
  });

  it("that is none is refused with what to do", async () => {
    const big = new Uint8Array(33 * 2 ** 20);
    for (const bytes of [new TextEncoder().encode("[]"), new TextEncoder().encode("null"), new Uint8Array(0), big]) {
      server.files.set(`${PATH}manifest.json`, bytes);
      await expect((await open()).manifest()).rejects.toMatchObject({ code: "bad-artifact" });
    }
    server.files.delete(`${PATH}manifest.json`);
    await expect((await open()).manifest()).rejects.toMatchObject({ code: "network" });
  }, 20_000);

  it("damaged in the store is not used", async () => {
    await (await open()).manifest();
    await flip(store, "files", sha256(manifest("demo")), 30);
    goOffline();
    await expect((await open()).manifest()).rejects.toMatchObject({ code: "network" });
  });
});

describe("small files", () => {
  it("are fetched once, verified and stored", async () => {
    expect(await (await open()).file("kernels/a.wgsl", kernelSpec)).toEqual(kernel);
    goOffline();
    expect(await (await open()).file("kernels/a.wgsl", kernelSpec)).toEqual(kernel);
    expect(server.fetch).not.toHaveBeenCalled();
  });

  it("damaged in the store are fetched again", async () => {
    await (await open()).file("kernels/a.wgsl", kernelSpec);
    await flip(store, "files", kernelSpec.sha256, 7);
    expect(await (await open()).file("kernels/a.wgsl", kernelSpec)).toEqual(kernel);
    expect(server.seen).toHaveLength(2);
  });

  it("that are wrong are fetched past the browser's cache, once, then named", async () => {
    server.faults.set(`${PATH}kernels/a.wgsl`, [{ flipAt: 5 }]);
    expect(await (await open()).file("kernels/a.wgsl", kernelSpec)).toEqual(kernel);
    expect(server.seen.map((seen) => seen.cache)).toEqual(["default", "reload"]);

    store = new MemoryStore(true);
    server.faults.set(`${PATH}kernels/a.wgsl`, [{ flipAt: 5 }, { bodyBytes: 9999 }]);
    const failing = (await open()).file("kernels/a.wgsl", kernelSpec);
    await expect(failing).rejects.toMatchObject({ code: "bad-artifact" });
    await expect(failing).rejects.toThrow("a.wgsl");
  });

  it("survive a broken connection", async () => {
    server.faults.set(`${PATH}kernels/a.wgsl`, [{ unreachable: true }, { cutAfter: 1000 }, { status: 503 }]);
    expect(await (await open()).file("kernels/a.wgsl", kernelSpec)).toEqual(kernel);
  });

  it("work where nothing can be stored", async () => {
    store.append = () => Promise.reject(new DOMException("no", "SecurityError"));
    store.size = () => Promise.reject(new DOMException("no", "SecurityError"));
    expect((await (await open()).manifest()).fromStore).toBe(false);
    expect(await (await open()).file("kernels/a.wgsl", kernelSpec)).toEqual(kernel);
  });
});

describe("stored models", () => {
  it("are listed by the manifest's name once some of their weights are here", async () => {
    await (await open()).manifest();
    expect(await storedModels(store)).toEqual([]);
    await loadAll();
    const [only, ...more] = await storedModels(store);
    expect(only).toEqual({
      id: sha256(manifest("demo")), url: FOLDER, title: "demo", bytes: 4000, totalBytes: 4000, complete: true,
    });
    expect(more).toEqual([]);
  });

  it("are deleted with all their files, but not those of others", async () => {
    await loadAll();
    await (await open()).file("kernels/a.wgsl", kernelSpec);
    const other = someBytes(100, 9);
    server.files.set("/models/two/kernels/b.wgsl", other);
    const two = await openFiles(`${ORIGIN}/models/two/`, { store, fetch: server.fetch });
    const twos = new TextEncoder().encode(
      JSON.stringify({ format: "kernelc-artifact", a: { sha256: kernelSpec.sha256 }, b: { sha256: sha256(other) } }),
    );
    server.files.set("/models/two/manifest.json", twos);
    await two.manifest();
    await two.file("kernels/b.wgsl", { sha256: sha256(other) });

    await deleteModel(sha256(manifest("demo")), store);
    expect(await store.sizes("shards")).toEqual(new Map());
    const left = [kernelSpec.sha256, sha256(other), sha256(twos)].sort();
    expect(Array.from((await store.sizes("files")).keys()).sort()).toEqual(left);
  });

  it("with nonsense for a record are left out", async () => {
    const writer = await store.append("records", "model-x.json", 0);
    await writer.write(new TextEncoder().encode('{"id":"../x","shards":[null]}'));
    expect(await storedModels(store)).toEqual([]);
  });
});
