/** Opens what keeps blocks on this device: where, and how much of them. */

import type { LoadedExecutor } from "../gpu/executor.js";
import { placeOfBuild } from "../weights/keptPrefixes.js";
import { roomBytes } from "../weights/persist.js";
import { sha256Hex } from "../weights/sha256.js";
import { defaultStore } from "../weights/stores/openStore.js";
import { DiskBlocks } from "./disk.js";
import { sizesOf } from "./fileFormat.js";
import type { CacheLayout } from "./layout.js";

/** The most that they take of the device's disk, of all models together. */
const DISK_BYTES = 512 * 2 ** 20;
/** The share of the room for this site that they take at most, so that models find theirs. */
const DISK_SHARE = 0.1;
const DEVICE_DIGITS = 16;

/**
 * The blocks of the origin private file system, for a build of a model (the sha256 of its manifest) on a
 * device; null where the browser has no such file system. Rejects where storage is blocked.
 */
export async function openDisk(
  build: string,
  executor: LoadedExecutor,
  layout: CacheLayout,
): Promise<DiskBlocks | null> {
  const [store, room] = await Promise.all([defaultStore(), roomBytes()]);
  if (store.kind !== "opfs") return null;
  const mostBytes = Math.min(DISK_BYTES, Math.floor(DISK_SHARE * (room ?? Infinity)));
  const place = `${placeOfBuild(build)}-${await deviceName(executor)}`;
  return new DiskBlocks({ store, place, sizes: sizesOf(layout), mostBytes });
}

/** What decides how rows are rounded, but for the build: the device, the browser, the kernels that run. */
async function deviceName({ card, features, variants }: LoadedExecutor): Promise<string> {
  const { name, vendor, architecture } = card;
  const browser = globalThis.navigator?.userAgent ?? "";
  const files = Object.entries(variants).sort(([a], [b]) => (a < b ? -1 : 1));
  const said = JSON.stringify([name, vendor, architecture, features, browser, files]);
  return (await sha256Hex(new TextEncoder().encode(said))).slice(0, DEVICE_DIGITS);
}
