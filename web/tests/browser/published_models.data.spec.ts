/**
 * Published models, quantised as their files are, say in Chromium what they say natively. They are downloads of
 * 100 MB and more and no part of the repository: see README.md. Chromium's software driver takes seconds for a token.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";

// Gemma's head has 262,144 rows: it takes minutes.
const NAMES =
  process.env["HYPOTHESIS_PROFILE"] === "nightly" ? ["smollm2-135m", "gemma-3-270m"] : ["smollm2-135m"];
const FOUND = inject("prepared").published;

for (const name of NAMES)
  if (!(name in FOUND)) console.warn(`SKIPPED ${name}: $KERNELC_TEST_MODELS says where it is`);

describe.skipIf(!hasChromium)("published models in Chromium", () => {
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    [browser, server] = await Promise.all([startBrowser(), startServer()]);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  for (const name of NAMES)
    test.skipIf(!(name in FOUND))(`${name}: the ids are the native ones`, { timeout: 600_000 }, async () => {
      const { prompt_ids, ids } = FOUND[name] ?? expect.fail(name);
      expect(ids.length).toBeGreaterThan(2);
      const page = await openEngine(browser, server);
      const said = await page.evaluate(
        async ([url, prompt, max_tokens]) => {
          const engine = await kernelc.createWorkerEngine(url, { context: 256 });
          const answer = await engine.tokens.generate(prompt, { temperature: 0, max_tokens, stop_ids: [] });
          await engine.dispose();
          return [...answer.ids];
        },
        [`/models/${name}/`, prompt_ids, ids.length] as const,
      );
      expect(said).toEqual(ids);
      await page.context().close();
    });
});
