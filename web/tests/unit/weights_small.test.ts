import { afterEach, describe, expect, it, vi } from "vitest";
import type { KernelcError } from "../../src/artifact/errors.js";
import { tryLock, withLock } from "../../src/weights/locks.js";
import { MemoryStore } from "../../src/weights/stores/memory.js";
import { megabytes, storageFull } from "../../src/weights/notice.js";
import { requestPersistence, roomBytes, storageEstimate } from "../../src/weights/persist.js";
import { ProgressMeter, SpeedMeter } from "../../src/weights/progress.js";
import { allRecords, getRecord, putRecord, removeRecord } from "../../src/weights/records.js";
import { MAX_ATTEMPTS, Retries, Transient } from "../../src/weights/download/retry.js";
import { isSha256, sha256Hex } from "../../src/weights/sha256.js";
import { fileUrl, folderUrl } from "../../src/weights/download/url.js";

afterEach(() => vi.unstubAllGlobals());

const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("locks", () => {
  const both = [
    ["of the browser", { locks: fakeLocks() }],
    ["of this page alone", {}],
    ["that the browser refuses", { locks: { request: () => Promise.reject(new DOMException("no", "SecurityError")) } }],
  ] as const;

  it.each(both)("%s let one at a time in, in order", async (_, navigator) => {
    vi.stubGlobal("navigator", navigator);
    const log: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      log.push(`${name} in`);
      await later(5);
      log.push(`${name} out`);
      return name;
    };
    const all = await Promise.all([withLock("x", undefined, work("a")), withLock("x", undefined, work("b"))]);
    expect(all).toEqual(["a", "b"]);
    expect(log).toEqual(["a in", "a out", "b in", "b out"]);
  });

  it("are free again after an error, and busy only while held", async () => {
    vi.stubGlobal("navigator", {});
    await expect(withLock("x", undefined, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    const held = withLock("x", undefined, () => later(10));
    expect(await tryLock("x", () => Promise.resolve("in"))).toBe("busy");
    await held;
    expect(await tryLock("x", () => Promise.resolve("in"))).toBe("in");
  });

  it("stay held when one who waited gives up", async () => {
    vi.stubGlobal("navigator", {});
    const controller = new AbortController();
    let held = true;
    const first = withLock("x", undefined, () => later(20).then(() => (held = false)));
    const second = withLock("x", controller.signal, () => Promise.resolve("in"));
    controller.abort(new Error("enough"));
    await expect(second).rejects.toThrow("enough");
    expect(await withLock("x", undefined, () => Promise.resolve(held))).toBe(false);
    await first;
  });

  it("pass on an error of the work, a SecurityError too", async () => {
    vi.stubGlobal("navigator", { locks: fakeLocks() });
    const work = vi.fn(() => Promise.reject(new DOMException("from the work", "SecurityError")));
    await expect(withLock("x", undefined, work)).rejects.toThrow("from the work");
    expect(work).toHaveBeenCalledTimes(1);
  });
});

/** Web Locks as far as these tests go. */
function fakeLocks(): Pick<LockManager, "request"> {
  let tail: Promise<unknown> = Promise.resolve();
  const request = (_: string, __: LockOptions, run: (lock: Lock) => unknown): Promise<unknown> => {
    tail = tail.catch(() => undefined).then(() => run({ name: "x", mode: "exclusive" }));
    return tail;
  };
  return { request: request as LockManager["request"] };
}

describe("retries", () => {
  const passing = (): Promise<void> => Promise.resolve();

  it("start to count again when a download came further", async () => {
    const retries = new Retries("a.bin", passing);
    for (let i = 1; i <= 20; i++) await retries.after(new Transient("cut"), i * 65536, undefined);
    for (let i = 1; i < MAX_ATTEMPTS - 1; i++) await retries.after(new Transient("cut"), 20 * 65536, undefined);
    await expect(retries.after(new Transient("cut"), 20 * 65536, undefined)).rejects.toThrow("a.bin: cut");
  });

  it("do not take a server's single bytes for progress", async () => {
    const retries = new Retries("a.bin", passing);
    const drip = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) await retries.after(new Transient("cut"), i, undefined);
    };
    await expect(drip()).rejects.toMatchObject({ code: "network" });
  });
});

describe("progress", () => {
  it("smooths the speed, and forgets slow times", () => {
    const meter = new SpeedMeter();
    expect(meter.bytesPerSecond).toBe(0);
    for (let ms = 0; ms <= 10_000; ms += 50) meter.add(ms === 0 ? 0 : 50_000, ms); // 1 MB/s in small pieces
    expect(meter.bytesPerSecond).toBeCloseTo(1e6, -2);
    for (let ms = 10_050; ms <= 40_000; ms += 50) meter.add(5_000, ms);
    expect(meter.bytesPerSecond).toBeCloseTo(1e5, -3);
  });

  it("reports at most ten times a second, and every shard's end", () => {
    let nowMs = 0;
    const reports: number[] = [];
    const meter = new ProgressMeter([1000, 1000], (p) => reports.push(p.loadedBytes), () => nowMs);
    for (let loaded = 10; loaded <= 1000; loaded += 10) {
      nowMs += 1;
      meter.arrived(0, 10, loaded);
    }
    expect(reports).toEqual([10]);
    meter.stored(1, 1000);
    expect(reports).toEqual([10, 2000]);
  });
});

describe("records", () => {
  it("are kept by kind and any key, and listed", async () => {
    const store = new MemoryStore();
    const keys = ["plain", "with / and ü", "x".repeat(500)];
    for (const key of keys) await putRecord("check", key, { key }, store);
    await putRecord("other", "plain", 1, store);
    for (const key of keys) expect(await getRecord("check", key, store)).toEqual({ key });
    expect(await allRecords("check", store)).toHaveLength(3);
    await removeRecord("check", "plain", store);
    expect(await getRecord("check", "plain", store)).toBeUndefined();
    expect(await getRecord("other", "plain", store)).toBe(1);
  });

  it("are seen as they were or as they will be, not while another tab rewrites them", async () => {
    const store = new MemoryStore();
    const append = store.append.bind(store);
    await putRecord("check", "a", 1, store);
    store.append = async (area, name, from) => {
      const writer = await append(area, name, from); // the record is empty from now on
      await later(5);
      return writer;
    };
    const rewriting = putRecord("check", "a", 2, store);
    await later(1);
    expect(await allRecords("check", store)).toEqual([2]);
    const again = putRecord("check", "a", 3, store);
    await later(1);
    expect(await getRecord("check", "a", store)).toBe(3);
    await Promise.all([rewriting, again]);
  });

  it("that were cut off, or cannot be kept, are as if never written", async () => {
    const store = new MemoryStore();
    await putRecord("check", "a", { long: "value" }, store);
    await store.append("records", "check-a.json", 5);
    expect(await getRecord("check", "a", store)).toBeUndefined();
    expect(await allRecords("check", store)).toEqual([]);
    store.append = () => Promise.reject(new DOMException("no", "SecurityError"));
    await putRecord("check", "b", 1, store);
    expect(await getRecord("check", "b", store)).toBeUndefined();
  });

  it("are for notes, not for data", async () => {
    await expect(putRecord("check", "a", "x".repeat(2 ** 20), new MemoryStore())).rejects.toThrow(RangeError);
  });
});

describe("addresses", () => {
  it.each([
    ["models/demo", "https://x.test/site/", "https://x.test/site/models/demo/"],
    ["./models/demo/manifest.json?x#y", "https://x.test/site/index.html", "https://x.test/site/models/demo/"],
    ["https://y.test", undefined, "https://y.test/"],
  ])("of a folder: %s on %s", (url, base, folder) => {
    expect(folderUrl(url, base)).toBe(folder);
  });

  it.each(["file:///models/demo", "models/demo", "javascript:0"])("that cannot be fetched: %s", (url) => {
    expect(() => folderUrl(url, undefined)).toThrow();
  });

  it("of files stay in the folder", () => {
    expect(fileUrl("https://x.test/m/", "kernels/a b?.wgsl")).toBe("https://x.test/m/kernels/a%20b%3F.wgsl");
    for (const file of ["", "..", "a/../b", "/a", "a\\b", "https:x", "a/", "./a", "a\0"]) {
      expect(() => fileUrl("https://x.test/m/", file), file).toThrow(/own folder/);
    }
  });
});

describe("what the browser stores", () => {
  const blocked = { estimate: () => Promise.reject(new Error("no")), persist: () => Promise.reject(new Error("no")) };
  const storage = (fields: object): StorageManager => fields as StorageManager;

  it("is unknown where it does not say, or refuses to", async () => {
    for (const manager of [undefined, storage({}), storage(blocked)]) {
      vi.stubGlobal("navigator", { storage: manager });
      expect(await storageEstimate()).toEqual({ usageBytes: 0, quotaBytes: undefined, persisted: false });
      expect(await roomBytes()).toBeUndefined();
      expect(await requestPersistence()).toBeUndefined();
    }
  });

  it("is its quota less what is used", async () => {
    const manager = storage({ estimate: () => Promise.resolve({ usage: 300, quota: 1000 }) });
    expect(await roomBytes(manager)).toBe(700);
    const claimed = storage({ estimate: () => Promise.resolve({ usage: 5, quota: 5 + 10 * 2 ** 30 }) });
    expect(await roomBytes(claimed)).toBeUndefined(); // what Chromium says of any large disk
    expect(await roomBytes(storage({ estimate: () => Promise.resolve({ usage: 3000, quota: 1000 }) }))).toBe(0);
  });

  it("is said in words", () => {
    expect([900, 4_463_616, 640e6, 1.25e9].map(megabytes)).toEqual(["1 kB", "4.46 MB", "640 MB", "1.3 GB"]);
    expect(storageFull(640e6, 200e6).message).toMatch(/needs 640 MB more.*room for only 200 MB/);
  });
});

describe("sha256", () => {
  it("is that of the standard", async () => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(await sha256Hex(new TextEncoder().encode("abc"))).toBe(abc);
    expect([abc, abc.toUpperCase(), abc.slice(1), `${abc}0`].map(isSha256)).toEqual([true, false, false, false]);
  });

  it("says what to do where the page is not secure", async () => {
    vi.stubGlobal("crypto", {});
    const error: unknown = await sha256Hex(new Uint8Array(1)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "storage" });
    expect((error as KernelcError).help).toContain("https");
  });
});
