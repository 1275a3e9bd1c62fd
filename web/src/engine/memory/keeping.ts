/** What keeps beginnings of prompts beside a loaded model: in memory, and on this device. */

import type { Manifest, Role } from "../../artifact/schema.js";
import type { LoadedExecutor } from "../../gpu/executor.js";
import { planLoad } from "../../gpu/loadPlan.js";
import { PrefixCache } from "../../prefixes/cache.js";
import type { DiskBlocks } from "../../prefixes/disk.js";
import { layoutOf, type CacheLayout } from "../../prefixes/layout.js";
import { BlockStore } from "../../prefixes/store.js";
import { diskCode } from "../laterCode.js";
import { GREEDY_FIELDS } from "../sampling/sampling.js";
import { takenBytes } from "./fitting.js";

/** The most memory for beginnings of prompts, taken as they come. */
const MEMORY_BYTES = 256 * 2 ** 20;

/** A loaded model, and what of it is kept. */
export interface Kept {
  readonly manifest: Manifest;
  /** sha256 of its manifest. */
  readonly build: string;
  readonly context: number;
  readonly roles: readonly Role[];
  /** How much memory the model may take. */
  readonly budget: number;
  readonly executor: LoadedExecutor;
  /** Whether beginnings are kept for the next visit, too. */
  readonly stored: boolean;
}

/**
 * What keeps beginnings of prompts, so that conversations may take turns, in half of the memory that the
 * model leaves of its budget; null where nothing can.
 */
export async function keeping(kept: Kept): Promise<PrefixCache | null> {
  const { manifest, build, context } = kept;
  const plan = planLoad(manifest, context, kept.roles);
  const layout = layoutOf(manifest, plan.buffers, context);
  const bytes = Math.min(MEMORY_BYTES, Math.floor((kept.budget - takenBytes(manifest, plan)) / 2));
  if (!layout || bytes <= 0) return null;
  const idle = { ...GREEDY_FIELDS, seq: 1, past: 0, context };
  const disk = kept.stored ? await openDisk(build, kept.executor, layout) : null;
  return new PrefixCache({ layout, build, store: new BlockStore(bytes), idle, disk });
}

/** What keeps them on this device; null where its storage is blocked, or the code for it did not load. */
async function openDisk(
  build: string,
  executor: LoadedExecutor,
  layout: CacheLayout,
): Promise<DiskBlocks | null> {
  try {
    return await (await diskCode()).openDisk(build, executor, layout);
  } catch {
    return null;
  }
}
