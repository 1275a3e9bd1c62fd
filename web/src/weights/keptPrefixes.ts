/**
 * What conversations have computed, as it is kept on this device: its place in the store, and how it is
 * deleted. From keys and values texts can be computed, so they go when the person deletes a chat.
 */

import { withLock } from "./locks.js";
import { defaultStore } from "./stores/openStore.js";
import type { Store } from "./stores/store.js";

/** The lock to hold while writing or removing. */
export const PREFIX_LOCK = "kernelc-prefixes";
/** The kind of the records that say when each block was used. */
export const PREFIX_RECORD = "prefixes";
const CHANNEL = "kernelc-prefixes";
const BUILD_DIGITS = 16;

/** What the names of a build's files begin with. `build` is the sha256 of its manifest. */
export function placeOfBuild(build: string): string {
  return build.slice(0, BUILD_DIGITS);
}

/**
 * Deletes what conversations have computed, of one build of a model or of all. Engines that are open, in
 * this window or another, write nothing of it again.
 */
export async function deletePrefixes(build?: string, store?: Store): Promise<void> {
  const from = store ?? (await defaultStore());
  const place = build === undefined ? "" : placeOfBuild(build);
  tell(place); // before the lock: whoever has it now writes one more block at most, which is removed then
  await withLock(PREFIX_LOCK, undefined, async () => {
    for (const area of ["prefixes", "records"] as const) {
      const begin = area === "records" ? `${PREFIX_RECORD}-${place}` : place;
      for (const file of (await from.sizes(area)).keys()) {
        if (file.startsWith(begin)) await from.remove(area, file);
      }
    }
  });
}

/** Bytes that they take on this device. */
export async function prefixBytes(store?: Store): Promise<number> {
  const sizes = await (store ?? (await defaultStore())).sizes("prefixes");
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function tell(place: string): void {
  if (typeof BroadcastChannel === "undefined") return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(place);
  channel.close();
}

/**
 * Calls `listener` when a window deletes them, with what the names of the files begin with. Returns what ends
 * that.
 */
export function deletionsOfPrefixes(listener: (place: string) => void): () => void {
  if (typeof BroadcastChannel === "undefined") return () => undefined;
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (typeof data === "string") listener(data);
  };
  (channel as { unref?(): void }).unref?.(); // in Node it would keep the process alive
  return () => channel.close();
}
