/** What the engine says, in a real Chromium, where something stands in its way. */
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import type * as Kernelc from "../../src/index";
import { artifactFolder, hasChromium, openPage, startBrowser, startServer, type TestServer } from "./harness";

const MODEL = "/models/tiny-q4/";

interface Variant {
  file: string;
  sha256: string;
  bytes?: number;
  requires: { features: string[]; subgroup_size: number | null };
}
interface Manifest {
  kernels: Record<string, { variants: Variant[] }>;
}

/** A copy of the tiny model whose argmax is off by one: in the first of the variants that run here, or in all. */
function withWrongArgmax(folder: string, all: boolean): string {
  cpSync(artifactFolder("tiny-q4"), folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
  const [, kernel] = Object.entries(manifest.kernels).find(([name]) => name.startsWith("argmax")) ?? [];
  const running = kernel?.variants.filter(({ requires }) => {
    return !requires.features.includes("f16") && requires.subgroup_size === null;
  }) ?? [];
  for (const variant of all ? running : running.slice(0, 1)) {
    const text = readFileSync(join(folder, variant.file), "utf8");
    const wrong = text.replaceAll("best_index = first", "best_index = 1u + first");
    if (wrong === text) throw new Error(`${variant.file} is written in another way than this test knows`);
    writeFileSync(join(folder, variant.file), wrong);
    variant.sha256 = createHash("sha256").update(wrong).digest("hex");
    if (variant.bytes !== undefined) variant.bytes = Buffer.byteLength(wrong);
  }
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return folder;
}

interface Tried {
  readonly text?: string | null;
  readonly code?: string;
  readonly message?: string;
  readonly notices: readonly string[];
}

/** Open an engine and ask it something: the answer and what it noticed, or the error. */
async function tried(page: Page, url: string): Promise<Tried> {
  return page.evaluate(async (address) => {
    const notices: string[] = [];
    try {
      const onNotice = ({ code, message }: Kernelc.Notice): unknown => notices.push(`${code}: ${message}`);
      const engine = await kernelc.createEngine(address, { onNotice });
      const messages = [{ role: "user" as const, content: "Hello" }];
      const answer = await engine.chat.completions.create({ messages, temperature: 0, max_tokens: 8 });
      await engine.dispose();
      return { text: answer.choices[0].message.content, notices };
    } catch (error) {
      if (!(error instanceof kernelc.KernelcError)) throw error;
      return { code: error.code, message: `${error.message} (${error.help ?? ""})`, notices };
    }
  }, url);
}

describe.skipIf(!hasChromium)("the engine says why", () => {
  let browser: Browser;
  let server: TestServer;
  let folder: string;
  let page: Page | null = null;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "kernelc-wrong-"));
    browser = await startBrowser();
    server = await startServer({
      "/models/one-wrong/": withWrongArgmax(join(folder, "one"), false),
      "/models/all-wrong/": withWrongArgmax(join(folder, "all"), true),
    });
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });
  afterEach(async () => {
    server.reset();
    await page?.context().close();
    page = null;
  });

  /** A page with the library, in which `change` ran before anything else. */
  async function open(change: () => void = () => undefined): Promise<Page> {
    const context = await browser.newContext();
    await context.addInitScript(change);
    page = await openPage(context, server, "/engine.html");
    await page.waitForFunction(() => "kernelc" in globalThis);
    return page;
  }

  test("there is no WebGPU", async () => {
    const opened = await open(() => {
      Object.defineProperty(Navigator.prototype, "gpu", { value: undefined });
    });
    const { code, message } = await tried(opened, MODEL);
    expect(code).toBe("no-webgpu");
    expect(message).toMatch(/this browser has no WebGPU \(use a current/);
    expect(await opened.evaluate(() => kernelc.probe())).toMatchObject({ usable: false, code: "no-webgpu" });
    const plan = await opened.evaluate((url) => kernelc.planArtifact(url), MODEL);
    expect(plan.fits).toBe(false);
    expect(plan.reasons[0]).toMatch(/no WebGPU/);
  });

  test("there is no adapter", async () => {
    const opened = await open(() => {
      GPU.prototype.requestAdapter = () => Promise.resolve(null);
    });
    const { code, message } = await tried(opened, MODEL);
    expect(code).toBe("no-adapter");
    expect(message).toMatch(/graphics driver/);
    expect(await opened.evaluate(() => kernelc.probe())).toMatchObject({ usable: false, code: "no-adapter" });
  });

  test("the adapter's limits are too small", async () => {
    const opened = await open(() => {
      Object.defineProperty(GPUSupportedLimits.prototype, "maxStorageBufferBindingSize", { value: 4096 });
    });
    const { code, message } = await tried(opened, MODEL);
    expect(code).toBe("limits");
    expect(message).toMatch(/cannot hold this model: .* the limit for the size of a storage binding: wanted [\d,]+/);
    const plan = await opened.evaluate((url) => kernelc.planArtifact(url), MODEL);
    expect(plan.fits).toBe(false);
    expect(plan.reasons[0]).toMatch(/this device allows 4,096/);
  });

  test("memory does not suffice", async () => {
    const opened = await open(() => {
      const scope = GPUDevice.prototype.popErrorScope;
      let left = 1;
      GPUDevice.prototype.popErrorScope = async function popErrorScope(this: GPUDevice) {
        await scope.call(this);
        return left-- > 0 ? new GPUOutOfMemoryError("made up") : null;
      };
    });
    const { code, message } = await tried(opened, MODEL);
    expect(code).toBe("out-of-memory");
    expect(message).toMatch(/while allocating [\d,]+ bytes for buffer .*\(.*shorter context or a smaller model/);
  });

  test("a phone's memory would not do: the context is shorter, or the model is refused before its download", async () => {
    const opened = await open(() => {
      const agent = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36";
      Object.defineProperty(Navigator.prototype, "userAgent", { value: agent });
      Object.defineProperty(Navigator.prototype, "deviceMemory", { value: 4 });
    });
    const whole = await opened.evaluate((url) => kernelc.planArtifact(url), MODEL);
    expect(whole).toMatchObject({ fits: true, memory_bytes: Math.floor(1.4 * 2 ** 30) });
    const answered = await opened.evaluate(
      async ([url, memoryBytes]) => {
        const engine = await kernelc.createEngine(url, { memoryBytes, limits: "default" });
        const messages = [{ role: "user" as const, content: "Hello" }];
        const answer = await engine.chat.completions.create({ messages, temperature: 0, max_tokens: 8 });
        await engine.dispose();
        return { context: engine.model.context, text: answer.choices[0].message.content };
      },
      [MODEL, whole.taken_bytes - 1] as const,
    );
    expect(answered.text).not.toBe("");
    expect(answered.context).toBeLessThan(whole.context);
    server.reset();
    const refused = await opened.evaluate(
      (url) => kernelc.createEngine(url, { memoryBytes: 1000 }).then(String, String),
      MODEL,
    );
    expect(refused).toMatch(/cannot hold the model with 1 tokens: it takes .* a page on this device may take about/);
    expect(server.requests("/weights/")).toEqual([]);
  });

  test("half precision is missing, and the model works", async () => {
    const { text, notices } = await tried(await open(), MODEL);
    expect(text).not.toBe("");
    expect(notices.filter((notice) => notice.startsWith("f16-missing"))).toHaveLength(1);
  });

  test("a kernel's file is damaged", async () => {
    server.faults = [{ path: "/kernels/matvec", flipByteAt: 100 }];
    const { code, message } = await tried(await open(), MODEL);
    expect(code).toBe("bad-artifact");
    expect(message).toMatch(/kernels\/matvec.*sha256/);
  });

  test("a variant computes something else: the next one is taken, and remembered", async () => {
    const opened = await open();
    const right = await tried(opened, MODEL);
    for (let visit = 0; visit < 2; visit += 1) {
      const { text, notices } = await tried(opened, "/models/one-wrong/");
      expect(text).toBe(right.text);
      expect(notices.filter((notice) => notice.startsWith("variant-dropped: kernel argmax"))).toHaveLength(1);
    }
  });

  test("every variant computes something else: the device is refused by name", async () => {
    const { code, message } = await tried(await open(), "/models/all-wrong/");
    expect(code).toBe("self-check");
    expect(message).toMatch(/kernel argmax\w* computes something else than it should on .*, in every variant/);
  });
});
