/** The harness itself: Chromium has WebGPU, the server has Range and does harm where it is asked to. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { hasChromium, openPage, startBrowser, startServer, type TestServer } from "./harness";

const FILE = "/models/tiny-q4/manifest.json";

describe.skipIf(!hasChromium)("the harness", () => {
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(), startServer()]);
  });
  beforeEach(() => {
    server.reset();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  async function fetched(range?: string): Promise<{ status: number; text: string }> {
    const headers = range === undefined ? {} : { Range: range };
    const response = await fetch(server.origin + FILE, { headers });
    return { status: response.status, text: await response.text() };
  }

  test("Chromium gives a WebGPU adapter, OPFS and workers on this origin", async () => {
    const page = await openPage(browser, server);
    const found = await page.evaluate(async () => {
      const adapter = await navigator.gpu.requestAdapter();
      const root = await navigator.storage.getDirectory();
      return { adapter: adapter !== null, secure: isSecureContext, opfs: root.kind, worker: typeof Worker };
    });
    expect(found).toEqual({ adapter: true, secure: true, opfs: "directory", worker: "function" });
    await page.context().close();
  });

  test("files come whole or in ranges", async () => {
    const whole = await fetched();
    expect(whole.status).toBe(200);
    expect(await fetched("bytes=10-19")).toEqual({ status: 206, text: whole.text.slice(10, 20) });
    expect(await fetched("bytes=-5")).toEqual({ status: 206, text: whole.text.slice(-5) });
    expect((await fetched("bytes=99999999-")).status).toBe(416);
    expect(server.requests("manifest.json").map((seen) => seen.range)).toEqual([
      undefined, "bytes=10-19", "bytes=-5", "bytes=99999999-",
    ]);
  });

  test("nothing outside of what is mounted is served", async () => {
    expect((await fetch(`${server.origin}/models/tiny-q4/%2e%2e/%2e%2e/x`)).status).toBe(404);
    expect((await fetch(`${server.origin}/models/none/`)).status).toBe(404);
  });

  test("a fault breaks off, flips a byte, refuses, ignores Range, as often as asked", async () => {
    const whole = (await fetched()).text;
    server.faults = [
      { path: FILE, times: 1, cutAfterBytes: 100 },
      { path: FILE, times: 1, flipByteAt: 7 },
      { path: FILE, times: 1, status: 503 },
      { path: FILE, times: 1, ignoreRange: true },
    ];
    await expect(fetched()).rejects.toThrow();
    const flipped = (await fetched()).text;
    expect(flipped).not.toBe(whole);
    expect(flipped.slice(8)).toBe(whole.slice(8));
    expect((await fetched()).status).toBe(503);
    expect((await fetched("bytes=0-3")).status).toBe(200);
    expect((await fetched()).text).toBe(whole);
    server.offline = true;
    await expect(fetched()).rejects.toThrow();
  });
});
