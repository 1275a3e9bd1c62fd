/**
 * The package in a program of somebody else's, with Vite as it comes: built and in its server of development; and a
 * model that another site sends compressed.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { build, createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { artifactFolder, hasChromium, ISOLATING, openPage, startBrowser, startServer, TestServer } from "./harness";

const WEB = join(import.meta.dirname, "../..");
const MODEL = "/models/tiny-q4-wasm/";
const PROGRAM = `
import { generateText } from "ai";
import { createEngine, createWorkerEngine } from "kernelc";
import { languageModel } from "kernelc/ai-sdk";
globalThis.ask = async (url) => {
  const messages = [{ role: "user", content: "Once upon a time" }];
  const format = { type: "regex", regex: "(cat|dog)" };
  const request = { messages, response_format: format, max_tokens: 8, temperature: 0 };
  const found = [];
  for (const create of [createWorkerEngine, createEngine]) {
    const engine = await create(url, { device: "wasm", threads: 2 });
    const { choices } = await engine.chat.completions.create(request);
    const { text } = await generateText({ model: languageModel(engine), prompt: "Hello", maxOutputTokens: 3, seed: 1 });
    found.push([choices[0].message.content, text.length > 0, (await engine.stats()).adapter.name]);
    await engine.dispose();
  }
  return found;
};
`;

type Found = [said: string, hasText: boolean, device: string][];
declare global {
  var ask: (url: string) => Promise<Found>;
}

/** The file of a model, compressed as servers do it, for every site; a shard's connection breaks once. */
function compressed(folder: string, broken: Set<string>): RequestListener {
  return ({ url = "" }, response) => {
    const path = decodeURIComponent(new URL(url, "http://host").pathname).slice(MODEL.length);
    const body = gzipSync(readFileSync(join(folder, path)));
    const headers = { "Access-Control-Allow-Origin": "*", "Content-Encoding": "gzip", "Content-Length": body.length };
    response.writeHead(200, headers);
    if (!path.endsWith(".bin") || broken.has(path)) return void response.end(body);
    broken.add(path);
    response.write(body.subarray(0, body.length >> 1), () => setTimeout(() => response.destroy(), 50));
  };
}

const { computed } = inject("prepared");
const NIGHTLY = process.env["HYPOTHESIS_PROFILE"] === "nightly";

describe.skipIf(!hasChromium || computed === "")("a program with Vite", { timeout: 180_000 }, () => {
  const root = mkdtempSync(join(WEB, "tests/browser/.consumer-"));
  const broken = new Set<string>();
  let browser: Browser;
  let server: TestServer;
  let other: TestServer;
  let page: Page;

  beforeAll(async () => {
    const installed = join(root, "node_modules/kernelc");
    mkdirSync(installed, { recursive: true });
    cpSync(join(WEB, "dist/lib"), join(installed, "dist/lib"), { recursive: true });
    cpSync(join(WEB, "package.json"), join(installed, "package.json"));
    writeFileSync(join(root, "package.json"), JSON.stringify({ name: "program", type: "module", dependencies: { kernelc: "*" } }));
    writeFileSync(join(root, "index.html"), '<!doctype html><link rel="icon" href="data:," /><script type="module" src="./main.js"></script>');
    writeFileSync(join(root, "main.js"), PROGRAM);
    await build({ root, base: "./", configFile: false, logLevel: "error" });
    [browser, server] = await Promise.all([startBrowser([], false), startServer({ "/app/": join(root, "dist") })]);
    other = await new TestServer({ [MODEL]: compressed(artifactFolder("tiny-q4-wasm"), broken) }).start();
    server.headers = ISOLATING;
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([server?.close(), other?.close()]);
    rmSync(root, { recursive: true });
  });

  async function asked(url: string): Promise<Found> {
    await page.waitForFunction(() => "ask" in globalThis);
    return page.evaluate((model) => ask(model), url);
  }

  const fine: Found = [1, 2].map(() => [expect.stringMatching(/^(cat|dog)$/) as never, true, expect.stringContaining("2 threads") as never]);

  test("has all of the engine in its build: worker, threads and grammars", async () => {
    page = await openPage(browser, server, "/app/");
    expect(await asked(MODEL)).toEqual(fine);
    await page.context().close();
  });

  // By day tests/unit/weights_shared.test.ts has the rules of this.
  test.skipIf(!NIGHTLY)("loads a model of another site, compressed, over a connection that breaks", async () => {
    page = await openPage(browser, server, "/app/");
    expect(await asked(other.origin + MODEL)).toEqual(fine);
    expect(broken.size).toBeGreaterThan(0);
    await page.context().close();
  });

  test.skipIf(!NIGHTLY)("has it in Vite's server of development", async () => {
    let vite: ViteDevServer | null = null;
    try {
      vite = await createServer({ root, configFile: false, logLevel: "error", server: { port: 0, headers: ISOLATING } });
      await vite.listen();
      const address = vite.resolvedUrls?.local[0] ?? "";
      page = await (await browser.newContext()).newPage();
      page.on("console", (message) => message.type() === "error" && console.error(message.text()));
      await page.goto(address);
      expect(await asked(other.origin + MODEL)).toEqual(fine);
    } finally {
      await vite?.close();
    }
  });
});
