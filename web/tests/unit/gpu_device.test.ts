import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KernelcError } from "../../src/artifact/errors.js";
import { parseManifest, type Variant } from "../../src/artifact/manifest.js";
import { allocate } from "../../src/gpu/buffers.js";
import { Device, openAdapter } from "../../src/gpu/device.js";
import { planLoad } from "../../src/gpu/loadPlan.js";
import { StagingPool } from "../../src/gpu/readback.js";
import { usableVariants } from "../../src/gpu/usable.js";
import { Pipelines, type KernelSource } from "../../src/gpu/pipelines.js";
import { FakeDevice, FakeError, fakeGpu, FakeOutOfMemory, stubGlobals } from "./gpu_fakes.js";
import { sampleManifest } from "./sample_manifest.js";

const MANIFEST = parseManifest(new TextEncoder().encode(JSON.stringify(sampleManifest())), "m.json");

describe("an adapter", () => {
  let restore: () => void = () => undefined;
  afterEach(() => restore());

  it("is described, and offers what it has", async () => {
    restore = stubGlobals(fakeGpu(new FakeDevice(), ["shader-f16", "subgroups"], { maxBufferSize: 2 ** 30 }));
    const { card, capabilities } = await openAdapter();
    const features = ["f16", "subgroups", "dot4"];
    expect(card).toMatchObject({ name: "Acme Graphics, gen-3", features, fallback: false });
    expect([...capabilities.features]).toEqual(["f16", "subgroups", "dot4"]);
    expect(capabilities.limits.maxBufferSize).toBe(2 ** 30);
    expect(capabilities.subgroupSize).toBe(32);
  });

  it("is held at the guaranteed limits, or without features, where asked", async () => {
    restore = stubGlobals(fakeGpu(new FakeDevice(), ["shader-f16"], { maxBufferSize: 2 ** 30 }));
    const { capabilities } = await openAdapter({ limits: "default", features: "none" });
    expect(capabilities.limits.maxBufferSize).toBe(2 ** 28);
    expect([...capabilities.features]).toEqual(["dot4"]); // the language's, which cannot be left out
    expect(capabilities.subgroupSize).toBeNull();
  });

  describe("with matrix units", () => {
    const MATRICES = "chromium-experimental-subgroup-matrix";
    const all = ["shader-f16", "subgroups", MATRICES];
    const config = (componentType: string, resultComponentType: string, M: number, N: number, K: number): object => ({
      componentType, resultComponentType, M, N, K,
    });
    const subgroupMatrixConfigs = [
      config("f16", "f16", 16, 16, 16), config("f16", "f32", 16, 16, 16), config("f16", "f32", 16, 8, 16),
      config("i8", "i32", 16, 16, 32), config("u8", "u32", 16, 16, 32), config("f16", "f32", 16, 16, 16),
    ];

    it("offers those with sums of 32 bits, and is asked for them", async () => {
      const gpu = new FakeDevice();
      restore = stubGlobals(fakeGpu(gpu, all, {}, { subgroupMatrixConfigs }));
      const adapter = await openAdapter();
      const tiles = ["tile_f16_16x16x16", "tile_f16_16x8x16", "tile_i8_16x16x32"];
      expect([...adapter.capabilities.features]).toEqual(["f16", "subgroups", "dot4", ...tiles]);
      await Device.open(adapter, {});
      expect(gpu).toMatchObject({ asked: { requiredFeatures: all } });
    });

    it.each([
      ["without features where asked", all, { subgroupMatrixConfigs }, "none"],
      ["that the browser keeps to itself", ["shader-f16", "subgroups"], { subgroupMatrixConfigs }, "all"],
      ["that tells no sizes", all, {}, "all"],
      ["that has none of use", all, { subgroupMatrixConfigs: [config("f32", "f32", 8, 8, 8)] }, "all"],
      ["without subgroups", ["shader-f16", MATRICES], { subgroupMatrixConfigs }, "all"],
    ] as const)("goes without them: %s", async (_, features, info, allowed) => {
      const gpu = new FakeDevice();
      restore = stubGlobals(fakeGpu(gpu, features, {}, info));
      const adapter = await openAdapter({ features: allowed });
      expect([...adapter.capabilities.features].filter((name) => name.startsWith("tile_"))).toEqual([]);
      await Device.open(adapter, {});
      expect((gpu as unknown as { asked: { requiredFeatures: string[] } }).asked.requiredFeatures).not.toContain(MATRICES);
    });

    it("of halves needs halves", async () => {
      restore = stubGlobals(fakeGpu(new FakeDevice(), ["subgroups", MATRICES], {}, { subgroupMatrixConfigs }));
      expect([...(await openAdapter()).capabilities.features]).toEqual(["subgroups", "dot4", "tile_i8_16x16x32"]);
    });
  });

  it("that is not there is explained", async () => {
    restore = stubGlobals(undefined);
    await expect(openAdapter()).rejects.toMatchObject({ code: "no-webgpu", message: "this browser has no WebGPU" });
    restore();
    restore = stubGlobals(undefined, false);
    const help = "open the page over https, or from localhost";
    await expect(openAdapter()).rejects.toMatchObject({ code: "no-webgpu", help });
    restore();
    restore = stubGlobals({ requestAdapter: async () => null });
    await expect(openAdapter()).rejects.toMatchObject({ code: "no-adapter" });
  });
});

describe("a device", () => {
  let gpu: FakeDevice;
  let device: Device;
  let restore: () => void;

  beforeEach(async () => {
    gpu = new FakeDevice();
    restore = stubGlobals(fakeGpu(gpu, ["shader-f16", "timestamp-query"]));
    device = await Device.open(await openAdapter(), { maxBufferSize: 2 ** 29 });
  });
  afterEach(() => restore());

  it("is asked for the features and limits that are used, no others", () => {
    const asked = { requiredFeatures: ["shader-f16"], requiredLimits: { maxBufferSize: 2 ** 29 } };
    expect(gpu).toMatchObject({ asked });
  });

  const plan = planLoad(MANIFEST, 100, ["decode", "sample_greedy"]);

  it("allocates every buffer of a plan", async () => {
    const buffers = await allocate(device, plan);
    expect([...buffers].map(([name, buffer]) => [name, buffer.size])).toEqual([...plan.buffers]);
  });

  it("names the buffer that memory does not suffice for, and frees the others", async () => {
    gpu.refuse = (_, label) => (label === "logits" ? new FakeOutOfMemory("") : null);
    await expect(allocate(device, plan)).rejects.toMatchObject({
      code: "out-of-memory",
      message: "the device is out of memory while allocating 2,048 bytes for buffer logits",
    });
    expect(gpu.destroyed.sort()).toEqual([...plan.buffers.keys()].sort());
  });

  it("tells errors that nobody waited for, once", () => {
    const event = Object.assign(new Event("uncapturederror"), { error: new FakeError("a bad copy") });
    gpu.dispatchEvent(event);
    expect(() => device.check()).toThrow("working failed: a bad copy");
    expect(() => device.check()).not.toThrow();
  });

  it("tells that it was lost, whatever failed because of it", async () => {
    const explaining = device.explain(new Error("map failed"), "waiting");
    gpu.lose({ reason: "unknown", message: "driver reset" });
    const message = "the graphics device was lost: driver reset";
    expect(await explaining).toMatchObject({ code: "device-lost", message });
    expect(() => device.check()).toThrow("driver reset");
    await expect(device.scoped("allocating", () => 1)).rejects.toMatchObject({ code: "device-lost" });
  });

  it("explains what failed for another reason", async () => {
    expect(await device.explain(new Error("map failed"), "waiting")).toMatchObject({
      code: "internal",
      message: "waiting failed: map failed",
    });
  });
});

describe("buffers that carry results back", () => {
  it("are used again; of large ones, which come in many sizes, only the last is kept", async () => {
    const gpu = new FakeDevice();
    const restore = stubGlobals(fakeGpu(gpu));
    try {
      const pool = new StagingPool(await Device.open(await openAdapter(), {}));
      const small = pool.take(300);
      pool.giveBack(small);
      expect(pool.take(400)).toBe(small);
      for (let rows = 1; rows <= 9; rows += 1) pool.giveBack(pool.take(rows * 2_000_000));
      expect(gpu.destroyed).toHaveLength(8);
      expect(pool.createdBytes).toBe(512 + 18_000_000);
      expect(pool.take(18_000_000).size).toBe(18_000_000);
      expect(pool.createdBytes).toBe(512 + 18_000_000);
    } finally {
      restore();
    }
  });
});

describe("an error of the browser", () => {
  it("that no memory is left is told as that", () => {
    const error = KernelcError.from(new RangeError("Array buffer allocation failed"));
    expect(error).toMatchObject({ code: "out-of-memory", help: expect.stringContaining("smaller model") as unknown });
    expect(KernelcError.from(new RangeError("Invalid array length")).code).toBe("internal");
  });
});

describe("kernels", () => {
  let gpu: FakeDevice;
  let pipelines: Pipelines;
  let restore: () => void;

  beforeEach(async () => {
    gpu = new FakeDevice();
    restore = stubGlobals(fakeGpu(gpu));
    pipelines = new Pipelines(await Device.open(await openAdapter(), {}));
  });
  afterEach(() => restore());

  function source(name: string): KernelSource {
    const kernel = MANIFEST.kernels.get(name);
    const variant = kernel?.variants[0];
    if (!kernel || !variant) throw new Error(name);
    return { name, kernel, variant, text: "fn main() {\n  wrong;\n}" };
  }

  it("of the same text share a pipeline, and kernels of like bindings a layout", async () => {
    const [a, b] = await Promise.all([pipelines.compile(source("copy")), pipelines.compile(source("argmax"))]);
    expect(a).toBe(b);
    expect(gpu.made.filter((each) => each.startsWith("layout"))).toEqual(["layout read-only-storage,storage,uniform"]);
    expect(pipelines.count).toBe(1);
  });

  it("that do not compile are shown with the line", async () => {
    gpu.refuse = (call) => (call === "pipeline" ? new FakeError("invalid module") : null);
    gpu.messages = [{ type: "error", message: "unresolved identifier 'wrong'", lineNum: 2, linePos: 3 }];
    const message =
      "kernel copy (kernels/copy.wgsl line 2, column 3): the browser refuses it: unresolved identifier 'wrong'\n" +
      "     1 | fn main() {\n>    2 |   wrong;\n     3 | }";
    await expect(pipelines.compile(source("copy"))).rejects.toMatchObject({ code: "internal", message });
    gpu.refuse = () => null; // what failed once may be tried again
    await expect(pipelines.compile(source("copy"))).resolves.toMatchObject({ pipeline: { label: "copy" } });
  });

  it("that the browser refuses give way to their next variant", async () => {
    const [kept, plain] = [source("copy").variant, { ...source("copy").variant, file: "kernels/plain.wgsl" }];
    const matrix = { ...kept, file: "kernels/matrix.wgsl" };
    const compile = async (_: string, { file }: Variant): Promise<void> => {
      if (file === matrix.file) throw new KernelcError("internal", "the browser refuses it");
      if (file === "kernels/gone.wgsl") throw new KernelcError("network", "gone");
    };
    const choices = new Map([["copy", [matrix, kept, plain]], ["argmax", [plain]]]);
    const told: string[] = [];
    const usable = await usableVariants(choices, compile, (done, total) => told.push(`${done}/${total}`));
    expect([...usable]).toEqual([["copy", [kept, plain]], ["argmax", [plain]]]);
    expect(told).toEqual(["1/2", "2/2"]);
    const none = new Map([["copy", [matrix]]]);
    await expect(usableVariants(none, compile, undefined)).rejects.toThrow("the browser refuses it");
    const gone = new Map([["copy", [{ ...kept, file: "kernels/gone.wgsl" }, plain]]]);
    await expect(usableVariants(gone, compile, undefined)).rejects.toMatchObject({ code: "network" });
  });
});
