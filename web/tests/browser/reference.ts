/**
 * Greedy ids and logits of a model against those of an independent fp32 implementation: in Chromium, and with the
 * built library under Dawn for Node, on the software driver that Chromium brings.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import type { EngineOptions } from "../../src/index";
import { distFolder, hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";

const DAWN = resolve(distFolder("lib"), "../../tests/node/dawn.mjs");
const DRIVER = process.env["VK_DRIVER_FILES"] ?? join(dirname(inject("chromium")), "vk_swiftshader_icd.json");
const STOP_IDS = [1, 2]; // where the references stop
const LOGIT_POSITIONS = 32;
const MOST_ERROR = 1e-3; // of a logit

/** Ways to open the engine, which take different kernels and hand the step over differently. */
export const MODES = {
  "all that the adapter has": {},
  "immediates too": { immediates: true },
  "the guaranteed limits and no features": { limits: "default", features: "none" },
} as const satisfies Record<string, EngineOptions>;

export type Mode = keyof typeof MODES;

/** What the independent implementation says: a prompt and its continuation at temperature 0. */
interface Run {
  readonly prompt_ids: number[];
  readonly ids: number[];
}

interface Reference {
  readonly runs: Run[];
  /** Of the first run, one row per position. */
  readonly logits: Float32Array;
}

/** Whether prepare.py found the model and its reference outputs. */
export function hasReference(model: string): boolean {
  return model in inject("prepared").references;
}

function reference(model: string): Reference {
  const files = inject("prepared").references[model];
  if (files === undefined) throw new Error(`no reference outputs of ${model}: see prepare.py`);
  const bytes = readFileSync(files[1]);
  const logits = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return { ...(JSON.parse(readFileSync(files[0], "utf8")) as { runs: Run[] }), logits };
}

interface Found {
  readonly ids: readonly (readonly number[])[];
  readonly logits: readonly (readonly number[])[];
}

function expectReference(found: Found, { runs, logits }: Reference): void {
  expect(runs.length).toBeGreaterThan(1);
  expect(found.ids).toEqual(runs.map((run) => run.ids));
  expect(found.logits.length).toBe(LOGIT_POSITIONS);
  expect(worstError(found.logits.flat(), logits)).toBeLessThanOrEqual(MOST_ERROR);
}

/** The largest difference of `got` to the beginning of `wanted`; NaN where either has one. */
function worstError(got: readonly number[], wanted: Float32Array): number {
  return got.reduce((worst, value, at) => {
    const error = Math.abs(value - (wanted[at] ?? NaN));
    return error <= worst ? worst : error;
  }, 0);
}

/** Tests of a model in Chromium, one for each of these modes. */
export function compareInChromium(model: string, modes: readonly Mode[]): void {
  describe.skipIf(!hasChromium || !hasReference(model))(`${model} in Chromium`, () => {
    let browser: Browser;
    let server: TestServer;

    beforeAll(async () => {
      [browser, server] = await Promise.all([startBrowser(), startServer()]);
    });
    afterAll(async () => {
      await browser.close();
      await server.close();
    });

    test.each(modes)("with %s: greedy ids and logits are the reference's", { timeout: 240_000 }, async (mode) => {
      const wanted = reference(model);
      const scored = wanted.runs[0]?.ids.slice(0, LOGIT_POSITIONS) ?? [];
      const page = await openEngine(browser, server);
      const found = await page.evaluate(
        async ([url, options, runs, scored, stop_ids]) => {
          const engine = await kernelc.createWorkerEngine(url, options);
          const ids: number[][] = [];
          for (const { prompt_ids, ids: wanted } of runs) {
            await engine.reset();
            const max_tokens = wanted.length - prompt_ids.length;
            const answer = await engine.tokens.generate(prompt_ids, { temperature: 0, max_tokens, stop_ids });
            ids.push([...prompt_ids, ...answer.ids]);
          }
          const logits = await engine.tokens.score(scored);
          const { features, adapter } = await engine.stats();
          await engine.dispose();
          const unused = adapter.features.filter((name) => !features.includes(name));
          return { ids, logits: logits.map((row) => Array.from(row)), features, unused };
        },
        [`/models/${model}-f32/`, MODES[mode] as EngineOptions, wanted.runs, scored, STOP_IDS] as const,
      );
      if (mode === "the guaranteed limits and no features") expect(found.features).toEqual(["dot4"]);
      else expect(found.unused).toEqual(mode === "immediates too" ? [] : ["immediates"]);
      expectReference(found, wanted);
      await page.context().close();
    });
  });
}

/** A test of a model with the built library under Dawn for Node. */
export function compareUnderDawn(model: string): void {
  describe.skipIf(!existsSync(DRIVER) || !hasReference(model))(`${model} under Dawn for Node on ${DRIVER}`, () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer();
    });
    afterAll(async () => {
      await server.close();
    });

    test("greedy ids and logits are the reference's", { timeout: 120_000 }, async () => {
      const wanted = reference(model);
      const scored = wanted.runs[0]?.ids.slice(0, LOGIT_POSITIONS);
      const request = { options: {}, runs: wanted.runs, scored, stop_ids: STOP_IDS };
      expectReference(await askDawn(`${server.origin}/models/${model}-f32/`, request), wanted);
    });
  });
}

/** What dawn.mjs answers. */
async function askDawn(url: string, request: unknown): Promise<Found> {
  const env = { XDG_RUNTIME_DIR: "/tmp", ...process.env, VK_DRIVER_FILES: DRIVER };
  return await new Promise<Found>((done, fail) => {
    const child = execFile(process.execPath, [DAWN, url], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) fail(new Error(`dawn.mjs: ${error.message}\n${stderr}`));
      else done(JSON.parse(stdout) as Found);
    });
    child.stdin?.end(JSON.stringify(request));
  });
}
