/** What a model needs, before anything of it is downloaded; and what WebGPU this browser has. */

import { KernelcError } from "../artifact/errors.js";
import { parseManifest, type Manifest } from "../artifact/manifest.js";
import { openAdapter, type Adapter, type DeviceOptions } from "../gpu/device.js";
import { chooseVariants, needsOf, shortfalls } from "../gpu/limits.js";
import { planLoad, plannedBytes } from "../gpu/loadPlan.js";
import { openFiles } from "../weights/files.js";
import { storedBytes, storedFileBytes } from "../weights/models.js";
import type { Plan, Probe } from "./api.js";
import { GENERATE_ROLES } from "./engine.js";
import { integer } from "./sampling.js";

/** Whether there is WebGPU here and what it can do, or why there is none. */
export async function probe(): Promise<Probe> {
  try {
    const { card } = await openAdapter();
    return { usable: true, reasons: [], code: null, adapter: card };
  } catch (error) {
    const { code, message, help } = KernelcError.from(error);
    const reason = help === undefined ? message : `${message}: ${help}`;
    return { usable: false, reasons: [reason], code: code === "no-webgpu" ? code : "no-adapter", adapter: null };
  }
}

/**
 * What the artifact at `url` would need at a context length (default: its longest). Fetches only the manifest.
 *
 * @throws KernelcError "network", "bad-artifact", "usage".
 */
export async function planArtifact(url: string, contextLength?: number): Promise<Plan> {
  const files = await openFiles(url);
  const manifest = parseManifest((await files.manifest()).bytes, `${files.folder}manifest.json`);
  return planManifest(manifest, contextLength ?? manifest.model.max_context);
}

/** @throws KernelcError "usage" for a context that the artifact was not built for. */
export async function planManifest(manifest: Manifest, contextLength: number, options?: DeviceOptions): Promise<Plan> {
  const { max_context } = manifest.model;
  const least = manifest.symbols.get("context")?.[0] ?? 1;
  const context = integer("the context length", contextLength, least, max_context);
  const plan = planLoad(manifest, context, GENERATE_ROLES);
  const { shards } = manifest.weights;
  const files = fetchedFiles(manifest);
  const distinct = new Map([...shards.map((shard): [string, number] => [shard.sha256, shard.bytes]), ...files]);
  const reasons = await unfit(manifest, context, options);
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
    fits: reasons.length === 0,
    reasons,
  };
}

/**
 * The small files that loading fetches, from sha256 to bytes, as far as the manifest says their sizes. It does not
 * for kernels and chat template, which take a few kilobytes each.
 */
export function fetchedFiles({ tokenizer, checks }: Manifest): ReadonlyMap<string, number> {
  const named = [...(tokenizer?.files.values() ?? []), ...(checks ? [checks] : [])];
  return new Map(named.map(({ sha256, bytes }) => [sha256, bytes]));
}

async function stored(shards: Manifest["weights"]["shards"], files: ReadonlyMap<string, number>): Promise<number> {
  const [weights, others] = await Promise.all([storedBytes(shards), storedFileBytes(files)]);
  return weights + others;
}

async function unfit(manifest: Manifest, context: number, options?: DeviceOptions): Promise<string[]> {
  let adapter: Adapter;
  try {
    adapter = await openAdapter(options);
    const plan = planLoad(manifest, context, GENERATE_ROLES);
    const choices = chooseVariants(manifest, plan.kernels, adapter.capabilities);
    return shortfalls(plan, needsOf(manifest, plan, choices), adapter.capabilities.limits);
  } catch (error) {
    if (error instanceof KernelcError) return [error.help ? `${error.message}: ${error.help}` : error.message];
    throw error;
  }
}
