/** Whether a model fits a budget of memory, before anything of it is fetched. */

import { KernelcError } from "../../artifact/errors.js";
import type { Manifest } from "../../artifact/schema.js";
import { planLoad, plannedBytes, type LoadPlan } from "../../gpu/loadPlan.js";
import { GENERATE_ROLES } from "../engine.js";
import { integer } from "../sampling/sampling.js";

/** Shards of weights that are in memory beside what they are copied into. */
const SHARDS_UNDER_WAY = 2;

/** The most bytes that a model takes while it is loaded, with the shards that are under way. */
export function takenBytes(manifest: Manifest, plan: LoadPlan): number {
  const largest = Math.max(0, ...manifest.weights.shards.map((shard) => shard.bytes));
  return plannedBytes(manifest, plan) + SHARDS_UNDER_WAY * largest;
}

/** Why a plan is beyond a budget, in words; empty where it is not. */
export function beyondBudget(manifest: Manifest, plan: LoadPlan, budget: number): string[] {
  const bytes = takenBytes(manifest, plan);
  if (bytes <= budget) return [];
  return [`it takes ${inGb(bytes)} of memory, a page on this device may take about ${inGb(budget)}`];
}

function inGb(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/**
 * The greatest of the numbers from `least` to `most` that passes, where all below one that passes do, too; 0
 * where none does.
 */
export async function greatest(
  least: number,
  most: number,
  passes: (number: number) => boolean | Promise<boolean>,
): Promise<number> {
  let [known, low, high] = [0, least, most];
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    if (await passes(middle)) [known, low] = [middle, middle + 1];
    else high = middle - 1;
  }
  return known;
}

/**
 * The context to load with: the one asked for, or the longest that a budget of bytes allows.
 *
 * @throws KernelcError "usage" for a context that the artifact was not built for, "limits" for one that takes
 * more memory.
 */
export async function checkedContext(
  manifest: Manifest,
  asked: number | undefined,
  budget: number,
): Promise<number> {
  const { max_context } = manifest.model;
  const least = manifest.symbols.get("context")?.[0] ?? 1;
  const beyond = (context: number): string[] =>
    beyondBudget(manifest, planLoad(manifest, context, GENERATE_ROLES), budget);
  const fitting = (context: number): boolean => !beyond(context).length;
  const longest = async (): Promise<number> =>
    fitting(max_context) ? max_context : (await greatest(least, max_context, fitting)) || least;
  const context = asked === undefined ? await longest() : integer("context", asked, least, max_context);
  const [reason] = beyond(context);
  if (reason === undefined) return context;
  throw new KernelcError("limits", `this device cannot hold the model with ${context} tokens: ${reason}`, {
    help: "take a shorter context, or a smaller model or quantisation; `memoryBytes` lets it take more",
  });
}
