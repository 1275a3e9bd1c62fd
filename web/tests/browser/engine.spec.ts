/** The engine in a real Chromium: it outlives its device, starts from what is stored, and costs little JavaScript. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { disturbed, expectUndisturbed } from "./disturbed";
import { hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";

const MODEL = "/models/tiny-q4/";
const PROMPT = [1, 403, 407, 261, 378];
/** WebGPU calls: per dispatch, set a pipeline, set a group and dispatch; per step, encode, submit and read back. */
const MOST_CALLS_PER_DISPATCH = 3;
const MOST_CALLS_PER_STEP = 16;

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
    expectUndisturbed(await page.evaluate(disturbed, [MODEL, {}] as const));
  }, 180_000);

  test("stored weights are not fetched again", async () => {
    const open = (): Promise<number> =>
      page.evaluate(
        async ([url, prompt]) => {
          const engine = await kernelc.createWorkerEngine(url);
          const { ids } = await engine.tokens.generate(prompt, { temperature: 0, max_tokens: 1, stop_ids: [] });
          await engine.dispose();
          return ids.length;
        },
        [MODEL, PROMPT] as const,
      );
    expect(await open()).toBe(1);
    server.reset();
    expect(await open()).toBe(1);
    expect(server.requests("/weights/")).toEqual([]);
  }, 120_000);

  test("a decode step makes nothing anew, and few calls of WebGPU", async () => {
    const { made, calls, dispatches, tokens } = await page.evaluate(countedCalls, [MODEL, PROMPT] as const);
    expect(dispatches).toBeGreaterThan(10);
    expect(made).toEqual([]);
    expect(calls / tokens).toBeLessThanOrEqual(MOST_CALLS_PER_DISPATCH * dispatches + MOST_CALLS_PER_STEP);
    expect(calls / tokens).toBeGreaterThan(dispatches); // or the calls were not seen
  }, 120_000);

  test("requests of OpenAI's API have the answers that they have natively", async () => {
    const answered = inject("prepared").answered;
    const found = await page.evaluate(async (requests) => {
      const engine = await kernelc.createWorkerEngine("/models/tiny-f32/");
      const choices: unknown[] = [];
      for (const { endpoint, request } of requests) {
        const api = endpoint === "chat" ? engine.chat.completions : engine.completions;
        const create = api.create as unknown as (request: unknown) => Promise<{ choices: unknown[] }>;
        choices.push((await create(request)).choices);
      }
      await engine.dispose();
      return choices;
    }, answered);
    expect(answered.length).toBeGreaterThan(5);
    expect(found).toEqual(answered.map(({ choices }) => roughly(choices)));
  }, 180_000);

  test("the model that comes with the repository passes its golden tiles and generates", async () => {
    const { ids, checked } = await page.evaluate(
      async ([url, prompt]) => {
        const phases = new Set<string>();
        const engine = await kernelc.createWorkerEngine(url, { onProgress: ({ phase }) => phases.add(phase) });
        const { ids } = await engine.tokens.generate(prompt, { temperature: 0, max_tokens: 4, stop_ids: [] });
        await engine.dispose();
        return { ids, checked: phases.has("self-check") };
      },
      ["/models/demo-q4/", PROMPT] as const,
    );
    expect(ids).toHaveLength(4);
    expect(checked).toBe(true);
  }, 120_000);
});

/** JSON of which fractions need only be near: log probabilities differ by the rounding of sums. */
function roughly(value: unknown): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? value : expect.closeTo(value, 3);
  if (Array.isArray(value)) return value.map(roughly);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, roughly(each)]));
}

/**
 * In the page: what a longer answer calls of WebGPU beyond a shorter one, so that prompt and warming up do not count.
 * `made` names what was created meanwhile: encoders and passes, which WebGPU wants anew, are counted only.
 */
async function countedCalls([url, prompt]: readonly [string, readonly number[]]): Promise<{
  made: string[];
  calls: number;
  dispatches: number;
  tokens: number;
}> {
  const calls = new Map<string, number>();
  for (const type of [GPUDevice, GPUQueue, GPUCommandEncoder, GPUComputePassEncoder, GPUBuffer]) {
    const prototype = type.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(type.prototype))) {
      if (typeof value !== "function" || name === "constructor") continue;
      const call = value as (...args: unknown[]) => unknown;
      prototype[name] = function counted(this: unknown, ...args: unknown[]): unknown {
        calls.set(name, (calls.get(name) ?? 0) + 1);
        return call.apply(this, args);
      };
    }
  }
  // Without the self-check, all kernels are compiled first. With it, a later visit compiles some while it answers.
  const engine = await kernelc.createEngine(url, { selfCheck: false });
  const generated = async (max_tokens: number): Promise<ReadonlyMap<string, number>> => {
    await engine.reset();
    calls.clear();
    await engine.tokens.generate(prompt, { temperature: 0, max_tokens, stop_ids: [] });
    return new Map(calls);
  };
  await generated(40);
  const [shorter, longer] = [await generated(20), await generated(40)];
  const { dispatches_per_token: dispatches } = await engine.stats();
  await engine.dispose();
  const more = [...longer].map(([name, count]) => [name, count - (shorter.get(name) ?? 0)] as const);
  const made = more.filter(([name, count]) => /^create(?!CommandEncoder)/.test(name) && count > 0).map(([name]) => name);
  return { made, calls: more.reduce((sum, [, count]) => sum + count, 0), dispatches, tokens: 20 };
}
