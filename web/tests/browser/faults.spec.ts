/**
 * One call into the browser fails, then another: an answer that is right, or an error of ours; never a wrong answer, and
 * never a page that waits for ever. At night every call of a first visit, else some, without the check of all kernels.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";

import { engineWithFault, type Fault, type Outcome } from "./faults_in_page";
import { hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";

const AT_NIGHT = process.env["HYPOTHESIS_PROFILE"] === "nightly";
const MODEL = "/models/tiny-q4/";
const SEED = 20261130;

/** Some of the numbers, the same ones every time; all of them at night. */
function chosen(numbers: readonly number[], sample: number): readonly number[] {
  if (AT_NIGHT) return numbers;
  let state = SEED;
  return Array.from({ length: Math.min(sample, numbers.length) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return numbers[state % numbers.length] ?? 0;
  });
}

describe.skipIf(!hasChromium)("a call that fails", () => {
  let browser: Browser;
  let server: TestServer;
  let page: Page;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(), startServer()]);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });
  beforeEach(async () => {
    page = await openEngine(browser, server);
  });
  afterEach(async () => {
    await page.context().close();
  });

  const tried = (fault: Fault, url: string, empty = true): Promise<Outcome> =>
    page.evaluate(engineWithFault, [url, fault, { empty, selfCheck: AT_NIGHT }] as const);

  /** What goes wrong, a line for each call whose failing leads to something else than an error or the right ids. */
  async function found(part: Fault["part"], how: Fault["how"], only: RegExp, sample: number, url = MODEL): Promise<string[]> {
    const sound = await tried({ part, how, at: 0 }, url);
    expect(sound.said).toMatch(/^\d+,\d+,\d+$/);
    const numbers = sound.calls.flatMap((name, at) => (only.test(name) ? [at + 1] : []));
    expect(numbers.length).toBeGreaterThan(0);
    const wrong: string[] = [];
    for (const at of chosen(numbers, sample)) {
      const { said, calls } = await tried({ part, how, at }, url);
      const what = `${part} ${how}, call ${at} (${calls[at - 1]}): ${said}`;
      if (said !== sound.said && !/^(?!not ours)[a-z-]+: /.test(said)) wrong.push(what);
      // What is stored by then must not spoil the next visit.
      if (part !== "storage") continue;
      const next = await tried({ part, how, at: 0 }, url, false);
      if (next.said !== sound.said) wrong.push(`${what}; and then ${next.said}`);
    }
    return wrong;
  }

  const night = { timeout: AT_NIGHT ? 3_600_000 : 180_000 };
  test("of the graphics device: an error, or the right answer", night, async () => {
    expect(await found("gpu", "throws", /./, 2)).toEqual([]);
  });

  test("where the device is lost: the right answer from another one", night, async () => {
    expect(await found("gpu", "lost", /^GPU(?:Device|Queue|Buffer|CommandEncoder)/, 1)).toEqual([]);
  });

  test("where the queue refuses: an error", night, async () => {
    expect(await found("gpu", "refused", /submit|writeBuffer/, 1)).toEqual([]);
  });

  test("where memory does not suffice: an error", night, async () => {
    expect(await found("gpu", "memory", /popErrorScope/, 1)).toEqual([]);
  });

  test("of what stores, locks and fetches: an error, or the right answer, and nothing wrong is kept", night, async () => {
    expect(await found("storage", "throws", /./, 2)).toEqual([]);
  });

  test.skipIf(!inject("prepared").artifacts["tiny-q4-wasm"])("of the processor: an error, or one thread", night, async () => {
    expect(await found("wasm", "throws", /./, 2, "/models/tiny-q4-wasm/")).toEqual([]);
  });
});
