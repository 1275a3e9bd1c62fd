import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PageWorker } from "../../src/service/pageWorker.js";
import { FakeCaches } from "./weights_storage_fakes.js";

const SCOPE = "https://site.test/chat/";
const FILES = ["assets/main-1a2b.js", "icon.svg"];

let caches: FakeCaches;
let server: Map<string, string>;
let asked: { url: string; cache: RequestCache }[];
let online: boolean;

beforeEach(() => {
  caches = new FakeCaches();
  server = new Map([
    [SCOPE, "page 1"],
    [`${SCOPE}assets/main-1a2b.js`, "main 1"],
    [`${SCOPE}icon.svg`, "icon 1"],
    [`${SCOPE}models.json`, "models 1"],
    [`${SCOPE}models/demo/weights/0000.bin`, "weights"],
  ]);
  [asked, online] = [[], true];
});
afterEach(() => vi.useRealTimers());

function worker(version = "v1"): PageWorker {
  const fetch = (request: Request): Promise<Response> => {
    asked.push({ url: request.url, cache: request.cache });
    const text = server.get(request.url.replace(/[?#].*/, ""));
    if (!online) return Promise.reject(new TypeError("Failed to fetch"));
    return Promise.resolve(text === undefined ? new Response("none", { status: 404 }) : new Response(text));
  };
  return new PageWorker({ scope: SCOPE, caches: caches.asStorage(), fetch }, { version, files: FILES });
}

/** The text that the page gets, or undefined where the worker leaves a request to the browser. */
async function answer(from: PageWorker, path: string, init: RequestInit = {}): Promise<string | undefined> {
  const response = from.respond(new Request(new URL(path, SCOPE), init));
  return response && (await response).text();
}

describe("a page's service worker", () => {
  it("stores the page at installation, and then needs no network", async () => {
    const page = worker();
    await page.install();
    expect(asked.map((each) => each.url).sort()).toEqual(
      [SCOPE, ...FILES.map((file) => SCOPE + file), `${SCOPE}models.json`].sort(),
    );
    expect(asked.every((each) => each.cache === "no-cache")).toBe(true);
    online = false;
    expect(await answer(page, "./")).toBe("page 1");
    expect(await answer(page, "index.html?from=home")).toBe("page 1");
    expect(await answer(page, "assets/main-1a2b.js")).toBe("main 1");
    expect(await answer(page, "models.json")).toBe("models 1");
  });

  it("stores nothing where a file of the page is missing", async () => {
    server.delete(`${SCOPE}icon.svg`);
    await expect(worker().install()).rejects.toThrow("icon.svg");
    expect(await caches.keys()).toEqual([]);
  });

  it("installs on a site that has no models yet, and learns of them later", async () => {
    server.delete(`${SCOPE}models.json`);
    const page = worker();
    await page.install();
    expect((await page.respond(new Request(`${SCOPE}models.json`)))?.status).toBe(404);
    server.set(`${SCOPE}models.json`, "models 2");
    expect(await answer(page, "models.json")).toBe("models 2");
    online = false;
    expect(await answer(page, "models.json")).toBe("models 2");
  });

  it("asks for the page and the list of models first, for files of fixed content never", async () => {
    const page = worker();
    await page.install();
    for (const url of server.keys()) server.set(url, "newer");
    asked.length = 0;
    expect(await answer(page, "./")).toBe("newer");
    expect(await answer(page, "models.json")).toBe("newer");
    expect(await answer(page, "assets/main-1a2b.js")).toBe("main 1");
    expect(asked.map((each) => each.url)).toEqual([SCOPE, `${SCOPE}models.json`]);
  });

  it("keeps the stored page with the stored files, though a newer one was seen", async () => {
    const page = worker();
    await page.install();
    server.set(SCOPE, "page 2");
    expect(await answer(page, "./")).toBe("page 2");
    online = false;
    expect(await answer(page, "./")).toBe("page 1");
  });

  it("shows the stored page where the server fails or is slow", async () => {
    const page = worker();
    await page.install();
    const failing = vi.fn(() => Promise.resolve(new Response("oops", { status: 502 })));
    const around = { scope: SCOPE, caches: caches.asStorage(), fetch: failing };
    expect(await answer(new PageWorker(around, { version: "v1", files: FILES }), "./")).toBe("page 1");
    vi.useFakeTimers();
    const mute = { ...around, fetch: () => new Promise<Response>(() => undefined) };
    const hanging = new PageWorker(mute, { version: "v1", files: FILES });
    const shown = answer(hanging, "./");
    await vi.advanceTimersByTimeAsync(4001);
    expect(await shown).toBe("page 1");
  });

  it("leaves models, ranges, other methods and other folders alone", async () => {
    const page = worker();
    await page.install();
    expect(await answer(page, "models/demo/weights/0000.bin")).toBeUndefined();
    expect(await answer(page, "models/demo/manifest.json")).toBeUndefined();
    expect(await answer(page, "icon.svg", { headers: { range: "bytes=0-" } })).toBeUndefined();
    expect(await answer(page, "icon.svg", { method: "POST" })).toBeUndefined();
    expect(await answer(page, "../icon.svg")).toBeUndefined();
    expect(await answer(page, "https://elsewhere.test/chat/icon.svg")).toBeUndefined();
  });

  it("removes earlier versions' files, and no other site's", async () => {
    await worker("v1").install();
    await worker("v1").activate();
    await caches.open("kernelc-store");
    await caches.open("kernelc-page /chat/more/ v0");
    const next = worker("v2");
    await next.install();
    await next.activate();
    const kept = ["kernelc-page /chat/ data", "kernelc-page /chat/ v2", "kernelc-page /chat/more/ v0"];
    expect((await caches.keys()).sort()).toEqual([...kept, "kernelc-store"]);
  });

  it("stores an answer that came by a redirect as one that did not", async () => {
    const redirected = Object.defineProperty(new Response("page"), "redirected", { value: true });
    const fetch = (request: Request): Promise<Response> =>
      Promise.resolve(request.url === SCOPE ? redirected : new Response("x"));
    const page = new PageWorker({ scope: SCOPE, caches: caches.asStorage(), fetch }, { version: "v", files: [] });
    const put = vi.fn(() => Promise.resolve());
    vi.spyOn(caches, "open").mockResolvedValue({ put, match: () => undefined } as unknown as Cache);
    await page.install();
    const stored = (put.mock.calls as unknown as [string, Response][]).find(([url]) => url === SCOPE)?.[1];
    expect([stored?.redirected, await stored?.text()]).toEqual([false, "page"]);
  });
});
