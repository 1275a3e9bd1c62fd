import { afterEach, describe, expect, it } from "vitest";
import { parseManifest } from "../../src/artifact/manifest.js";
import { loadArtifact, type LoadOptions } from "../../src/gpu/load.js";
import { checkPurpose } from "../../src/gpu/madeFor.js";
import type { CheckRecords } from "../../src/gpu/selfcheck.js";
import type { ArtifactSource } from "../../src/gpu/source.js";
import type { Notice } from "../../src/weights/load.js";
import { FakeDevice, fakeGpu, stubGlobals } from "./gpu_fakes.js";
import { sampleManifest, type Json } from "./sample_manifest.js";

const MATRICES = "chromium-experimental-subgroup-matrix";
const TILES = "kernels/tiles.wgsl";
const PLAIN = "kernels/copy.wgsl";

/** Refuses the kernels in these files; knows of each pipeline from which file it is. */
class Picky extends FakeDevice {
  readonly files: string[] = [];
  readonly queue = {};

  constructor(private readonly refused: readonly string[]) {
    super();
  }

  override createShaderModule({ label, code }: { label: string; code: string }): object {
    return { ...(super.createShaderModule({ label }) as object), code };
  }

  override async createComputePipelineAsync(asked: { label: string; compute: { module: { code: string } } }): Promise<unknown> {
    const { code } = asked.compute.module;
    this.files.push(code);
    if (this.refused.includes(code)) throw new Error("no matching call");
    return super.createComputePipelineAsync(asked);
  }

  createBindGroup(): unknown {
    return {};
  }
}

/** The sample artifact, its kernel "copy" with a variant for matrix units before the plain one. */
function artifact(): ArtifactSource {
  const json = sampleManifest();
  const variants = ((json["kernels"] as Json)["copy"] as Json)["variants"] as Json[];
  const plain = variants[0] as Json;
  const requires = { ...(plain["requires"] as Json), features: ["f16", "tile_f16_16x16x16"], subgroup_size: 32 };
  variants.unshift({ ...plain, file: TILES, sha256: "b".repeat(64), requires });
  return {
    id: "0".repeat(64),
    manifest: parseManifest(new TextEncoder().encode(JSON.stringify(json)), "m.json"),
    file: async (name) => new TextEncoder().encode(name), // which the device sees as the kernel's text
    shards: { stream: async () => undefined } as unknown as ArtifactSource["shards"],
  };
}

describe("a kernel with a variant for matrix units", () => {
  let restore: () => void = () => undefined;
  afterEach(() => restore());

  function browser(refused: readonly string[], offered = true): Picky {
    const device = new Picky(refused);
    const features = ["shader-f16", "subgroups", ...(offered ? [MATRICES] : [])];
    const config = { componentType: "f16", resultComponentType: "f32", M: 16, N: 16, K: 16 };
    restore = stubGlobals(fakeGpu(device, features, {}, { subgroupMatrixConfigs: [config] }));
    return device;
  }

  function options(checks: CheckRecords | null, notices: Notice[] = []): LoadOptions {
    return { context: 100, roles: ["decode", "sample_greedy"], checks, onNotice: (notice) => notices.push(notice) };
  }

  it("takes it where the browser offers them, no other", async () => {
    const offering = browser([]);
    await loadArtifact(artifact(), options(null));
    expect(offering.files.sort()).toEqual([PLAIN, TILES]); // "argmax" is the plain one
    restore();
    const other = browser([], false);
    await loadArtifact(artifact(), options(null));
    expect(other.files).toEqual([PLAIN]);
  });

  it("takes the next where the browser spells it differently, and remembers that", async () => {
    const kept = new Map<string, unknown>();
    const records: CheckRecords = {
      get: async (key) => kept.get(key),
      put: async (key, value) => void kept.set(key, value),
    };
    for (const asked of [[PLAIN, TILES], [PLAIN]]) {
      const device = browser([TILES]);
      const notices: Notice[] = [];
      await loadArtifact(artifact(), options(records, notices));
      expect(device.files.sort()).toEqual(asked);
      expect(notices.map(({ code }) => code)).toEqual(["variant-dropped"]);
      restore();
    }
    expect([...kept.values()]).toEqual([{ failed: [TILES] }]);
  });

  it("is an error where the browser refuses what has no matrices", async () => {
    browser([TILES, PLAIN]);
    await expect(loadArtifact(artifact(), options(null))).rejects.toMatchObject({ code: "internal" });
  });
});

describe("a kernel's text that says what it was made for", () => {
  const { manifest } = artifact();
  const kernel = manifest.kernels.get("copy")!;
  const variant = kernel.variants.at(-1)!;
  const said = {
    spec: "copy", problem: {}, params: true, bindings: ["f32 read", "f32 read_write"], entry: "main",
    workgroup: [64, 1, 1], grid: [["ceildiv", "seq", 64], 1, 1], requires: {},
  };
  const check = (changed: object, end = "\n") => () =>
    checkPurpose(manifest, "copy", kernel, variant, `fn main() {}\n// made for ${JSON.stringify({ ...said, ...changed })}${end}`);

  it("is taken where the manifest says the same, or it says nothing", () => {
    expect(check({})).not.toThrow();
    expect(check({ grid: [["floordiv", ["add", "seq", 63], 64], ["min", "seq", 1], 1] })).not.toThrow();
    expect(() => checkPurpose(manifest, "copy", kernel, variant, "fn main() {}")).not.toThrow();
    expect(() => checkPurpose(manifest, "copy", kernel, variant, "\n// made for nothing")).not.toThrow();
    expect(() => checkPurpose(manifest, "copy", kernel, variant, "\n// made for null")).not.toThrow();
  });

  it.each([
    ["spec", "fill"], ["params", false], ["bindings", ["f32 read"]], ["entry", "other"], ["workgroup", [32, 1, 1]],
    ["grid", ["seq", 1, 1]], ["grid", undefined], ["grid", [1, 1]], ["grid", ["other", 1, 1]],
  ])("is refused where its %s is another", (field, value) => {
    expect(check({ [field]: value })).toThrow(`kernels.copy: its ${field} is said to be`);
  });

  it("is refused before the device sees it", async () => {
    const restore = stubGlobals(fakeGpu(new FakeDevice()));
    const text = `\n// made for ${JSON.stringify({ ...said, grid: ["seq", 1, 1] })}`;
    const source = { ...artifact(), file: async () => new TextEncoder().encode(text) };
    const options: LoadOptions = { context: 100, roles: ["decode", "sample_greedy"], checks: null };
    await expect(loadArtifact(source, options)).rejects.toMatchObject({ code: "bad-artifact" });
    restore();
  });
});
