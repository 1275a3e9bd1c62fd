/** What a model needs, before anything of it is downloaded; and what WebGPU this browser has. */

import { KernelcError } from "../artifact/errors.js";
import { parseManifest, type Manifest } from "../artifact/manifest.js";
import type { Variant } from "../artifact/schema.js";
import { openAdapter, type DeviceOptions } from "../gpu/device.js";
import { chooseVariants, needsOf, shortfalls } from "../gpu/limits.js";
import { planLoad, plannedBytes, type LoadPlan } from "../gpu/loadPlan.js";
import { fetchedModules, tooLarge } from "../wasm/load.js";
import { openFiles } from "../weights/files.js";
import { storedBytes, storedFileBytes } from "../weights/models.js";
import type { DeviceChoice, Plan, Probe } from "./api.js";
import { GENERATE_ROLES } from "./engine.js";
import { mayCompute, whyNotGraphics } from "./openDevice.js";
import { integer } from "./sampling.js";

/** Whether there is WebGPU here and what it can do, or why there is none. */
export async function probe(): Promise<Probe> {
  try {
    const { card } = await openAdapter();
    return { usable: true, reasons: [], code: null, adapter: card };
  } catch (error) {
    const { code, message, help } = KernelcError.from(error);
    const reason = help === undefined ? message : `${message}: ${help}`;
    return {
      usable: false,
      reasons: [reason],
      code: code === "no-webgpu" ? code : "no-adapter",
      adapter: null,
    };
  }
}

/**
 * What the artifact at `url` would need at a context length (default: its longest). Fetches only the
 * manifest.
 *
 * @throws KernelcError "network", "bad-artifact", "usage".
 */
export async function planArtifact(
  url: string,
  contextLength?: number,
  options?: PlanOptions,
): Promise<Plan> {
  const files = await openFiles(url);
  const manifest = parseManifest((await files.manifest()).bytes, `${files.folder}manifest.json`);
  return planManifest(manifest, contextLength ?? manifest.model.max_context, options);
}

/** Where to run, and which limits and features may be used. */
export interface PlanOptions extends DeviceOptions {
  readonly device?: DeviceChoice | undefined;
}

/** @throws KernelcError "usage" for a context that the artifact was not built for. */
export async function planManifest(
  manifest: Manifest,
  contextLength: number,
  options: PlanOptions = {},
): Promise<Plan> {
  const { max_context } = manifest.model;
  const least = manifest.symbols.get("context")?.[0] ?? 1;
  const context = integer("the context length", contextLength, least, max_context);
  const plan = planLoad(manifest, context, GENERATE_ROLES);
  const { shards } = manifest.weights;
  const { device, device_reason, reasons, kernels } = await placed(manifest, plan, options);
  const files = fetchedFiles(manifest, kernels);
  const distinct = new Map([
    ...shards.map((shard): [string, number] => [shard.sha256, shard.bytes]),
    ...files,
  ]);
  return {
    name: manifest.name,
    context,
    max_context,
    gpu_bytes: plannedBytes(manifest, plan),
    weight_bytes: plannedBytes(manifest, plan, "weight"),
    cache_bytes: plannedBytes(manifest, plan, "state"),
    scratch_bytes: plannedBytes(manifest, plan, "slot"),
    download_bytes: [...distinct.values()].reduce((sum, bytes) => sum + bytes, 0),
    stored_bytes: await stored(shards, files).catch(() => 0),
    device,
    device_reason,
    fits: reasons.length === 0,
    reasons,
  };
}

/**
 * The small files that loading fetches, from sha256 to bytes, as far as the manifest says their sizes. It
 * does not for the chat template, nor for `kernels` of artifacts of before.
 */
export function fetchedFiles(
  { tokenizer, checks }: Manifest,
  kernels: readonly Variant[],
): ReadonlyMap<string, number> {
  const named = [...(tokenizer?.files.values() ?? []), ...(checks ? [checks] : []), ...kernels];
  return new Map(named.flatMap(({ sha256, bytes }) => (bytes === undefined ? [] : [[sha256, bytes]])));
}

async function stored(
  shards: Manifest["weights"]["shards"],
  files: ReadonlyMap<string, number>,
): Promise<number> {
  const [weights, others] = await Promise.all([storedBytes(shards), storedFileBytes(files)]);
  return weights + others;
}

interface Fit {
  /** Why it does not fit; empty where it does. */
  readonly reasons: readonly string[];
  /** What is fetched of kernels. */
  readonly kernels: readonly Variant[];
}

type Placed = Pick<Plan, "device" | "device_reason"> & Fit;

/** What would run the model, and whether it fits there. */
async function placed(manifest: Manifest, plan: LoadPlan, options: PlanOptions): Promise<Placed> {
  const choice = options.device ?? "auto";
  if (!mayCompute(manifest, choice) && choice !== "wasm") {
    return { device: "webgpu", device_reason: "", ...(await onGraphics(manifest, plan, options)) };
  }
  let device_reason = await whyNotGraphics(choice, options);
  if (device_reason === null) {
    const fit = await onGraphics(manifest, plan, options);
    if (!fit.reasons.length) return { device: "webgpu", device_reason: "", ...fit };
    device_reason = `The graphics device cannot hold it: ${fit.reasons[0]}.`;
  }
  const kernels = fetchedModules(manifest, plan);
  return { device: "wasm", device_reason, reasons: tooLarge(manifest, plan), kernels };
}

async function onGraphics(manifest: Manifest, plan: LoadPlan, options: DeviceOptions): Promise<Fit> {
  try {
    const { capabilities } = await openAdapter(options);
    const choices = chooseVariants(manifest, plan.kernels, capabilities);
    const reasons = shortfalls(plan, needsOf(manifest, plan, choices), capabilities.limits);
    return { reasons, kernels: [...choices.values()].flatMap((variants) => variants.slice(0, 1)) };
  } catch (error) {
    if (!(error instanceof KernelcError)) throw error;
    return { reasons: [error.help ? `${error.message}: ${error.help}` : error.message], kernels: [] };
  }
}
