/** From an artifact to ids and logits, against an independent fp32 implementation. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { EngineOptions } from "../../src/index";
import { hasArtifact, hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";
import { LOGIT_POSITIONS, MOST_ERROR, referenceLogits, referenceRuns, worstError } from "./harness";

const MODES: Record<string, EngineOptions> = {
  "all that the adapter has": {},
  "immediates too": { immediates: true },
  "the guaranteed limits and no features": { limits: "default", features: "none" },
};

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
    const skipped = !hasArtifact(`${model}-f32`) || runs.length === 0;

    const modes = Object.entries(MODES).filter(([, { immediates }]) => !immediates || model === "stories260K");
    test.skipIf(skipped).each(modes)(
      `${model} with %s: greedy ids and logits are the reference's`,
      async (_, options) => {
        const page = await openEngine(browser, server);
        const found = await page.evaluate(
          async ([url, options, runs, scored]) => {
            const engine = await kernelc.createWorkerEngine(url, options);
            const ids: number[][] = [];
            for (const { prompt_ids, ids: wanted } of runs) {
              await engine.reset();
              const max_tokens = wanted.length - prompt_ids.length;
              const answer = await engine.tokens.generate(prompt_ids, { temperature: 0, max_tokens, stop_ids: [1, 2] });
              ids.push([...prompt_ids, ...answer.ids]);
            }
            const logits = await engine.tokens.score(scored);
            const { features, adapter } = await engine.stats();
            await engine.dispose();
            const unused = adapter.features.filter((name) => !features.includes(name));
            return { ids, logits: logits.map((row) => Array.from(row)), features, unused };
          },
          [`/models/${model}-f32/`, options, runs, runs[0]?.ids.slice(0, LOGIT_POSITIONS) ?? []] as const,
        );
        expect(runs.length).toBeGreaterThan(1);
        if (options.features === "none") expect(found.features).toEqual(["dot4"]);
        else expect(found.unused).toEqual(options.immediates ? [] : ["immediates"]);
        expect(found.ids).toEqual(runs.map((run) => run.ids));
        expect(found.logits.length).toBe(LOGIT_POSITIONS);
        expect(worstError(found.logits.flat(), referenceLogits(model))).toBeLessThanOrEqual(MOST_ERROR);
        await page.context().close();
      },
      240_000,
    );
  }
});
