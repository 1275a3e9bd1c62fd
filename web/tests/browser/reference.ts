/**
 * Greedy ids and logits of a model against those of an independent fp32 implementation: in Chromium, and with the
 * built library under Dawn for Node, on the software driver that Chromium brings.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import type { EngineOptions } from "../../src/index";
import {
  distFolder,
  hasChromium,
  ISOLATING,
  openEngine,
  startBrowser,
  startServer,
  type TestServer,
} from "./harness";

const [DAWN, PLAIN] = ["dawn.mjs", "wasm.mjs"].map((name) => resolve(distFolder("lib"), "../../tests/node", name)) as [
  string,
  string,
];
const DRIVER = process.env["VK_DRIVER_FILES"] ?? join(dirname(inject("chromium")), "vk_swiftshader_icd.json");
export const STOP_IDS = [1, 2]; // where the references stop
export const LOGIT_POSITIONS = 32;
const MOST_ERROR = 1e-3; // of a logit

/** Ways to open the engine, which take different kernels and hand the step over differently. */
export const MODES = {
  "all that the adapter has": {},
  "immediates too": { immediates: true },
  "the guaranteed limits and no features": { limits: "default", features: "none" },
} as const satisfies Record<string, EngineOptions>;

/** Why the processor is taken, by whether the browser has its software adapter. */
const WHY = {
  "without a graphics adapter": [false, "This browser has WebGPU, but offers no graphics adapter to it."],
  "with a software adapter": [true, "swiftshader) is only imitated by software."],
} as const;

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

export function reference(model: string): Reference {
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

export interface FoundInPage extends Found {
  readonly features: readonly string[];
  readonly unused: readonly string[];
  readonly adapter: string;
  readonly notices: string;
}

interface FoundInNode extends Found {
  readonly notices: readonly string[];
}

export function expectReference(found: Found, { runs, logits }: Reference): void {
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
      const found = await askPage(page, `/models/${model}-f32/`, { options: MODES[mode], runs: wanted.runs, scored });
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
      expectReference(await askNode(DAWN, `${server.origin}/models/${model}-f32/`, request), wanted);
    });
  });
}

/** Tests of a model on the processor: in a Chromium without WebGPU, and in plain Node. */
export function compareOnProcessor(model: string): void {
  const there = hasReference(model) && `${model}-f32-wasm` in inject("prepared").artifacts;
  const what = `greedy ids and logits of ${model} on the processor (needs a compiler for WebAssembly: the extra cpu)`;
  describe.skipIf(!there)(what, () => {
    const wanted = there ? reference(model) : { runs: [], logits: new Float32Array() };
    const scored = wanted.runs[0]?.ids.slice(0, LOGIT_POSITIONS) ?? [];
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer();
    });
    afterAll(async () => {
      await server.close();
    });

    test.skipIf(!hasChromium).each(Object.entries(WHY))("in Chromium %s: the reference's", async (_, [adapter, why]) => {
      const browser = await startBrowser([], adapter);
      const page = await openEngine(browser, server);
      const found = await askPage(page, `/models/${model}-f32-wasm/`, { options: {}, runs: wanted.runs, scored });
      await browser.close();
      expect(found.adapter).toContain("the processor (WebAssembly, ");
      expect(found.notices).toContain(`${why} The model runs on the processor`);
      expectReference(found, wanted);
    });

    test.skipIf(!hasChromium)("in Chromium, isolated: a prompt that was stopped leaves no trace", async () => {
      const [browser, own] = await Promise.all([startBrowser([], false), startServer()]);
      own.headers = ISOLATING;
      const page = await openEngine(browser, own);
      const [run] = wanted.runs;
      const asked = [`/models/${model}-f32-wasm/`, run?.prompt_ids ?? [], run?.ids ?? [], STOP_IDS] as const;
      const got = await page.evaluate(afterStop, asked);
      expect(got.adapter).toMatch(availableParallelism() > 1 ? /, \d+ threads\)$/ : /, 1 thread\)$/);
      expect(got.outcomes).toContain("aborted");
      expect(got.ids).toEqual(run?.ids);
      // Threads are workers of the engine's worker. Where their script cannot be had, one thread does it all.
      own.faults = [{ path: "/thread.js", status: 404 }];
      const alone = await openEngine(browser, own);
      const found = await askPage(alone, asked[0], { options: {}, runs: wanted.runs, scored });
      await Promise.all([browser.close(), own.close()]);
      expect(found.adapter).toMatch(/, 1 thread\)$/);
      if (availableParallelism() > 1) expect(found.notices).toContain("The model runs on one thread alone");
      expectReference(found, wanted);
    });

    test("a memory that is lost is set up again, and the answer goes on", async () => {
      const runs = wanted.runs.slice(0, 1);
      const request = { options: { device: "wasm" }, runs, scored, stop_ids: STOP_IDS, lose: true };
      const got = await askNode(PLAIN, `${server.origin}/models/${model}-f32-wasm/`, request);
      expect(got.ids).toEqual(runs.map((run) => run.ids));
      expect(got.notices).toContain("device-restored");
    });

    test("in Node: the reference's", async () => {
      const request = { options: { device: "wasm" }, runs: wanted.runs, scored, stop_ids: STOP_IDS };
      expectReference(await askNode(PLAIN, `${server.origin}/models/${model}-f32-wasm/`, request), wanted);
    });
  });
}

/** What an engine in a page's worker finds. */
async function askPage(
  page: Page,
  url: string,
  { options, runs, scored }: { options: EngineOptions; runs: readonly Run[]; scored: readonly number[] },
): Promise<FoundInPage> {
  return page.evaluate(found, [url, options, runs, scored, STOP_IDS] as const);
}

/** Runs in a page: stops a long prompt at several times, and then continues a short one. */
async function afterStop([url, prompt, wanted, stop_ids]: readonly [
  string,
  readonly number[],
  readonly number[],
  readonly number[],
]): Promise<{ outcomes: readonly string[]; ids: readonly number[]; adapter: string }> {
  const engine = await kernelc.createWorkerEngine(url);
  const long = Array.from({ length: 400 }, (_, at) => 3 + (at % 200));
  const outcomes: string[] = [];
  for (const milliseconds of [0, 5, 20, 50, 100]) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    const request = { max_tokens: 1, signal: controller.signal };
    const reading = engine.tokens.generate([milliseconds + 3, ...long], request);
    outcomes.push(await reading.then(() => "read", (error: { code?: string }) => error.code ?? String(error)));
  }
  const max_tokens = wanted.length - prompt.length;
  const { ids } = await engine.tokens.generate(prompt, { temperature: 0, max_tokens, stop_ids });
  const { adapter } = await engine.stats();
  await engine.dispose();
  return { outcomes, ids: [...prompt, ...ids], adapter: adapter.name };
}

type Asked = readonly [string, EngineOptions, readonly Run[], readonly number[], readonly number[]];

/** Runs in a page: what an engine in a worker makes of some prompts. */
export async function found([url, options, runs, scored, stop_ids]: Asked): Promise<FoundInPage> {
  const notices: string[] = [];
  const engine = await kernelc.createWorkerEngine(url, { ...options, onNotice: (n) => notices.push(n.message) });
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
  const rows = logits.map((row) => Array.from(row));
  return { ids, logits: rows, features, unused, adapter: adapter.name, notices: notices.join("\n") };
}

/** What a script of tests/node answers. */
async function askNode(script: string, url: string, request: unknown): Promise<FoundInNode> {
  const env = { XDG_RUNTIME_DIR: "/tmp", ...process.env, VK_DRIVER_FILES: DRIVER };
  return await new Promise<FoundInNode>((done, fail) => {
    const child = execFile(process.execPath, [script, url], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) fail(new Error(`${script}: ${error.message}\n${stderr}`));
      else done(JSON.parse(stdout) as FoundInNode);
    });
    child.stdin?.end(JSON.stringify(request));
  });
}
