/** What keeps beginnings of prompts beside a loaded model: in memory, and on this device. */

import type { Manifest, Role } from "../../artifact/schema.js";
import type { LoadedExecutor } from "../../gpu/executor.js";
import { planLoad } from "../../gpu/loadPlan.js";
import { PrefixCache } from "../../prefixes/cache.js";
import { DiskBlocks } from "../../prefixes/disk.js";
import { sizesOf } from "../../prefixes/fileFormat.js";
import { layoutOf, type CacheLayout } from "../../prefixes/layout.js";
import { BlockStore } from "../../prefixes/store.js";
import { placeOfBuild } from "../../weights/keptPrefixes.js";
import { roomBytes } from "../../weights/persist.js";
import { sha256Hex } from "../../weights/sha256.js";
import { defaultStore } from "../../weights/stores/openStore.js";
import { GREEDY_FIELDS } from "../sampling.js";
import { takenBytes } from "./fitting.js";

/** The most memory for beginnings of prompts, taken as they come. */
const MEMORY_BYTES = 256 * 2 ** 20;
/** The most that they take of the device's disk, of all models together. */
const DISK_BYTES = 512 * 2 ** 20;
/** The share of the room for this site that they take at most, so that models find theirs. */
const DISK_SHARE = 0.1;
const DEVICE_DIGITS = 16;

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
  const disk = kept.stored ? await openDisk(kept, layout) : null;
  return new PrefixCache({ layout, build, store: new BlockStore(bytes), idle, disk });
}

/** The blocks of the origin private file system; null where the browser has none. */
async function openDisk({ build, executor }: Kept, layout: CacheLayout): Promise<DiskBlocks | null> {
  try {
    const [store, room] = await Promise.all([defaultStore(), roomBytes()]);
    if (store.kind !== "opfs") return null;
    const mostBytes = Math.min(DISK_BYTES, Math.floor(DISK_SHARE * (room ?? Infinity)));
    const place = `${placeOfBuild(build)}-${await deviceName(executor)}`;
    return new DiskBlocks({ store, place, sizes: sizesOf(layout), mostBytes });
  } catch {
    return null; // storage is blocked
  }
}

/** What decides how rows are rounded, but for the build: the device, the browser, the kernels that run. */
async function deviceName({ card, features, variants }: LoadedExecutor): Promise<string> {
  const { name, vendor, architecture } = card;
  const browser = globalThis.navigator?.userAgent ?? "";
  const files = Object.entries(variants).sort(([a], [b]) => (a < b ? -1 : 1));
  const said = JSON.stringify([name, vendor, architecture, features, browser, files]);
  return (await sha256Hex(new TextEncoder().encode(said))).slice(0, DEVICE_DIGITS);
}
