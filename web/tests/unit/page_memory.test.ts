/** How a small memory decides what the page and the library load: phones, tablets, computers with little. */

import { afterEach, describe, expect, it, vi } from "vitest";
import { KernelcError } from "../../src/artifact/errors.js";
import { parseManifest, type Manifest } from "../../src/artifact/manifest.js";
import { memoryBudget } from "../../src/engine/memory/budget.js";
import { checkedContext, greatest, takenBytes } from "../../src/engine/memory/fitting.js";
import { planManifest } from "../../src/engine/models/plan.js";
import { planLoad } from "../../src/gpu/loadPlan.js";
import { GENERATE_ROLES } from "../../src/engine/engine.js";
import { ModelController } from "../../src/page/modelController.js";
import { DEFAULT_SETTINGS } from "../../src/page/state/settings.js";
import { initialState, reduce } from "../../src/page/state/state.js";
import { Store } from "../../src/page/state/store.js";
import { fakeServices, type FakeOptions } from "./fakeEngine.js";
import { FakeDevice, fakeGpu } from "./gpu_fakes.js";
import { sampleManifest } from "./sample_manifest.js";

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Mobile/15E148";
const MACINTOSH = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15";
const ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36";
const LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36";
const GIB = 2 ** 30;

const manifest = (): Manifest =>
  parseManifest(new TextEncoder().encode(JSON.stringify(sampleManifest())), "manifest.json");
const taken = (context: number): number =>
  takenBytes(manifest(), planLoad(manifest(), context, GENERATE_ROLES));

afterEach(() => void vi.unstubAllGlobals());

describe("the memory that a page may take", () => {
  it.each([
    ["an iPhone", { userAgent: IPHONE, maxTouchPoints: 5 }, 1.25 * GIB],
    ["an iPad, which calls itself a Macintosh", { userAgent: MACINTOSH, maxTouchPoints: 5 }, 1.25 * GIB],
    ["a Macintosh", { userAgent: MACINTOSH, maxTouchPoints: 0 }, Infinity],
    ["a phone with 4 GiB", { userAgent: ANDROID, deviceMemory: 4 }, Math.floor(1.4 * GIB)],
    ["a phone with 8 GiB or more", { userAgent: ANDROID, deviceMemory: 8 }, Math.floor(2.8 * GIB)],
    ["a computer with 4 GiB", { userAgent: LINUX, deviceMemory: 4 }, 2 * GIB],
    ["a computer with 8 GiB or more", { userAgent: LINUX, deviceMemory: 8 }, Infinity],
    ["a browser that tells nothing", { userAgent: LINUX }, Infinity],
    ["a browser that tells nonsense", { userAgent: LINUX, deviceMemory: Number.NaN }, Infinity],
  ])("is known for %s", (_, facts, bytes) => {
    expect(memoryBudget(facts)).toBe(bytes);
  });
});

it("has no bound where there is no navigator, as in Node 20", () => {
  vi.stubGlobal("navigator", undefined);
  expect(memoryBudget()).toBe(Infinity);
});

describe("the greatest number that passes", () => {
  it.each([0, 1, 2, 3, 7, 8])("is found where it is %i of 1 to 8", async (answer) => {
    expect(await greatest(1, 8, (number) => number <= answer)).toBe(answer);
  });
});

describe("a context", () => {
  it("is the longest that the memory allows, where none was asked for", async () => {
    const { max_context } = manifest().model;
    expect(await checkedContext(manifest(), undefined, Infinity)).toBe(max_context);
    expect(await checkedContext(manifest(), undefined, taken(5))).toBe(5);
    expect(await checkedContext(manifest(), undefined, taken(5) - 1)).toBe(4);
  });

  it("is refused where it takes more, and so is a model of which none fits", async () => {
    expect(await checkedContext(manifest(), 5, taken(5))).toBe(5);
    for (const [asked, budget] of [[6, taken(5)], [undefined, 10]] as const) {
      const refused = await checkedContext(manifest(), asked, budget).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(KernelcError);
      expect(refused).toMatchObject({ code: "limits" });
      expect(String(refused)).toMatch(/takes .* GB of memory, a page on this device may take about/);
    }
  });
});

describe("a plan", () => {
  it("says which context would fit the memory and the graphics device", async () => {
    const gpu = fakeGpu(new FakeDevice()) as GPU;
    const asked = vi.spyOn(gpu, "requestAdapter");
    vi.stubGlobal("navigator", { gpu });
    const plan = await planManifest(manifest(), 8, { memoryBytes: taken(6) });
    expect(asked).toHaveBeenCalledTimes(1);
    expect(plan).toMatchObject({ fits: false, fitting_context: 6, memory_bytes: taken(6), taken_bytes: taken(8) });
    expect(plan.reasons.join()).toContain("a page on this device may take about");
    expect(await planManifest(manifest(), 6, { memoryBytes: taken(6) })).toMatchObject({ fits: true, fitting_context: 6 });
    expect(await planManifest(manifest(), 8, { memoryBytes: 10 })).toMatchObject({ fits: false, fitting_context: 0 });
    expect(await planManifest(manifest(), 8)).toMatchObject({ fits: true, memory_bytes: null, fitting_context: 8 });
  });
});

describe("the page", () => {
  async function selected(options: FakeOptions) {
    const models = [{ name: "m", title: "M", bytes: 1e6, context: 8192 }];
    const services = fakeServices({ models, ...options });
    const store = new Store(initialState({ ...DEFAULT_SETTINGS }, "auto", 1), reduce);
    const controller = new ModelController(store, services);
    await controller.start();
    return { store, services, controller };
  }

  it("takes a shorter context where the usual one does not fit, and says so", async () => {
    const { store, services } = await selected({ longest: 1000 });
    expect(store.state.model).toMatchObject({ context: 512, plan: { plan: { fits: true, context: 512 } } });
    expect(JSON.stringify(store.state)).toContain("M is set to hold 512 tokens: more would not fit this device.");
    expect(services.preferences.read("context.m")).toBeNull();
  });

  it("takes even less than it offers where it must", async () => {
    const { store } = await selected({ longest: 100 });
    expect(store.state.model).toMatchObject({ context: 100, plan: { plan: { fits: true } } });
  });

  it("leaves a context that fits, and a model that cannot fit, as they are", async () => {
    expect((await selected({ longest: 5000 })).store.state.model.context).toBe(4096);
    const { store } = await selected({ fits: false });
    expect(store.state.model).toMatchObject({ context: 4096, plan: { plan: { fits: false } } });
  });
});
