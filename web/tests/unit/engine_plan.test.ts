import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseManifest, type Manifest } from "../../src/artifact/manifest.js";
import { planManifest } from "../../src/engine/models/plan.js";
import { features } from "../../src/wasm/support.js";
import { defaultStore } from "../../src/weights/stores/openStore.js";
import { putBytes } from "../../src/weights/stores/store.js";
import { FakeDevice, fakeGpu } from "./gpu_fakes.js";
import { sampleManifest, type Json } from "./sample_manifest.js";

const [SHARD, TOKENIZER, CHECKS] = ["d", "e", "c"].map((letter) => letter.repeat(64)) as [string, string, string];

type Variants = Record<string, { variants: Json[] }>;

function manifest(change: (kernels: Variants) => void = () => undefined): Manifest {
  const json: Json = { ...sampleManifest(), target: "wgsl+wasm" };
  change(json["kernels"] as Variants);
  const weights = json["weights"] as { shards: unknown[] };
  weights.shards.push({ file: "weights/0001.bin", bytes: 512, sha256: SHARD }); // the same bytes: fetched once
  const checks = { file: "checks.bin", bytes: 40, sha256: CHECKS, kernels: {} };
  return parseManifest(new TextEncoder().encode(JSON.stringify({ ...json, checks })), "m.json");
}

describe("a plan's downloads", () => {
  beforeEach(() => void vi.stubGlobal("navigator", {}));
  afterEach(() => void vi.unstubAllGlobals());

  it("are all files of known size, each counted once; what is stored is taken off file by file", async () => {
    const before = await planManifest(manifest(), 8);
    expect(before).toMatchObject({ download_bytes: 512 + 10 + 40, stored_bytes: 0 });
    const store = await defaultStore();
    await putBytes(store, "files", TOKENIZER, new Uint8Array(10));
    await putBytes(store, "files", CHECKS, new Uint8Array(39)); // not whole: it is fetched again
    expect(await planManifest(manifest(), 8)).toMatchObject({ download_bytes: 562, stored_bytes: 10 });
    await putBytes(store, "files", CHECKS, new Uint8Array(40));
    await putBytes(store, "shards", SHARD, new Uint8Array(100)); // a part: the download goes on from there
    expect(await planManifest(manifest(), 8)).toMatchObject({ download_bytes: 562, stored_bytes: 150 });
  });

  /** Gives every kernel a text of 100 bytes, and a part of each of two modules. */
  function addModules(kernels: Variants): void {
    for (const [name, kernel] of Object.entries(kernels)) {
      const [printed] = kernel.variants;
      Object.assign(printed ?? {}, { file: `kernels/${name}.wgsl`, sha256: sha(name === "copy" ? 1 : 2), bytes: 100 });
      for (const [number, features] of [["relaxed_simd"], []].entries()) {
        const requires = { ...(printed?.["requires"] as Json), features };
        const module = { target: "wasm", file: `kernels/m${number}.wasm`, sha256: sha(3 + number), bytes: 3000 + number };
        kernel.variants.push({ ...printed, ...module, requires });
      }
    }
  }
  const sha = (digit: number): string => String(digit).repeat(64);

  it("on the processor have its modules, of which each counts once", async () => {
    const { device, download_bytes } = await planManifest(manifest(addModules), 8);
    const modules = features().has("relaxed_simd") ? 3000 + 3001 : 3001;
    expect([device, download_bytes]).toEqual(["wasm", 562 + modules]);
  });

  it("on a graphics device have the text of each kernel", async () => {
    vi.stubGlobal("navigator", { gpu: fakeGpu(new FakeDevice()) });
    const { device, reasons, download_bytes } = await planManifest(manifest(addModules), 8);
    expect([device, reasons, download_bytes]).toEqual(["webgpu", [], 562 + 200]);
  });
});
