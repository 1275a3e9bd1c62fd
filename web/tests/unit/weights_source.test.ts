import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KernelcError } from "../../src/artifact/errors.js";
import { STALL_MS } from "../../src/weights/download/http.js";
import { MAX_ATTEMPTS } from "../../src/weights/download/retry.js";
import { download, type DownloadOptions, type Validator } from "../../src/weights/download/source.js";
import { contentRange, FakeServer, ORIGIN, sha256, someBytes } from "./weights_fakes.js";

const BYTES = 5000;
const file = someBytes(BYTES, 7);
const ETAG = `"${sha256(file).slice(0, 16)}"`;

let server: FakeServer;
let waits: number[];
let starts: (Validator | undefined)[];
let offsets: number[];

beforeEach(() => {
  vi.stubGlobal("location", { origin: ORIGIN, href: `${ORIGIN}/` });
  server = new FakeServer([["/a.bin", file]]);
  [waits, starts, offsets] = [[], [], []];
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

interface Job {
  have?: number;
  validator?: string;
  options?: Partial<DownloadOptions>;
  origin?: string;
}

/** Downloads a.bin; its first `have` bytes are there already. */
async function get({ have = 0, validator, options = {}, origin = ORIGIN }: Job = {}): Promise<Uint8Array> {
  const target = new Uint8Array(BYTES);
  target.set(file.subarray(0, have));
  await download(
    { url: `${origin}/a.bin`, file: "a.bin", bytes: BYTES, target, have, validator },
    {
      fetch: server.fetch,
      wait: (milliseconds) => (waits.push(milliseconds), Promise.resolve()),
      onStart: (now) => void starts.push(now),
      onChunk: (_, offset) => void offsets.push(offset),
      ...options,
    },
  );
  return target;
}

async function failure(job: Job = {}): Promise<KernelcError> {
  const error: unknown = await get(job).then(() => undefined, (reason: unknown) => reason);
  if (error instanceof KernelcError) return error;
  throw new Error(`expected a KernelcError, got ${String(error)}`);
}

const faults = (...list: Parameters<FakeServer["faults"]["set"]>[1]): void => void server.faults.set("/a.bin", list);

describe("a download", () => {
  it("that is answered by a web page says so at once, and does not try again", async () => {
    const page: DownloadOptions["fetch"] = async () =>
      new Response("<!doctype html>", { headers: { "content-type": "text/html; charset=utf-8" } });
    const error = await failure({ options: { fetch: page } });
    expect([error.code, error.message]).toEqual(["network", "a.bin: the server sent a web page in its place"]);
    expect(error.help).toContain("start page");
    expect(waits).toEqual([]);
  });

  it("fills the target chunk by chunk and says which file of the server's it is", async () => {
    expect(await get()).toEqual(file);
    expect(starts).toEqual([ETAG]);
    expect(offsets).toEqual([0, 1000, 2000, 3000, 4000]);
    expect(server.seen).toEqual([{ path: "/a.bin", range: null, ifRange: null, cache: "no-store" }]);
  });

  it("takes the date where there is no strong ETag", async () => {
    const answer = new Response(file, { headers: { etag: 'W/"x"', "last-modified": "Sun, 22 Nov 2026 10:00:00 GMT" } });
    await get({ options: { fetch: () => Promise.resolve(answer) } });
    expect(starts).toEqual(["Sun, 22 Nov 2026 10:00:00 GMT"]);
  });
});

describe("going on with a partial download", () => {
  it("asks for the rest only, if the file is still the same", async () => {
    expect(await get({ have: 2000, validator: ETAG })).toEqual(file);
    expect(server.seen).toMatchObject([{ range: "bytes=2000-", ifRange: ETAG }]);
    expect(starts).toEqual([]);
    expect(server.sentBytes).toBe(3000);
  });

  it("starts again where the file changed", async () => {
    expect(await get({ have: 2000, validator: '"older"' })).toEqual(file);
    expect(starts).toEqual([ETAG]);
    expect(offsets[0]).toBe(0);
  });

  it("starts again where the server ignores Range", async () => {
    faults({ ignoreRange: true });
    expect(await get({ have: 2000 })).toEqual(file);
    expect(starts).toEqual([ETAG]);
  });

  it.each([
    ["another start", contentRange(1000, BYTES)],
    ["another size", "bytes 2000-4999/6000"],
    ["an end after the end", "bytes 2000-5000/*"],
    ["no sense", "bytes"],
    ["nothing", null],
  ])("refuses a 206 whose Content-Range says %s, and asks without Range", async (_, content) => {
    faults({ contentRange: content });
    expect(await get({ have: 2000 })).toEqual(file);
    expect(server.seen.map((seen) => seen.range)).toEqual(["bytes=2000-", null]);
  });

  it("starts again after 416", async () => {
    faults({ status: 416 });
    expect(await get({ have: 2000 })).toEqual(file);
    expect(server.seen.map((seen) => seen.range)).toEqual(["bytes=2000-", null]);
  });

  it("compares ETags itself where If-Range would need another origin's permission", async () => {
    const job = { have: 2000, validator: '"older"', origin: "https://elsewhere.test" };
    expect(await get(job)).toEqual(file);
    expect(server.seen.map((seen) => [seen.range, seen.ifRange])).toEqual([["bytes=2000-", null], [null, null]]);
  });

  it("fails where the server answers even a plain request wrongly", async () => {
    faults({ status: 416 }, { status: 416 });
    expect(await failure({ have: 2000 })).toMatchObject({ code: "network" });
  });
});

describe("a broken connection", () => {
  it("goes on at the byte it reached", async () => {
    faults({ cutAfter: 1500 }, { cutAfter: 1000 });
    expect(await get()).toEqual(file);
    expect(server.seen.map((seen) => seen.range)).toEqual([null, "bytes=1500-", "bytes=2500-"]);
    expect(server.seen[1]?.ifRange).toBe(ETAG);
    expect(waits).toEqual([500, 1000]);
  });

  it("also counts a body that just ends", async () => {
    faults({ bodyBytes: 3000 });
    expect(await get()).toEqual(file);
    expect(server.seen.map((seen) => seen.range)).toEqual([null, "bytes=3000-"]);
  });

  it("is given up after a bounded number of attempts, with what to do", async () => {
    faults(...Array.from({ length: 50 }, () => ({ unreachable: true })));
    const error = await failure();
    expect(error).toMatchObject({ code: "network" });
    expect(error.message).toContain("a.bin");
    expect(error.message).toContain("Failed to fetch");
    expect(error.help).toContain("load the model again");
    expect(server.seen).toHaveLength(MAX_ATTEMPTS);
    expect(waits).toEqual([500, 1000, 2000, 4000]);
  });

  it("says that the device is offline, where it knows", async () => {
    vi.stubGlobal("navigator", { onLine: false });
    faults(...Array.from({ length: 5 }, () => ({ unreachable: true })));
    expect((await failure()).message).toContain("offline");
  });

  it("waits as long as the server asks", async () => {
    faults({ status: 503, headers: { "retry-after": "7" } }, { status: 429, headers: { "retry-after": "999999" } });
    expect(await get()).toEqual(file);
    expect(waits).toEqual([7000, 30_000]);
  });

  it("is not tried again where the answer will stay", async () => {
    faults({ status: 404 });
    const error = await failure();
    expect(error).toMatchObject({ code: "network" });
    expect(error.message).toMatch(/a\.bin: .*404/);
    expect(waits).toEqual([]);
  });

  it("is noticed when nothing arrives any more", async () => {
    vi.useFakeTimers();
    faults({ stallAfter: 2000 });
    const result = get();
    await vi.advanceTimersByTimeAsync(STALL_MS + 1);
    expect(await result).toEqual(file);
    expect(server.seen.map((seen) => seen.range)).toEqual([null, "bytes=2000-"]);
  });
});

describe("a file of another size", () => {
  it("is refused by its Content-Length before its body is read", async () => {
    server.files.set("/a.bin", someBytes(BYTES + 1, 7));
    const error = await failure();
    expect(error).toMatchObject({ code: "corrupt-shard" });
    expect(error.message).toMatch(/a\.bin.*5001.*5000/);
    expect(server.sentBytes).toBe(0);
  });

  it("is refused as soon as more arrives than there should be", async () => {
    faults({ bodyBytes: 10 * BYTES });
    expect(await failure()).toMatchObject({ code: "corrupt-shard" });
    expect(server.sentBytes).toBeLessThanOrEqual(BYTES + 1000);
    expect(offsets).toHaveLength(5);
  });
});

describe("stopping", () => {
  const stoppedBy = (controller: AbortController, more: Partial<DownloadOptions> = {}): Promise<KernelcError> =>
    failure({ options: { signal: controller.signal, ...more } });

  it("works before anything was asked", async () => {
    expect(await stoppedBy(abortedController())).toMatchObject({ code: "aborted" });
    expect(server.seen).toEqual([]);
  });

  it("works while the server sends nothing", async () => {
    faults({ stallAfter: 2000 });
    const controller = new AbortController();
    const onChunk = (_: unknown, offset: number): void => {
      if (offset === 1000) setTimeout(() => controller.abort(), 5);
    };
    expect(await stoppedBy(controller, { onChunk })).toMatchObject({ code: "aborted" });
    expect(server.seen).toHaveLength(1);
  });

  it("works between two attempts", async () => {
    faults({ unreachable: true });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    expect(await stoppedBy(controller, { wait: undefined })).toMatchObject({ code: "aborted" });
    expect(server.seen).toHaveLength(1);
  });
});

function abortedController(): AbortController {
  const controller = new AbortController();
  controller.abort();
  return controller;
}
