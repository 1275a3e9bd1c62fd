/** From the site's artifacts to ids and logits, against an independent fp32 implementation. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { EngineOptions } from "../../src/index";
import {
  hasArtifact, hasChromium, openEngine, referenceLogits, referenceRuns, startBrowser, startServer, type TestServer,
} from "./harness";

const MODES: Record<string, EngineOptions> = {
  "all that the adapter has": {},
  "the guaranteed limits, no features": { limits: "default", features: "none" },
};
const LOGIT_POSITIONS = 32;
const MOST_ERROR = 1e-3;

describe.skipIf(!hasChromium)("reference outputs in Chromium", () => {
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(), startServer()]);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  for (const model of ["stories260K", "babyllama105"]) {
    const runs = referenceRuns(model);
    describe.skipIf(!hasArtifact(`${model}-f32`) || runs.length === 0)(model, () => {

      test.each(Object.entries(MODES))("greedy ids are the reference's, with %s", async (_, options) => {
        const page = await openEngine(browser, server);
        const found = await page.evaluate(
          async ([url, options, runs]) => {
            const engine = await kernelc.createWorkerEngine(url, options);
            const ids: number[][] = [];
            for (const { prompt_ids, ids: wanted } of runs) {
              await engine.reset();
              const max_tokens = wanted.length - prompt_ids.length;
              const answer = await engine.tokens.generate(prompt_ids, { temperature: 0, max_tokens, stop_ids: [1, 2] });
              ids.push([...prompt_ids, ...answer.ids]);
            }
            await engine.dispose();
            return ids;
          },
          [`/models/${model}-f32/`, options, runs] as const,
        );
        expect(runs.length).toBeGreaterThan(1);
        expect(found).toEqual(runs.map((run) => run.ids));
        await page.context().close();
      });

      test.each(Object.entries(MODES))("logits are the reference's, with %s", async (_, options) => {
        const wanted = referenceLogits(model);
        const ids = runs[0]?.ids.slice(0, LOGIT_POSITIONS) ?? [];
        const page = await openEngine(browser, server);
        const found = await page.evaluate(
          async ([url, options, ids]) => {
            const engine = await kernelc.createEngine(url, options);
            const rows = await engine.tokens.score(ids);
            await engine.dispose();
            return rows.map((row) => Array.from(row));
          },
          [`/models/${model}-f32/`, options, ids] as const,
        );
        expect(found.length).toBe(LOGIT_POSITIONS);
        expect(wanted.length % (found[0]?.length ?? 0)).toBe(0);
        const errors = found.flat().map((value, at) => Math.abs(value - (wanted[at] ?? NaN)));
        expect(errors.reduce((worst, error) => (error <= worst ? worst : error), 0)).toBeLessThanOrEqual(MOST_ERROR);
        await page.context().close();
      });
    });
  }
});
