import { describe, expect, it } from "vitest";
import { parseManifest, type Manifest } from "../../src/artifact/manifest.js";
import {
  checkLimits, chooseVariants, GUARANTEED_LIMITS, needsOf, requiredLimits, shortfalls, type Capabilities,
} from "../../src/gpu/limits.js";
import { planLoad, plannedBytes, resolveGrid } from "../../src/gpu/loadPlan.js";
import { checkCopy } from "../../src/gpu/planChecks.js";
import { sampleManifest, type Json } from "./sample_manifest.js";

function parsed(change: (json: Json) => void = () => undefined): Manifest {
  const json = sampleManifest();
  change(json);
  return parseManifest(new TextEncoder().encode(JSON.stringify(json)), "manifest.json");
}

function at(json: Json, path: string): Json {
  let found = json;
  for (const key of path.split("/")) found = found[key] as Json;
  return found;
}

function device(change: Partial<Capabilities> = {}): Capabilities {
  return { name: "toy", features: new Set(), subgroupSize: null, limits: GUARANTEED_LIMITS, ...change };
}

const ROLES = ["decode", "sample_greedy"] as const;

describe("a plan", () => {
  it("has exactly the buffers that the programs of its roles bind, and the step block", () => {
    const plan = planLoad(parsed(), 100, ROLES);
    expect([...plan.buffers]).toEqual([["logits", 2048], ["norm", 256], ["step", 32], ["tokens", 652]]);
    expect(plan.kernels).toEqual(["copy", "argmax"]);
    expect([...planLoad(parsed(), 100, ["sample_greedy"]).buffers.keys()]).toEqual(["logits", "step", "tokens"]);
    expect(plannedBytes(parsed(), plan)).toBe(2048 + 256 + 32 + 652);
    expect(plannedBytes(parsed(), plan, "weight")).toBe(256);
  });

  it("is refused where the host would reach beyond a buffer, or a size shrinks between its ends", () => {
    const vocabulary = (json: Json) => (at(json, "model")["vocab_size"] = 1_000_000);
    expect(() => planLoad(parsed(vocabulary), 100, ROLES)).toThrow(
      "buffers.logits: buffer logits has 2048 bytes at context 100, wanted 4000000 for the scores");
    const shrinks = (json: Json) => {
      at(json, "buffers/tokens")["bytes"] = ["add", ["mul", ["mod", "context", 257], 9], 2056];
    };
    const manifest = parsed(shrinks);
    expect(() => planLoad(manifest, 100, ROLES)).not.toThrow();
    for (const context of [1, 255, 256, 512]) planLoad(manifest, context, ROLES);
    const less = (json: Json) => {
      at(json, "buffers/tokens")["bytes"] = ["add", ["mul", ["mod", "context", 257], 8], 500];
    };
    expect(() => planLoad(parsed(less), 257, ROLES)).toThrow("buffer tokens has 500 bytes at context 257, wanted 1032");
  });

  it("is refused where the fields of the step block are not where kernels read them", () => {
    const swapped = parsed((json) => {
      const fields = at(json, "params") as unknown as Json[];
      [fields[1], fields[4]] = [fields[4]!, fields[1]!];
    });
    expect(() => planLoad(swapped, 100, ROLES)).toThrow(
      "params: the step block has the fields seq u32, temperature f32, seed u32");
    const fewer = parsed((json) => (json["params"] = (json["params"] as Json[]).slice(0, 7)));
    expect(() => planLoad(fewer, 100, ROLES)).toThrow("in this order");
  });

  it("is refused where no program leaves what the host reads after a role", () => {
    const silent = (json: Json) => {
      const [decode] = at(json, "programs/decode")["dispatches"] as [Json, ...Json[]];
      at(json, "programs")["score"] = { role: "score", symbols: {}, dispatches: [decode] };
    };
    const manifest = parsed(silent);
    expect(() => planLoad(manifest, 100, ROLES)).not.toThrow();
    expect(() => planLoad(manifest, 100, [...ROLES, "score"])).toThrow(
      "programs.score: it leaves nothing in buffer all_logits");
  });

  it("lets no copy reach beyond a buffer", () => {
    const inside = { buffer: "logits", offset: 4, bytes: 12 };
    expect(() => checkCopy(inside, 16)).not.toThrow();
    for (const wrong of [{ bytes: 16 }, { offset: -4 }, { bytes: -4 }, { offset: 2 ** 40 }])
      expect(() => checkCopy({ ...inside, ...wrong }, 16)).toThrow("buffers.logits: it has 16 bytes");
    expect(() => checkCopy(inside, undefined)).toThrow("not loaded");
  });

  it("knows a grid at load where its symbols are fixed", () => {
    const symbols = new Map([["seq", [1, 1]], ["past", [0, 9]]] as const);
    expect(resolveGrid([["ceildiv", "seq", 64], 3, "context"], symbols, 10)).toEqual([1, 3, 10]);
    const grid = resolveGrid([["add", "past", "seq"], 1, 1], symbols, 10);
    expect(typeof grid === "function" && grid({ seq: 1, past: 4, context: 10 })).toEqual([5, 1, 1]);
  });
});

describe("variants", () => {
  /** The copy kernel with a variant for f16 before the plain one. */
  const twoVariants = parsed((json) => {
    const variants = at(json, "kernels/copy")["variants"] as Json[];
    const plain = variants[0] as Json;
    const requires = { ...(plain["requires"] as Json), features: ["f16"], shared_bytes: 20000 };
    variants.unshift({ ...plain, file: "kernels/fast.wgsl", sha256: "b".repeat(64), requires });
  });

  function files(capabilities: Capabilities, dropped: readonly string[] = []): string[] {
    const choices = chooseVariants(twoVariants, ["copy"], capabilities, new Set(dropped));
    return (choices.get("copy") ?? []).map((variant) => variant.file);
  }

  const f16 = new Set(["f16"]);
  const roomy = { ...GUARANTEED_LIMITS, maxComputeWorkgroupStorageSize: 32768 };

  it("are those that the device satisfies, the preferred first", () => {
    expect(files(device({ features: f16, limits: roomy }))).toEqual(["kernels/fast.wgsl", "kernels/copy.wgsl"]);
    expect(files(device({ features: f16 }))).toEqual(["kernels/copy.wgsl"]);
    expect(files(device({ limits: roomy }))).toEqual(["kernels/copy.wgsl"]);
  });

  it("are dropped where they compute something else", () => {
    expect(files(device({ features: f16, limits: roomy }), ["kernels/fast.wgsl"])).toEqual(["kernels/copy.wgsl"]);
    const all = ["kernels/fast.wgsl", "kernels/copy.wgsl"];
    expect(() => files(device({ features: f16, limits: roomy }), all)).toThrow("computes every variant of it wrongly");
  });

  it("say what is missing where there is none", () => {
    const limits = { ...GUARANTEED_LIMITS, maxComputeInvocationsPerWorkgroup: 32, maxStorageBuffersPerShaderStage: 1 };
    const wanted = "kernel copy: toy lacks threads in a workgroup: wanted 64, the limit is 32; storage buffers";
    expect(() => files(device({ limits }))).toThrow(wanted);
  });

  it("need subgroups of their size where they ask for one", () => {
    const manifest = parsed((json) => {
      at(json, "kernels/copy/variants/0/requires")["subgroup_size"] = 32;
    });
    const choose = (subgroupSize: number | null): unknown =>
      chooseVariants(manifest, ["copy"], device({ subgroupSize }));
    expect(() => choose(null)).toThrow("subgroups of 32 (it has no fixed size)");
    expect(() => choose(4)).toThrow("subgroups of 32 (it has 4)");
    expect(choose(32)).toBeInstanceOf(Map);
  });

  it("are of this target alone", () => {
    const manifest = parsed((json) => {
      json["target"] = "all";
      at(json, "kernels/copy/variants/0")["target"] = "cuda";
    });
    expect(() => chooseVariants(manifest, ["copy"], device())).toThrow("a browser runs wgsl, the artifact has cuda");
  });
});

describe("limits", () => {
  function large(bytes: number): Manifest {
    return parsed((json) => {
      at(json, "buffers")["logits"] = { kind: "state", bytes };
      at(json, "programs/decode/dispatches/0/bindings/1")["bytes"] = bytes;
    });
  }

  function needs(manifest: Manifest): { plan: ReturnType<typeof planLoad>; needs: ReturnType<typeof needsOf> } {
    const plan = planLoad(manifest, 512, ROLES);
    return { plan, needs: needsOf(manifest, plan, chooseVariants(manifest, plan.kernels, device())) };
  }

  it("are asked for only beyond the guaranteed ones, and only as needed", () => {
    expect(requiredLimits(needs(parsed()).needs)).toEqual({});
    const bytes = 300 * 2 ** 20;
    const wanted = { maxBufferSize: bytes, maxStorageBufferBindingSize: bytes };
    expect(requiredLimits(needs(large(bytes)).needs)).toEqual(wanted);
  });

  it("that are too small are named with numbers, all of them", () => {
    const found = needs(large(300 * 2 ** 20));
    expect(shortfalls(found.plan, found.needs, GUARANTEED_LIMITS)).toEqual([
      "buffer logits exceeds the limit for the size of a buffer: wanted 314,572,800, this device allows 268,435,456",
      "test.copy: buffer logits exceeds the limit for the size of a storage binding: wanted 314,572,800, " +
        "this device allows 134,217,728",
    ]);
    expect(() => checkLimits(found.plan, found.needs, device())).toThrow("toy cannot hold this model: buffer logits");
    const enough = { ...GUARANTEED_LIMITS, maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 30 };
    expect(shortfalls(found.plan, found.needs, enough)).toEqual([]);
  });

  it("hold for grids at this context", () => {
    const manifest = parsed((json) => {
      at(json, "kernels/copy/variants/0")["grid"] = [["mul", "past", 200], 1, 1];
    });
    expect(() => {
      const found = needs(manifest);
      checkLimits(found.plan, found.needs, device());
    }).toThrow("test.copy exceeds the limit for workgroups along a dimension: wanted 102,200");
  });

  it("hold for offsets", () => {
    const manifest = parsed((json) => {
      at(json, "buffers")["logits"] = { kind: "state", bytes: 2048 };
      at(json, "programs/decode/dispatches/0/bindings/1")["offset"] = 128;
    });
    const found = needs(manifest);
    expect(shortfalls(found.plan, found.needs, GUARANTEED_LIMITS)).toEqual([
      "test.copy binds logits at 128, this device wants multiples of 256",
    ]);
  });
});
