/** On what a model runs: the rules of "auto", and what a plan says of them. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseManifest, type Manifest } from "../../src/artifact/manifest.js";
import { openDevice, type OpenOptions } from "../../src/engine/models/openDevice.js";
import { planManifest } from "../../src/engine/models/plan.js";
import type { ArtifactSource } from "../../src/gpu/source.js";
import { readSettings } from "../../src/page/state/settings.js";
import { verdictOn } from "../../src/page/views/planCard.js";
import { sampleManifest, type Json } from "./sample_manifest.js";

interface Kernel {
  variants: Json[];
}

/** The sample, with or without WebAssembly for its kernels; `context` has so many positions at most. */
function manifest(computed: boolean): Manifest {
  const json: Json = sampleManifest();
  if (computed) {
    json["target"] = "wgsl+wasm";
    for (const kernel of Object.values(json["kernels"] as Record<string, Kernel>)) {
      const [variant] = kernel.variants;
      kernel.variants.push({ ...variant, target: "wasm", file: "kernels/module.wasm", sha256: "b".repeat(64) });
    }
  }
  return parseManifest(new TextEncoder().encode(JSON.stringify(json)), "m.json");
}

const adapter = (isFallbackAdapter: boolean): unknown => ({
  features: new Set(),
  limits: new Proxy({}, { get: () => 2 ** 40 }),
  info: { description: "Card", isFallbackAdapter },
});

function browser(found: unknown): void {
  vi.stubGlobal("navigator", found === undefined ? {} : { gpu: { requestAdapter: async () => found } });
}

describe("the device", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it.each([
    ["a graphics card", adapter(false), "webgpu", ""],
    ["software that imitates one", adapter(true), "wasm", "The graphics adapter (Card) is only imitated by software."],
    ["no adapter", null, "wasm", "This browser has WebGPU, but offers no graphics adapter to it."],
    ["no WebGPU", undefined, "wasm", "This browser has no WebGPU."],
  ] as const)("is planned: %s", async (_, found, device, device_reason) => {
    browser(found);
    expect(await planManifest(manifest(true), 8)).toMatchObject({ device, device_reason, fits: true });
  });

  it("is what was asked for", async () => {
    browser(adapter(false));
    const plan = await planManifest(manifest(true), 8, { device: "wasm" });
    expect(plan).toMatchObject({ device: "wasm", device_reason: "The processor was asked for.", fits: true });
    browser(undefined);
    expect(await planManifest(manifest(true), 8, { device: "webgpu" })).toMatchObject({ device: "webgpu", fits: false });
  });

  it("is the graphics device where the artifact has nothing else", async () => {
    browser(adapter(true));
    expect(await planManifest(manifest(false), 8)).toMatchObject({ device: "webgpu", fits: true });
    const plan = await planManifest(manifest(false), 8, { device: "wasm" });
    expect(plan.reasons[0]).toContain("brings no WebAssembly for the processor");
  });

  it("is not opened for an artifact without modules", async () => {
    const source = { id: "x", manifest: manifest(false) } as unknown as ArtifactSource;
    const options: OpenOptions = { device: "wasm", context: 8, roles: ["decode"], checks: null };
    await expect(openDevice(source, options)).rejects.toMatchObject({ code: "bad-artifact" });
  });

  it("is told in the page, and chosen in its settings", async () => {
    browser(null);
    const plan = await planManifest(manifest(true), 8);
    const words = "This device can run it on its processor. This browser has WebGPU, but offers no";
    expect(verdictOn(plan, { kind: "unknown" })).toContain(words);
    expect(verdictOn({ ...plan, fits: false }, { kind: "unknown" })).toContain("processor cannot run it");
    expect(readSettings({ device: "wasm" }).device).toBe("wasm");
    expect(readSettings({ device: "tpu" }).device).toBe("auto");
  });
});
