import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseManifest, type Manifest } from "../../src/artifact/manifest.js";
import { planManifest } from "../../src/engine/plan.js";
import { defaultStore } from "../../src/weights/stores/openStore.js";
import { putBytes } from "../../src/weights/stores/store.js";
import { sampleManifest, type Json } from "./sample_manifest.js";

const [SHARD, TOKENIZER, CHECKS] = ["d", "e", "c"].map((letter) => letter.repeat(64)) as [string, string, string];

function manifest(): Manifest {
  const json: Json = sampleManifest();
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
});
