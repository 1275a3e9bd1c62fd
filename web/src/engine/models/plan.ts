/** What a model needs, before anything of it is downloaded; and what WebGPU this browser has. */

import { KernelcError } from "../../artifact/errors.js";
import { parseManifest, type Manifest } from "../../artifact/manifest.js";
import type { Variant } from "../../artifact/schema.js";
import { openAdapter, type Adapter, type DeviceOptions } from "../../gpu/device.js";
import { chooseVariants, needsOf, shortfalls } from "../../gpu/limits.js";
import { planLoad, plannedBytes, type LoadPlan } from "../../gpu/loadPlan.js";
import { fetchedModules, tooLarge } from "../../wasm/load.js";
import { openFiles } from "../../weights/files.js";
import { storedBytes, storedFileBytes } from "../../weights/models.js";
import type { DeviceChoice, Plan, Probe } from "../api.js";
import { GENERATE_ROLES } from "../engine.js";
import { memoryBudget } from "../memory/budget.js";
import { beyondBudget, greatest, takenBytes } from "../memory/fitting.js";
import { mayCompute, whyNotGraphics } from "./openDevice.js";
import { integer } from "../sampling/sampling.js";

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
  const { bytes, id } = await files.manifest(options?.build);
  const manifest = parseManifest(bytes, `${files.folder}manifest.json`);
  return { id, ...(await planManifest(manifest, contextLength ?? manifest.model.max_context, options)) };
}

/** Where to run, and which limits and features may be used. */
export interface PlanOptions extends DeviceOptions {
  readonly device?: DeviceChoice | undefined;
  /** The build to plan, as in `EngineOptions`; the default is the server's. */
  readonly build?: string | undefined;
  /** As in `EngineOptions`. */
  readonly memoryBytes?: number | undefined;
}

/** @throws KernelcError "usage" for a context that the artifact was not built for. */
export async function planManifest(
  manifest: Manifest,
  contextLength: number,
  options: PlanOptions = {},
): Promise<Omit<Plan, "id">> {
  const { max_context } = manifest.model;
  const least = manifest.symbols.get("context")?.[0] ?? 1;
  const context = integer("the context length", contextLength, least, max_context);
  const plan = planLoad(manifest, context, GENERATE_ROLES);
  const { shards } = manifest.weights;
  const budget = options.memoryBytes ?? memoryBudget();
  let opened: Promise<Adapter> | undefined; // once for all lengths that are tried
  const adapter = (): Promise<Adapter> => (opened ??= openAdapter(options));
  const place: Place = { choice: options.device ?? "auto", budget, adapter };
  const { device, device_reason, reasons, kernels } = await within(manifest, plan, place);
  const fits = async (shorter: number): Promise<boolean> => {
    const tried = planLoad(manifest, shorter, GENERATE_ROLES);
    return !(await within(manifest, tried, place)).reasons.length;
  };
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
    kv: manifest.kv,
    taken_bytes: takenBytes(manifest, plan),
    memory_bytes: Number.isFinite(budget) ? budget : null,
    scratch_bytes: plannedBytes(manifest, plan, "slot"),
    download_bytes: [...distinct.values()].reduce((sum, bytes) => sum + bytes, 0),
    stored_bytes: await stored(shards, files).catch(() => 0),
    device,
    device_reason,
    fits: reasons.length === 0,
    fitting_context: reasons.length ? await greatest(least, context - 1, fits) : context,
    reasons,
  };
}

/**
 * The small files that loading fetches, from sha256 to bytes, as far as the manifest says their sizes. It
 * does not for the chat template, nor for `kernels` of artifacts of earlier releases.
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

/** Where a model may run. */
interface Place {
  readonly choice: DeviceChoice;
  /** Bytes of memory. */
  readonly budget: number;
  readonly adapter: () => Promise<Adapter>;
}

/** As `placed`, with the memory of the device. */
async function within(manifest: Manifest, plan: LoadPlan, place: Place): Promise<Placed> {
  const found = await placed(manifest, plan, place);
  return { ...found, reasons: [...found.reasons, ...beyondBudget(manifest, plan, place.budget)] };
}

/** What would run the model, and whether it fits there. */
async function placed(manifest: Manifest, plan: LoadPlan, { choice, adapter }: Place): Promise<Placed> {
  if (!mayCompute(manifest, choice) && choice !== "wasm") {
    return { device: "webgpu", device_reason: "", ...(await onGraphics(manifest, plan, adapter)) };
  }
  let device_reason = await whyNotGraphics(choice, adapter);
  if (device_reason === null) {
    const fit = await onGraphics(manifest, plan, adapter);
    if (!fit.reasons.length) return { device: "webgpu", device_reason: "", ...fit };
    device_reason = `The graphics device cannot hold it: ${fit.reasons[0]}.`;
  }
  const kernels = fetchedModules(manifest, plan);
  return { device: "wasm", device_reason, reasons: tooLarge(manifest, plan), kernels };
}

async function onGraphics(
  manifest: Manifest,
  plan: LoadPlan,
  adapter: () => Promise<Adapter>,
): Promise<Fit> {
  try {
    const { capabilities } = await adapter();
    const choices = chooseVariants(manifest, plan.kernels, capabilities);
    const reasons = shortfalls(plan, needsOf(manifest, plan, choices), capabilities.limits);
    return { reasons, kernels: [...choices.values()].flatMap((variants) => variants.slice(0, 1)) };
  } catch (error) {
    if (!(error instanceof KernelcError)) throw error;
    return { reasons: [error.help ? `${error.message}: ${error.help}` : error.message], kernels: [] };
  }
}
