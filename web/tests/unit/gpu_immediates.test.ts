import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { afterEach, describe, expect, it } from "vitest";

import { parseManifest } from "../../src/artifact/manifest.js";
import { openAdapter, type DeviceOptions } from "../../src/gpu/device.js";
import { withImmediates } from "../../src/gpu/immediates.js";
import { loadArtifact, type LoadOptions } from "../../src/gpu/load.js";
import type { ArtifactSource } from "../../src/gpu/source.js";
import type { Notice } from "../../src/weights/load.js";
import { FakeDevice, fakeGpu, stubGlobals } from "./gpu_fakes.js";
import { sampleManifest, type Json } from "./sample_manifest.js";

const GOLDENS = resolve(import.meta.dirname, "../../../tests/golden/wgsl");
const KERNEL = `// argmax
enable subgroups;

struct Step {
  seq: u32,
}
@group(0) @binding(2) var<uniform> step: Step;

@compute @workgroup_size(64)
fn main() {}
`;

describe("a kernel's text with immediates", () => {
  const goldens = readdirSync(GOLDENS).filter((name) => name.endsWith(".wgsl"));

  it("has the step block there, and else every line as it was", () => {
    const text = withImmediates(KERNEL);
    expect(text?.split("\n")[0]).toBe("requires immediate_address_space; // argmax");
    expect(text?.split("\n")[6]).toBe("var<immediate> step: Step;");
    expect(text?.split("\n").slice(7)).toEqual(KERNEL.split("\n").slice(7));
  });

  it.each(goldens)("is found for every kernel that has a step block: %s", (name) => {
    const text = readFileSync(join(GOLDENS, name), "utf8");
    const found = withImmediates(text);
    expect(found !== null).toBe(/> step: Step;/.test(text)); // some have it and read nothing of it
    expect(found ?? "").not.toContain("var<uniform>");
    if (found !== null) expect(found.split("\n").length).toBe(text.split("\n").length);
  });

  it("is none without a step block, or with one of another form", () => {
    expect(withImmediates(KERNEL.replace("var<uniform>", "var<private>"))).toBeNull();
    expect(withImmediates("fn main() { let s = 1; }")).toBeNull();
  });
});

/** Refuses kernels with immediates where told to; knows the texts of what it compiled. */
class Texts extends FakeDevice {
  readonly texts: string[] = [];
  readonly layouts: object[] = [];
  readonly queue = {};

  constructor(private readonly refusing: boolean) {
    super();
  }

  override createPipelineLayout(asked: object = {}): unknown {
    this.layouts.push(asked);
    return {};
  }

  override createShaderModule({ label, code }: { label: string; code: string }): object {
    return { ...(super.createShaderModule({ label }) as object), code };
  }

  override async createComputePipelineAsync(asked: { label: string; compute: { module: { code: string } } }): Promise<unknown> {
    const { code } = asked.compute.module;
    this.texts.push(code);
    if (this.refusing && code.includes("var<immediate>")) throw new Error("no such address space");
    return super.createComputePipelineAsync(asked);
  }

  createBindGroup(): unknown {
    return {};
  }

  /** The fake adapter gives the same device again. */
  override destroy(): void {}
}

describe("a device with immediates", () => {
  let restore: () => void = () => undefined;
  afterEach(() => {
    Reflect.deleteProperty(globalThis, "GPUComputePassEncoder");
    restore();
  });

  function browser(device: FakeDevice, { bytes = 64, call = true } = {}): void {
    const gpu = fakeGpu(device, [], { maxImmediateSize: bytes }) as { wgslLanguageFeatures: Set<string> };
    gpu.wgslLanguageFeatures.add("immediate_address_space");
    restore = stubGlobals(gpu);
    const prototype = call ? { setImmediates: () => undefined } : {};
    Object.defineProperty(globalThis, "GPUComputePassEncoder", { value: { prototype }, configurable: true });
  }

  const source: ArtifactSource = {
    id: "0".repeat(64),
    manifest: parseManifest(new TextEncoder().encode(JSON.stringify(sampleManifest())), "m.json"),
    file: async () => new TextEncoder().encode(KERNEL),
    shards: { stream: async () => undefined } as unknown as ArtifactSource["shards"],
  };

  function options(notices: Notice[]): LoadOptions {
    const roles: LoadOptions["roles"] = ["decode", "sample_greedy"];
    return { context: 100, roles, immediates: true, checks: null, onNotice: (each) => notices.push(each) };
  }

  it("says so, but for a browser without the call or with too little room; it is used where asked for", async () => {
    browser(new FakeDevice());
    const used = async (options: DeviceOptions): Promise<boolean> => {
      return (await openAdapter(options)).capabilities.features.has("immediates");
    };
    expect((await openAdapter()).card.features).toContain("immediates");
    expect([await used({ immediates: true }), await used({ immediates: true, features: "none" })]).toEqual([true, false]);
    expect(await used({})).toBe(false);
    restore();
    for (const lacking of [{ bytes: 32 }, { call: false }]) {
      browser(new FakeDevice(), lacking);
      expect((await openAdapter()).card.features).not.toContain("immediates");
      restore();
    }
  });

  it("gets the step block with the commands", async () => {
    const device = new Texts(false);
    browser(device);
    const notices: Notice[] = [];
    const executor = await loadArtifact(source, options(notices));
    expect(device.texts.some((text) => text.includes("var<immediate> step: Step;"))).toBe(true);
    expect(device.layouts).toContainEqual(expect.objectContaining({ immediateSize: 4 * source.manifest.params.length }));
    expect([executor.device.adapter.capabilities.features.has("immediates"), notices]).toEqual([true, []]);
  });

  it("goes on with a buffer where kernels are refused with them, and says so", async () => {
    const device = new Texts(true);
    browser(device);
    const notices: Notice[] = [];
    const executor = await loadArtifact(source, options(notices));
    expect(executor.device.adapter.capabilities.features.has("immediates")).toBe(false);
    expect(device.texts.at(-1)).toContain("var<uniform> step: Step;");
    expect(notices.map(({ code }) => code)).toEqual(["immediates-dropped"]);
  });

  it("tells what an attempt had to say once, and nothing of one that failed", async () => {
    for (const [refusing, wanted] of [[false, ["f16-missing"]], [true, ["f16-missing", "immediates-dropped"]]] as const) {
      browser(new Texts(refusing));
      const notices: Notice[] = [];
      const json = sampleManifest();
      const [kernel] = Object.values(json["kernels"] as Json) as [Json];
      const [variant] = kernel["variants"] as [Json];
      const requires = { ...(variant["requires"] as Json), features: ["f16"] };
      (kernel["variants"] as Json[]).unshift({ ...variant, file: "kernels/halves.wgsl", sha256: "c".repeat(64), requires });
      const manifest = parseManifest(new TextEncoder().encode(JSON.stringify(json)), "m.json");
      await loadArtifact({ ...source, manifest }, options(notices));
      expect(notices.map(({ code }) => code)).toEqual(wanted);
      restore();
    }
  });
});
