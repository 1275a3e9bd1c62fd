/**
 * One call into the browser fails, then another: an answer that is right, or an error of ours; never a wrong answer, and
 * never a page that waits for ever. At night some calls of each function during a first visit, else one of the device, of
 * storage and of the processor, without the check of all kernels. Storage fails at night beside a model that the
 * processor runs: Chromium's software driver takes 10 to 30 s to make the pipelines of one that the device runs.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";

import { engineWithFault, type Fault, type Outcome } from "./faults_in_page";
import { hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";

const AT_NIGHT = process.env["HYPOTHESIS_PROFILE"] === "nightly";
const MODEL = "/models/tiny-q4/";
const COMPUTED = "/models/tiny-q4-wasm/";
const SEED = 20261130;

/** So many calls of each function fail at night: those of one function mostly come from the same lines. */
const MOST = 8;

/** Numbers of calls, from 1 on: `one` that the seed chooses, or all of each name, or `MOST` spread over them. */
function chosen(names: readonly string[], one: boolean): readonly number[] {
  if (one) return [1 + (SEED % names.length)];
  return [...new Set(names)].flatMap((name) => {
    const numbers = names.flatMap((each, at) => (each === name ? [1 + at] : []));
    const step = Math.max(1, (numbers.length - 1) / (MOST - 1)); // the first and the last are among them
    return numbers.filter((_, at) => at === Math.round(Math.round(at / step) * step));
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
    page.evaluate(engineWithFault, [
      url,
      fault,
      {
        empty,
        selfCheck: AT_NIGHT && fault.part !== "storage",
        device: url === COMPUTED ? "wasm" : "webgpu",
      },
    ] as const);

  /** What is said where nothing fails, and which calls there are. */
  const sound = new Map<string, Outcome>();
  async function soundly(part: Fault["part"], url: string): Promise<Outcome> {
    const known = sound.get(part + url);
    if (known) return known;
    const outcome = await tried({ part, how: "throws", only: ".", at: 0 }, url);
    expect(outcome.said).toMatch(/^\d+,\d+,\d+$/);
    sound.set(part + url, outcome);
    return outcome;
  }

  /** What goes wrong, a line for each call whose failing leads to something else than an error or the right ids. */
  async function found(
    part: Fault["part"],
    how: Fault["how"],
    only: string,
    { url = MODEL, one = !AT_NIGHT } = {},
  ): Promise<string[]> {
    const right = await soundly(part, url);
    const counted = right.calls.filter((name) => new RegExp(only).test(name));
    expect(counted.length).toBeGreaterThan(0);
    const wrong: string[] = [];
    for (const at of chosen(counted, one)) {
      const { said, calls } = await tried({ part, how, only, at }, url);
      const what = `${part} ${how}, call ${at} (${calls[at - 1]}): ${said}`;
      if (said !== right.said && !/^(?!not ours)[a-z-]+: /.test(said)) wrong.push(what);
      // What is stored by then must not spoil the next visit.
      if (part !== "storage") continue;
      const next = await tried({ part, how, only, at: 0 }, url, false);
      if (next.said !== right.said) wrong.push(`${what}; and then ${next.said}`);
    }
    return wrong;
  }

  const limit = { timeout: AT_NIGHT ? 3_600_000 : 300_000 };
  test("of the graphics device: an error, or the right answer", limit, async () => {
    expect(await found("gpu", "throws", ".")).toEqual([]);
  });

  // By day engine.spec.ts takes a device away.
  test.runIf(AT_NIGHT)("beside a device that is lost: an error, or the right answer from another one", limit, async () => {
    expect(await found("gpu", "lost", "^GPU(Device|Queue|Buffer|CommandEncoder)")).toEqual([]);
  });

  test.runIf(AT_NIGHT)("of a queue that refuses: an error, or the right answer", limit, async () => {
    expect(await found("gpu", "refused", "submit|writeBuffer")).toEqual([]);
  });

  test.runIf(AT_NIGHT)("where memory does not suffice: an error, or the right answer", limit, async () => {
    expect(await found("gpu", "memory", "popErrorScope")).toEqual([]);
  });

  test("of what stores, locks and fetches: an error, or the right answer, and nothing wrong is kept", limit, async () => {
    expect(await found("storage", "throws", ".", { one: true })).toEqual([]);
  });

  describe.skipIf(!inject("prepared").artifacts["tiny-q4-wasm"])("beside a model on the processor", () => {
    test.runIf(AT_NIGHT)("of what stores, locks and fetches: as above, for every function", limit, async () => {
      expect(await found("storage", "throws", ".", { url: COMPUTED })).toEqual([]);
    });

    test("of the processor: an error, or one thread", limit, async () => {
      expect(await found("wasm", "throws", ".", { url: COMPUTED })).toEqual([]);
    });
  });
});
