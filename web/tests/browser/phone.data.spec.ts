/**
 * A phone of 4 GB whose browser offers what every WebGPU device must: SmolLM2, and at night a model of a billion
 * random weights, are planned, loaded and answer, or are refused before their download.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";

const PREPARED = inject("prepared");
const LARGE = "random-1b";
const LARGEST_BUFFER = 256 * 2 ** 20; // what every device allows

describe.skipIf(!hasChromium)("on a phone", { timeout: 600_000 }, () => {
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(), startServer()]);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  /** A page that takes this machine for a phone. */
  async function phone(): Promise<Page> {
    const context = await browser.newContext();
    await context.addInitScript(() => {
      const agent = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36";
      Object.defineProperty(Navigator.prototype, "userAgent", { value: agent });
      Object.defineProperty(Navigator.prototype, "deviceMemory", { value: 4 });
    });
    return openEngine(context, server);
  }

  /** The ids that follow a prompt, and the largest buffer that was made for them. */
  const answered = (page: Page, url: string, prompt: readonly number[], most: number) =>
    page.evaluate(
      async ([model, ids, max_tokens]) => {
        let largest = 0;
        const create = GPUDevice.prototype.createBuffer;
        GPUDevice.prototype.createBuffer = function createBuffer(this: GPUDevice, descriptor) {
          largest = Math.max(largest, descriptor.size);
          return create.call(this, descriptor);
        };
        const engine = await kernelc.createEngine(model, { limits: "default", features: "none" });
        const answer = await engine.tokens.generate(ids, { temperature: 0, max_tokens, stop_ids: [] });
        await engine.dispose();
        return { ids: [...answer.ids], largest };
      },
      [url, prompt, most] as const,
    );

  const NAME = "smollm2-135m";
  test.skipIf(!(NAME in PREPARED.published))(`${NAME} plans, loads and says what it says natively`, async () => {
    const { prompt_ids, ids } = PREPARED.published[NAME] ?? expect.fail(NAME);
    const page = await phone();
    const plan = await page.evaluate((url) => kernelc.planArtifact(url, undefined, { limits: "default" }), `/models/${NAME}/`);
    expect(plan).toMatchObject({ fits: true, memory_bytes: Math.floor(1.4 * 2 ** 30) });
    const found = await answered(page, `/models/${NAME}/`, prompt_ids, ids.length);
    expect(found.ids).toEqual(ids);
    expect(found.largest).toBeLessThanOrEqual(LARGEST_BUFFER);
    await page.context().close();
  });

  test.skipIf(!(LARGE in PREPARED.artifacts))("a billion weights plan, load and answer", async () => {
    const page = await phone();
    const plan = await page.evaluate((url) => kernelc.planArtifact(url, undefined, { limits: "default" }), `/models/${LARGE}/`);
    expect(plan).toMatchObject({ fits: true });
    const found = await answered(page, `/models/${LARGE}/`, [1, 2, 3], 2);
    expect(found.ids).toHaveLength(2);
    expect(found.largest).toBeLessThanOrEqual(LARGEST_BUFFER);
    await page.context().close();
  });

  test.skipIf(!(LARGE in PREPARED.artifacts))("what is too large for it is refused before its download", async () => {
    const page = await phone();
    server.reset();
    const refused = await page.evaluate(
      (url) => kernelc.createEngine(url, { limits: "default", memoryBytes: 500e6 }).then(String, String),
      `/models/${LARGE}/`,
    );
    expect(refused).toMatch(/cannot hold the model/);
    expect(server.requests("/weights/")).toEqual([]);
    await page.context().close();
  });
});
