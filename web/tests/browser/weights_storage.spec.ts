/** Loading of weights on a real browser's storage: breaks, damage, shortage, several tabs. */
import type { BrowserContext, CDPSession } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { hasChromium, startBrowser, startServer, type TestServer } from "./harness";
import {
  type Artifact, buildPage, Folders, freshOrigin, type Realm, startProfile, Tab, writeArtifact,
} from "./weights_harness";

const MIB = 2 ** 20;
const TOTAL = 5 * MIB + 1000;

describe.skipIf(!hasChromium)("weights in Chromium", () => {
  const folders = new Folders();
  let server: TestServer;
  let artifact: Artifact;
  /** One with a shard that is stored in several steps wherever files cannot be written at once. */
  let large: Artifact;
  let context: BrowserContext;
  let origin: string;

  beforeAll(async () => {
    const [page, random, more] = [folders.make(), folders.make(), folders.make()];
    artifact = writeArtifact(random, [4 * MIB, MIB, 1000]);
    large = writeArtifact(more, [20 * MIB, 1000]);
    await buildPage(page);
    server = await startServer({ "/weights/": page, "/random/": random, "/large/": more });
    context = await startProfile(folders.make());
  });
  beforeEach(() => {
    server.reset();
    origin = freshOrigin(server);
  });
  afterEach(() => Promise.all(context.pages().slice(1).map((page) => page.close())));
  afterAll(async () => {
    await context.close();
    await server.close();
    folders.remove();
  });

  const hashes = (of = artifact): string[] => of.shards.map((shard) => shard.sha256);
  const open = (realm: Realm, prepare?: () => void): Promise<Tab> => Tab.open(context, origin, realm, prepare);

  async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /**
   * Loads in a tab that crashes once `bytes` of the first shard are stored, of which the server sends a little more;
   * returns what was asked for afterwards.
   */
  async function loadAfterDeath(realm: Realm, bytes: number, prepare?: () => void): Promise<(string | undefined)[]> {
    server.faults = [{ path: "0000.bin", times: 1, stallAfterBytes: bytes + 2 * MIB }];
    const [dying, looking] = [await open(realm, prepare), await open("page", prepare)];
    const ended = dying.load(large, "/large/").catch(() => "dead");
    await until(async () => (await looking.call("stored", large.shards[0]?.sha256 ?? "")) >= bytes);
    crash(await context.newCDPSession(dying.page), "Page.crash");
    expect(await ended).toBe("dead");
    server.reset();
    const loaded = await (await open(realm, prepare)).load(large, "/large/");
    expect(loaded).toMatchObject({ hashes: hashes(large), error: undefined });
    expect(loaded.progress).toMatchObject({ loadedBytes: 20 * MIB + 1000 });
    return server.requests("0000.bin").map((seen) => seen.range);
  }

  /** The first byte that a Range header asks for. */
  const first = (range: string | undefined): number => Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);

  describe.each(["worker", "page"] as const)("in a %s", (realm) => {
    test("are stored in the origin private file system, and downloaded once", async () => {
      const tab = await open(realm);
      expect(await tab.call("kind")).toBe("opfs");
      expect(await tab.load(artifact)).toMatchObject({ hashes: hashes(), error: undefined });
      expect(server.requests("/random/weights/").map((seen) => seen.status)).toEqual([200, 200, 200]);
      server.offline = true;
      expect(await tab.load(artifact)).toMatchObject({ hashes: hashes(), progress: { fromCache: TOTAL } });
    });

    test("go on where a tab that crashed left them", async () => {
      const bytes = realm === "worker" ? 10 * MIB : 16 * MIB; // a worker's are there at once, a page's every 16 MiB
      const ranges = await loadAfterDeath(realm, bytes);
      expect(ranges).toHaveLength(1);
      expect(first(ranges[0])).toBeGreaterThanOrEqual(bytes);
    });

    test("damaged on the disk are noticed and fetched again", async () => {
      const tab = await open(realm);
      await tab.load(artifact);
      await tab.page.evaluate(flipStored, artifact.shards[1]?.sha256 ?? "");
      server.reset();
      expect(await tab.load(artifact)).toMatchObject({ hashes: hashes(), notices: ["refetched"] });
      expect(server.seen.map((seen) => seen.path)).toEqual(["/random/weights/0001.bin"]);
    });

    test("damaged on the way are fetched again, and named when that does not help", async () => {
      const tab = await open(realm);
      server.faults = [{ path: "0001.bin", times: 1, flipByteAt: MIB - 1 }];
      const mended = await tab.load(artifact);
      expect(mended.notices).toContain("refetched");
      expect(mended.hashes).toEqual(hashes());

      await tab.call("remove", artifact.id);
      server.reset();
      server.faults = [{ path: "0001.bin", flipByteAt: MIB - 1 }];
      const { error } = await tab.load(artifact);
      expect(error).toMatchObject({ code: "corrupt-shard" });
      expect(error?.message).toContain("weights/0001.bin");
      expect(error?.message).toContain(artifact.shards[1]?.sha256);
      expect(server.requests("0001.bin")).toHaveLength(2);
    });

    test("that fill the disk on the way are loaded all the same, and that is said", async () => {
      const tab = await open(realm);
      await quota(tab, 2 * MIB);
      const loaded = await tab.load(artifact);
      expect(loaded).toMatchObject({ hashes: hashes(), notices: ["storage-full"], error: undefined });
      expect(await tab.call("models")).toEqual([]);
    });

    test("in two tabs at once are downloaded once", async () => {
      const tabs = await Promise.all([open(realm), open(realm)]);
      const loaded = await Promise.all(tabs.map((tab) => tab.load(artifact)));
      for (const each of loaded) {
        expect(each).toMatchObject({ hashes: hashes(), error: undefined });
        expect(each.notices).not.toContain("storage-blocked");
      }
      expect(server.requests("/random/weights/")).toHaveLength(3);
    });

    test("are listed and deleted, which frees the disk", async () => {
      const tab = await open(realm);
      await tab.load(artifact);
      expect(await tab.call("models")).toMatchObject([
        { id: artifact.id, title: "test", bytes: TOTAL, totalBytes: TOTAL, complete: true },
      ]);
      expect((await tab.call("estimate")).usageBytes).toBeGreaterThan(TOTAL);
      await tab.call("remove", artifact.id);
      expect(await tab.call("models")).toEqual([]);
      expect((await tab.call("estimate")).usageBytes).toBeLessThan(MIB);
    });

    test("stop on request, in the middle of a shard", async () => {
      server.faults = [{ path: "0000.bin", bytesPerSecond: MIB / 4 }];
      const tab = await open(realm);
      const { error } = await tab.call("load", "/random/", artifact.id, artifact.shards, MIB / 16);
      expect(error).toMatchObject({ code: "aborted" });
      expect(server.requests("0000.bin")[0]?.sentBytes).toBeLessThan(4 * MIB);
    });
  });

  test("fill a private window: they are loaded all the same, and nothing of them stays", async () => {
    const browser = await startBrowser(); // its contexts are private windows
    const tab = await Tab.open(await browser.newContext(), origin, "worker");
    await quota(tab, 2 * MIB);
    expect(await tab.load(artifact)).toMatchObject({ hashes: hashes(), notices: ["storage-full"], error: undefined });
    expect(await tab.call("models")).toEqual([]);
    await browser.close();
  });

  test("that the browser has no room for are not stored, but loaded all the same", async () => {
    const tab = await open("page", () => {
      const estimate = (): Promise<StorageEstimate> => Promise.resolve({ usage: 0, quota: 4_000_000 });
      Object.defineProperty(StorageManager.prototype, "estimate", { value: estimate });
    });
    expect(await tab.load(artifact)).toMatchObject({ hashes: hashes(), notices: ["storage-full"], error: undefined });
    expect(await tab.call("stored", artifact.shards[2]?.sha256 ?? "")).toBe(0);
  });

  test("listed while another tab stores them do not disturb it", async () => {
    server.faults = [{ path: "0000.bin", bytesPerSecond: 3 * MIB }];
    const [loading, looking] = await Promise.all([open("worker"), open("page")]);
    const loaded = loading.load(artifact);
    await until(async () => ((await looking.call("models"))[0]?.bytes ?? 0) > MIB);
    await expect(looking.call("remove", artifact.id)).rejects.toThrow("being loaded");
    expect(await loaded).toMatchObject({ hashes: hashes(), error: undefined });
  });

  describe("without the origin private file system", () => {
    const hideFiles = (): void => {
      Object.defineProperty(StorageManager.prototype, "getDirectory", { value: undefined });
    };

    test("are kept in the Cache API, and downloaded once", async () => {
      const tab = await open("page", hideFiles);
      expect(await tab.call("kind")).toBe("cache");
      expect(await tab.load(artifact)).toMatchObject({ hashes: hashes(), error: undefined });
      server.offline = true;
      expect(await tab.load(artifact)).toMatchObject({ hashes: hashes(), progress: { fromCache: TOTAL } });
      await tab.call("remove", artifact.id);
      expect((await tab.call("estimate")).usageBytes).toBeLessThan(MIB);
    });

    test("go on where a tab that crashed left them", async () => {
      const [range, ...more] = await loadAfterDeath("page", 8 * MIB, hideFiles);
      expect(more).toEqual([]);
      expect(first(range)).toBeGreaterThanOrEqual(8 * MIB);
    });
  });

  test("go on where a browser that crashed left them", async () => {
    const profile = folders.make();
    let own = await startProfile(profile);
    server.faults = [{ path: "0000.bin", times: 1, stallAfterBytes: 16 * MIB }];
    const dying = await Tab.open(own, origin, "worker");
    const looking = await Tab.open(own, origin, "page");
    const ended = dying.load(large, "/large/").catch(() => "dead");
    await until(async () => (await looking.call("stored", large.shards[0]?.sha256 ?? "")) >= 12 * MIB);
    crash(await own.newCDPSession(dying.page), "Browser.crash");
    expect(await ended).toBe("dead");
    server.reset();
    own = await startProfile(profile);
    const loaded = await (await Tab.open(own, origin, "worker")).load(large, "/large/");
    await own.close();
    expect(loaded).toMatchObject({ hashes: hashes(large), error: undefined });
    expect(first(server.requests("0000.bin")[0]?.range)).toBeGreaterThanOrEqual(8 * MIB);
  });

  test("without any storage are loaded, and that they are not kept is said", async () => {
    const tab = await open("page", () => {
      const refuse = (): Promise<never> => Promise.reject(new DOMException("blocked", "SecurityError"));
      Object.defineProperty(StorageManager.prototype, "getDirectory", { value: refuse });
      Object.defineProperty(CacheStorage.prototype, "open", { value: refuse });
    });
    expect(await tab.call("kind")).toBe("memory");
    for (let visit = 0; visit < 2; visit++) {
      expect(await tab.load(artifact)).toMatchObject({ hashes: hashes(), notices: ["storage-blocked"] });
    }
    expect(server.requests("/random/weights/")).toHaveLength(6);
  });

  test("of a manifest that cannot be reached come with the stored one", async () => {
    const tab = await open("worker");
    expect(await tab.call("manifest", "/random/")).toEqual({ id: artifact.id, fromStore: false });
    server.offline = true;
    expect(await tab.call("manifest", "/random/")).toEqual({ id: artifact.id, fromStore: true });
  });
});

/** Ends a renderer, or the browser, as a fault in it would; nothing in it gets a last word. */
function crash(session: CDPSession, how: "Page.crash" | "Browser.crash"): void {
  session.send(how).catch(() => undefined); // nobody is left to answer
}

/** In the page: changes one bit of a stored shard. */
async function flipStored(sha256: string): Promise<void> {
  let folder = await navigator.storage.getDirectory();
  for (const name of ["kernelc", "shards"]) folder = await folder.getDirectoryHandle(name);
  const handle = await folder.getFileHandle(sha256);
  const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
  bytes.set([(bytes[12345] ?? 0) ^ 1], 12345);
  const stream = await handle.createWritable();
  await stream.write(bytes);
  await stream.close();
}

/** Lets the tab's origin store no more than `bytes`. */
async function quota(tab: Tab, bytes: number): Promise<void> {
  const session = await tab.page.context().newCDPSession(tab.page);
  const { origin } = new URL(tab.page.url());
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: bytes });
}
