/** What a device can do, what an artifact needs, and the reasons why a device is not enough. */

import { boundsOf, type Bounds } from "../artifact/dim.js";
import { KernelcError } from "../artifact/errors.js";
import type { Kernel, Manifest, Variant } from "../artifact/schema.js";
import type { LoadPlan } from "./loadPlan.js";

/** What WebGPU guarantees without asking (https://www.w3.org/TR/webgpu/#limits). */
export const GUARANTEED_LIMITS = {
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxComputeWorkgroupStorageSize: 16 * 2 ** 10,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupsPerDimension: 65535,
  maxStorageBuffersPerShaderStage: 8,
  minStorageBufferOffsetAlignment: 256,
} as const;

export type LimitName = keyof typeof GUARANTEED_LIMITS;
export type Limits = Readonly<Record<LimitName, number>>;
export const LIMIT_NAMES = Object.keys(GUARANTEED_LIMITS) as LimitName[];

const IN_WORDS: Readonly<Record<LimitName, string>> = {
  maxBufferSize: "the size of a buffer",
  maxStorageBufferBindingSize: "the size of a storage binding",
  maxComputeWorkgroupStorageSize: "bytes of shared memory",
  maxComputeInvocationsPerWorkgroup: "threads in a workgroup",
  maxComputeWorkgroupSizeX: "threads along x",
  maxComputeWorkgroupSizeY: "threads along y",
  maxComputeWorkgroupSizeZ: "threads along z",
  maxComputeWorkgroupsPerDimension: "workgroups along a dimension",
  maxStorageBuffersPerShaderStage: "storage buffers in a kernel",
  minStorageBufferOffsetAlignment: "the alignment of bindings",
};

/** What a device can do, for choosing variants. `subgroupSize` is null where it varies or is unknown. */
export interface Capabilities {
  readonly name: string;
  readonly features: ReadonlySet<string>;
  readonly subgroupSize: number | null;
  readonly limits: Limits;
}

/** What an artifact needs of a device: one number per limit, and the part of the artifact that needs it. */
export type Needs = Map<LimitName, { readonly value: number; readonly what: string }>;

/** What a kernel variant needs, limit by limit. */
export function variantNeeds(variant: Variant): [LimitName, number][] {
  const [x, y, z] = variant.workgroup;
  const { threads, shared_bytes, storage_buffers } = variant.requires;
  return [
    ["maxComputeInvocationsPerWorkgroup", threads],
    ["maxComputeWorkgroupStorageSize", shared_bytes],
    ["maxStorageBuffersPerShaderStage", storage_buffers],
    ["maxComputeWorkgroupSizeX", x],
    ["maxComputeWorkgroupSizeY", y],
    ["maxComputeWorkgroupSizeZ", z],
  ];
}

/** What a device lacks for a variant, in words; empty where it lacks nothing. */
export function missing(variant: Variant, device: Capabilities): string[] {
  const { features, subgroup_size } = variant.requires;
  const lacks = features.filter((name) => !device.features.has(name)).map((name) => `feature ${name}`);
  if (subgroup_size !== null && subgroup_size !== device.subgroupSize) {
    lacks.push(`subgroups of ${subgroup_size} (it has ${device.subgroupSize ?? "no fixed size"})`);
  }
  for (const [name, wanted] of variantNeeds(variant)) {
    const most = device.limits[name];
    if (wanted > most) lacks.push(`${IN_WORDS[name]}: wanted ${wanted}, the limit is ${most}`);
  }
  return lacks;
}

/** For each kernel, the variants that run on the device, the preferred one first. */
export type Choices = ReadonlyMap<string, readonly Variant[]>;

/**
 * The variants of each kernel that the device satisfies and that were not `dropped` (by file).
 *
 * @throws KernelcError "limits" where there is none, saying what the least demanding one lacks.
 */
export function chooseVariants(
  manifest: Manifest,
  kernels: Iterable<string>,
  device: Capabilities,
  dropped: ReadonlySet<string> = new Set(),
): Choices {
  const chosen = new Map<string, readonly Variant[]>();
  for (const name of kernels) {
    const kernel = manifest.kernels.get(name);
    if (kernel) chosen.set(name, choose(name, kernel, device, dropped));
  }
  return chosen;
}

function choose(
  name: string,
  kernel: Kernel,
  device: Capabilities,
  dropped: ReadonlySet<string>,
): readonly Variant[] {
  const printed = kernel.variants.filter((variant) => variant.target === "wgsl");
  if (!printed.length) {
    const has = [...new Set(kernel.variants.map((variant) => variant.target))].sort().join(", ") || "none";
    const help = "build with --target wgsl or --target wgsl+wasm";
    throw new KernelcError("bad-artifact", `kernel ${name}: a browser runs wgsl, the artifact has ${has}`, {
      help,
    });
  }
  const lacking = printed.map((variant) => missing(variant, device));
  const found = printed.filter((variant, index) => !lacking[index]?.length && !dropped.has(variant.file));
  if (found.length) return found;
  const least = lacking.filter((lacks) => lacks.length).sort((a, b) => a.length - b.length)[0];
  const why = least ? `lacks ${least.join("; ")}` : "computes every variant of it wrongly";
  throw new KernelcError("limits", `kernel ${name}: ${device.name} ${why}`, {
    help: "use another device or browser",
  });
}

/** What the artifact needs at this context, whichever of these variants is taken. */
export function needsOf(manifest: Manifest, plan: LoadPlan, variants: Choices): Needs {
  const needs: Needs = new Map();
  const need = (name: LimitName, value: number, what: string): void => {
    if (value > (needs.get(name)?.value ?? 0)) needs.set(name, { value, what });
  };
  for (const [name, bytes] of plan.buffers) need("maxBufferSize", bytes, `buffer ${name}`);
  for (const dispatch of [...plan.programs.values()].flat()) {
    for (const range of dispatch.ranges) {
      need("maxStorageBufferBindingSize", range.bytes, `${dispatch.origin}: buffer ${range.buffer}`);
    }
  }
  for (const [kernel, choices] of variants) {
    for (const [name, value] of choices.flatMap(variantNeeds)) need(name, value, `kernel ${kernel}`);
  }
  for (const [value, what] of gridExtents(manifest, plan, variants)) {
    need("maxComputeWorkgroupsPerDimension", value, what);
  }
  return needs;
}

/** The largest extent of every dispatch's grid, within the program's own bounds at this context. */
function* gridExtents(
  manifest: Manifest,
  plan: LoadPlan,
  variants: Choices,
): Generator<[extent: number, what: string]> {
  for (const [name, dispatches] of plan.programs) {
    const symbols = symbolsWithin(manifest, name, plan.context);
    if (!symbols) continue; // it starts after the end of this context
    const seen = new Set<string>();
    for (const { kernel, origin } of dispatches) {
      if (seen.has(kernel)) continue;
      seen.add(kernel);
      const extents = (variants.get(kernel) ?? []).flatMap((variant) => variant.grid);
      for (const extent of extents) yield [boundsOf(extent, symbols)[1], origin];
    }
  }
}

function symbolsWithin(manifest: Manifest, program: string, context: number): Map<string, Bounds> | null {
  const most = new Map([["seq", context], ["past", context - 1]]);
  const bounded = new Map<string, Bounds>();
  for (const [name, [low, high]] of [
    ...manifest.symbols,
    ...(manifest.programs.get(program)?.symbols ?? []),
  ]) {
    bounded.set(name, [low, Math.min(high, most.get(name) ?? high)]);
  }
  bounded.set("context", [context, context]);
  return [...bounded.values()].some(([low, high]) => low > high) ? null : bounded;
}

/** Why `limits` are not enough, in words; empty where they are. */
export function shortfalls(plan: LoadPlan, needs: Needs, limits: Limits): string[] {
  const reasons: string[] = [];
  for (const [name, { value, what }] of needs) {
    if (value <= limits[name]) continue;
    const wanted =
      `wanted ${value.toLocaleString("en")}, this device allows ${limits[name].toLocaleString("en")}`;
    reasons.push(`${what} exceeds the limit for ${IN_WORDS[name]}: ${wanted}`);
  }
  const alignment = limits.minStorageBufferOffsetAlignment;
  for (const dispatch of [...plan.programs.values()].flat()) {
    const odd = dispatch.ranges.find((range) => range.offset % alignment);
    if (!odd) continue;
    const wanted = `this device wants multiples of ${alignment}`;
    reasons.push(`${dispatch.origin} binds ${odd.buffer} at ${odd.offset}, ${wanted}`);
    break;
  }
  return reasons;
}

/** @throws KernelcError "limits" with every reason why the device is not enough. */
export function checkLimits(plan: LoadPlan, needs: Needs, device: Capabilities): void {
  const reasons = shortfalls(plan, needs, device.limits);
  if (!reasons.length) return;
  const help = "take a shorter context, a smaller model or quantisation, or another device";
  throw new KernelcError("limits", `${device.name} cannot hold this model: ${reasons.join("; ")}`, { help });
}

/** The limits to request: those that must be higher than the guaranteed ones. */
export function requiredLimits(needs: Needs): Partial<Record<LimitName, number>> {
  const beyond = [...needs].filter(([name, { value }]) => value > GUARANTEED_LIMITS[name]);
  return Object.fromEntries(beyond.map(([name, { value }]) => [name, value]));
}
