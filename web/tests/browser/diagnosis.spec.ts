/** Results that are no numbers: the error names the kernel and the layer that made them, on either device. */
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import type * as Kernelc from "../../src/index";
import { artifactFolder, hasChromium, openEngine, startBrowser, startServer, type TestServer } from "./harness";

const PROMPT = [1, 403, 407, 261, 378];
const NAN = { f32: Buffer.from([0, 0, 0xc0, 0x7f]), f16: Buffer.from([0, 0x7e]) };

interface Manifest {
  weights: {
    shards: { file: string; sha256: string }[];
    tensors: Record<string, { bytes: number; shape: number[]; segments: [shard: number, offset: number, bytes: number][] }>;
  };
}

/** A copy of an artifact, one of whose tensors has a NaN at the beginning of a row. */
function damaged({ artifact, tensor, nan, row }: Case, folder: string): string {
  cpSync(artifactFolder(artifact), folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
  const { segments, bytes, shape } = manifest.weights.tensors[tensor] ?? { segments: [], bytes: 0, shape: [] };
  const [segment] = segments;
  const shard = manifest.weights.shards[segment?.[0] ?? -1];
  if (!segment || !shard) throw new Error(`${artifact} has no tensor ${tensor}`);
  const data = readFileSync(join(folder, shard.file));
  nan.copy(data, segment[1] + (row * bytes) / (shape[0] ?? 1));
  writeFileSync(join(folder, shard.file), data);
  shard.sha256 = createHash("sha256").update(data).digest("hex");
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return folder;
}

interface Case {
  readonly artifact: string;
  readonly tensor: string;
  readonly nan: Buffer;
  readonly row: number;
}

const [Q4, F32] = [{ artifact: "tiny-q4-wasm", nan: NAN.f16 }, { artifact: "tiny-f32-wasm", nan: NAN.f32 }];
const CASES: Readonly<Record<string, Case>> = {
  layer: { ...Q4, tensor: "model.layers.1.mlp.down_proj.weight.scales", row: 0 },
  // Of one id: nothing is wrong with its answers, but with scores of a text.
  head: { ...F32, tensor: "lm_head.weight.quants", row: 0 },
  norm: { ...F32, tensor: "model.layers.0.post_attention_layernorm.weight", row: 0 },
  // Of a token in the middle of the prompt alone: what it left in the cache leads there.
  token: { ...Q4, tensor: "model.embed_tokens.weight.scales", row: PROMPT[2] ?? 0 },
};
/** For each, the words of the layer and the operation. */
const SAID: Readonly<Record<string, string>> = {
  layer: "of layers.1.mlp.down_proj (dispatch",
  head: "of lm_head (dispatch",
  norm: "of layers.0.mlp.post_attention_layernorm (dispatch",
  token: "of embed_tokens (dispatch 0 of",
};

/** Runs in a page: what ends an answer of each model, and whether another call is answered alike. */
async function ask([names, device, prompt]: readonly [string[], "webgpu" | "wasm", number[]]): Promise<
  Record<string, readonly string[]>
> {
  const said: Record<string, readonly string[]> = {};
  for (const name of names) {
    const options: Kernelc.EngineOptions = device === "wasm" ? { device, selfCheck: false } : { selfCheck: false };
    const engine = await kernelc.createWorkerEngine(`/models/${name}/`, options);
    const why = (error: Kernelc.KernelcError): string => `${error.code}: ${error.message}`;
    const asked = async (): Promise<string> =>
      name === "head"
        ? engine.tokens.score(prompt).then(() => "scored", why)
        : engine.tokens.generate(prompt, { temperature: 0, max_tokens: 3 }).then(({ ids }) => ids.join(), why);
    said[name] = [await asked(), await asked()];
    await engine.dispose();
  }
  return said;
}

const computed = "tiny-q4-wasm" in inject("prepared").artifacts;

describe.skipIf(!hasChromium || !computed)("results that are no numbers", () => {
  let browser: Browser;
  let server: TestServer;
  let page: Page;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "kernelc-nan-"));
    const made = Object.entries(CASES).map(([name, each]) => [`/models/${name}/`, damaged(each, join(folder, name))]);
    [browser, server] = await Promise.all([startBrowser(), startServer(Object.fromEntries(made) as Record<string, string>)]);
    page = await openEngine(browser, server);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  test.each(["webgpu", "wasm"] as const)("name the kernel and the layer on %s", async (device) => {
    const said = await page.evaluate(ask, [Object.keys(CASES), device, PROMPT] as const);
    for (const [name, [first, second]] of Object.entries(said)) {
      const token = name === "head" ? 1 : 5;
      const begin = `bad-artifact: the model's scores for token ${token} are no numbers: the first kernel that leaves any`;
      expect(first).toContain(begin);
      expect(first).toContain(SAID[name]);
      expect(first).toContain(`; its weights ${CASES[name]?.tensor} have such already`);
      expect(second).toBe(first);
    }
  });
});
