/** The engine in a real Chromium: it outlives its device, starts fast from what is stored, and costs little. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { hasArtifact, hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";

const MODEL = hasArtifact("stories260K-q4") ? "stories260K-q4" : "demo-q4";
const MOST_SECONDS_TO_FIRST_TOKEN = 1.5;
const MOST_HOST_MICROSECONDS = 10;
const ATTEMPTS = 5; // of a measurement; a busy machine disturbs some, never all

describe.skipIf(!hasChromium)("the engine in Chromium", () => {
  let browser: Browser;
  let server: TestServer;
  let page: Page;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(), startServer()]);
    page = await openEngine(browser, server);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  test("a device lost in mid-answer is replaced, and the text is that of an undisturbed run", async () => {
    const found = await page.evaluate(async (url) => {
      const notices: string[] = [];
      const onNotice = ({ code }: { code: string }) => notices.push(code);
      const engine = await kernelc.createWorkerEngine(url, { onNotice });
      const request = { messages: [{ role: "user", content: "Once upon a time" }], max_tokens: 40, stream: true } as const;
      const texts: string[] = [];
      for (const [temperature, loseAt] of [[0, 0], [0, 12], [0.9, 0], [0.9, 25]] as const) {
        await engine.reset();
        let [text, pieces] = ["", 0];
        for await (const chunk of await engine.chat.completions.create({ ...request, temperature, seed: 7 })) {
          const piece = chunk.choices[0].delta.content ?? "";
          text += piece;
          pieces += Number(piece !== "");
          if (loseAt > 0 && pieces === loseAt) await engine.simulateLoss();
        }
        texts.push(text);
      }
      const { restored } = await engine.stats();
      await engine.dispose();
      return { texts, restored, notices };
    }, `/models/${MODEL}/`);
    const [greedy, greedyLost, drawn, drawnLost] = found.texts;
    expect(greedy?.length).toBeGreaterThan(20);
    expect(greedyLost).toBe(greedy);
    expect(drawnLost).toBe(drawn);
    expect(drawn).not.toBe(greedy);
    expect(found.restored).toBe(2);
    expect(found.notices.filter((code) => code === "device-restored").length).toBe(2);
  }, 180_000);

  test("from stored weights to the first token it takes less than 1.5 s, without a byte of weights fetched", async () => {
    await page.evaluate(async (url) => (await kernelc.createWorkerEngine(url)).dispose(), `/models/${MODEL}/`);
    server.reset();
    const seconds: number[] = [];
    for (let attempt = 0; attempt < ATTEMPTS && !(Math.min(...seconds) < MOST_SECONDS_TO_FIRST_TOKEN); attempt += 1) {
      const took = await page.evaluate(async (url) => {
        const began = performance.now();
        const engine = await kernelc.createWorkerEngine(url);
        const { ids } = await engine.tokens.generate([1, 403, 407, 261, 378], { temperature: 0, max_tokens: 1, stop_ids: [] });
        const seconds = (performance.now() - began) / 1000;
        await engine.dispose();
        return ids.length === 1 ? seconds : NaN;
      }, `/models/${MODEL}/`);
      seconds.push(took);
    }
    console.info(`first token after ${seconds.map((each) => each.toFixed(2)).join(", ")} s`);
    expect(server.requests(".bin").filter((seen) => seen.path.includes("/weights/"))).toEqual([]);
    expect(Math.min(...seconds)).toBeLessThan(MOST_SECONDS_TO_FIRST_TOKEN);
  }, 120_000);

  test("JavaScript takes at most 10 µs for each dispatch", async () => {
    const found = await page.evaluate(
      async ([url, attempts, most]) => {
        const engine = await kernelc.createWorkerEngine(url);
        let [least, dispatches] = [Infinity, 0];
        for (let attempt = 0; attempt < attempts && least > most; attempt += 1) {
          await engine.reset();
          await engine.tokens.generate([1, 403, 407, 261, 378], { temperature: 0, max_tokens: 100, stop_ids: [] });
          const stats = await engine.stats();
          [least, dispatches] = [Math.min(least, stats.host_us_per_dispatch), stats.dispatches_per_token];
        }
        await engine.dispose();
        return { least, dispatches };
      },
      [`/models/${MODEL}/`, 3 * ATTEMPTS, MOST_HOST_MICROSECONDS] as const,
    );
    console.info(`${found.least.toFixed(1)} µs of JavaScript for each of ${String(found.dispatches)} dispatches a token`);
    expect(found.dispatches).toBeGreaterThan(20);
    expect(found.least).toBeGreaterThan(0);
    expect(found.least).toBeLessThanOrEqual(MOST_HOST_MICROSECONDS);
  }, 120_000);
});
