/** Engines that live in a service worker, and in the background of an extension, with clients in windows. */
import { mkdirSync, mkdtempSync, rmSync, cpSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import type * as Kernelc from "../../src/index";
import { distFolder, hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";

const MODEL = "/models/tiny-q4-wasm/";
const WORKER = `import { serveWindows } from "/lib/service-worker.js"; serveWindows();`;
const script: RequestListener = (_, response) =>
  void response.writeHead(200, { "Content-Type": "text/javascript" }).end(WORKER);

const { computed } = inject("prepared");
const NIGHTLY = process.env["HYPOTHESIS_PROFILE"] === "nightly";

declare global {
  var engine: Kernelc.Engine;
}

describe.skipIf(!hasChromium || computed === "")("engines in a service worker", { timeout: 180_000 }, () => {
  let browser: Browser;
  let server: TestServer;
  let context: BrowserContext;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser([], false), startServer({ "/worker.js": script })]);
    context = await browser.newContext();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  /** A window with an engine of the service worker. */
  async function open(): Promise<Page> {
    const page = await openEngine(context, server);
    await page.evaluate(async (url) => {
      await navigator.serviceWorker.register("/worker.js", { type: "module" });
      globalThis.engine = await kernelc.createServiceWorkerEngine(url, { device: "wasm" });
    }, MODEL);
    return page;
  }

  /** What an answer in a window is, in pieces. */
  const said = (page: Page): Promise<string[]> =>
    page.evaluate(async () => {
      const messages = [{ role: "user" as const, content: "Once upon a time" }];
      const pieces: string[] = [];
      const request = { messages, max_tokens: 12, temperature: 0, stream: true } as const;
      for await (const { choices } of await engine.chat.completions.create(request)) {
        pieces.push(choices[0]?.delta.content ?? "");
      }
      return pieces.filter(Boolean);
    });

  test("answer all windows with one model, which is loaded once and released with the last", async () => {
    const first = await open();
    server.reset();
    const second = await open();
    expect(server.requests(MODEL)).toEqual([]);
    const [one, two] = await Promise.all([said(first), said(second)]);
    expect(one.join("").length).toBeGreaterThan(5);
    expect(two.join("")).toBe(one.join(""));
    const shaped = await second.evaluate(async () => {
      const messages = [{ role: "user" as const, content: "?" }];
      const response_format = { type: "regex", regex: "(cat|dog)" } as const;
      const { choices } = await engine.chat.completions.create({ messages, response_format, max_tokens: 8 });
      return choices[0].message.content;
    });
    expect(shaped).toMatch(/^(cat|dog)$/);
    await first.evaluate(() => engine.dispose());
    expect((await said(second)).join("")).toBe(one.join(""));
    const stats = await second.evaluate(async () => (await engine.stats()).adapter.name);
    expect(stats).toContain("the processor");
    await Promise.all([first.close(), second.close()]);
  });

  test("stop on request, and come back where the browser has ended their worker", async () => {
    const page = await open();
    const before = (await said(page)).join("");
    const stopped = await page.evaluate(async () => {
      const stopping = new AbortController();
      const messages = [{ role: "user" as const, content: "Once upon a time" }];
      const stream = await engine.chat.completions.create({ messages, stream: true, signal: stopping.signal });
      try {
        for await (const _ of stream) stopping.abort();
        return "went on";
      } catch (error) {
        return (error as { code?: string }).code;
      }
    });
    expect(stopped).toBe("aborted");
    const tools = await context.newCDPSession(page);
    await tools.send("ServiceWorker.enable");
    await tools.send("ServiceWorker.stopAllWorkers");
    expect((await said(page)).join("")).toBe(before);
    await page.evaluate(() => engine.dispose());
    expect(await page.evaluate(() => engine.stats().catch((error: Error) => error.message))).toBe("the engine was disposed");
    await page.close();
  });
});

describe.skipIf(!hasChromium || computed === "" || !NIGHTLY)("engines in an extension", { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "kernelc-extension-"));
  let context: BrowserContext | null = null;
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
    server.headers = { "Access-Control-Allow-Origin": "*" };
    const extension = join(folder, "extension");
    mkdirSync(extension);
    cpSync(distFolder("lib"), join(extension, "lib"), { recursive: true });
    const manifest = {
      manifest_version: 3,
      name: "test",
      version: "1",
      background: { service_worker: "background.js", type: "module" },
      content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" },
    };
    writeFileSync(join(extension, "manifest.json"), JSON.stringify(manifest));
    writeFileSync(join(extension, "background.js"), 'import { serveExtension } from "./lib/service-worker.js"; serveExtension();');
    writeFileSync(join(extension, "page.html"), '<!doctype html><script type="module" src="page.js"></script>');
    writeFileSync(join(extension, "page.js"), 'import * as kernelc from "./lib/index.js"; globalThis.kernelc = kernelc;');
    const args = ["--no-sandbox", "--headless=new", `--disable-extensions-except=${extension}`, `--load-extension=${extension}`];
    context = await chromium.launchPersistentContext(join(folder, "profile"), {
      executablePath: inject("chromium"), headless: false, args, ignoreDefaultArgs: ["--disable-extensions"],
    });
  });
  afterAll(async () => {
    await context?.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("answer its windows over a port, logits included", async () => {
    if (!context) throw new Error("there is no browser");
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
    const page = await context.newPage();
    await page.goto(new URL("page.html", worker.url()).href);
    await page.waitForFunction(() => "kernelc" in globalThis);
    const found = await page.evaluate(async (url) => {
      const engine = await kernelc.createExtensionEngine(url, { device: "wasm" });
      const messages = [{ role: "user" as const, content: "Once upon a time" }];
      let text = "";
      const request = { messages, max_tokens: 6, temperature: 0, stream: true } as const;
      for await (const { choices } of await engine.chat.completions.create(request)) text += choices[0]?.delta.content ?? "";
      const [row] = await engine.tokens.score([1, 403, 407]);
      await engine.dispose();
      const here = await kernelc.createEngine(url, { device: "wasm" });
      const [own] = await here.tokens.score([1, 403, 407]);
      return { text, isFloats: row instanceof Float32Array, same: String(row) === String(own), length: row?.length };
    }, server.origin + MODEL);
    expect(found.text.length).toBeGreaterThan(3);
    expect(found).toMatchObject({ isFloats: true, same: true });
    expect(found.length).toBeGreaterThan(100);
  });
});
