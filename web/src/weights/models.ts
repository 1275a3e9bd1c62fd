import { forgetModel, rememberedModels, storedShardBytes, type ModelRecord } from "./catalog.js";
import { defaultStore } from "./stores/openStore.js";
import type { Store } from "./stores/store.js";

export { deletePrefixes, prefixBytes } from "./keptPrefixes.js";
export { requestPersistence, storageEstimate, type StorageEstimate } from "./persist.js";

/** A model that is stored on this device, at least in part. */
export interface StoredModel {
  /** The id to pass to `deleteModel`. */
  readonly id: string;
  /** Absolute address of its folder. */
  readonly url: string;
  readonly title: string;
  /** Bytes of its weights on this device. Shards that several models share count for each of them. */
  readonly bytes: number;
  /** Bytes of all its weights. */
  readonly totalBytes: number;
  /** Whether all its weights are here, so that it starts without a network. */
  readonly complete: boolean;
}

/** The models stored on this device, the last opened first. */
export async function storedModels(store?: Store): Promise<StoredModel[]> {
  const from = store ?? (await defaultStore());
  const sizes = await from.sizes("shards");
  const models = (await rememberedModels(from)).map((record) => describe(record, sizes));
  return models.filter((model) => model.bytes > 0);
}

/**
 * Deletes a model from this device; shards that another stored model uses stay.
 *
 * @throws KernelcError "storage" while it is being loaded, here or in another tab.
 */
export async function deleteModel(id: string, store?: Store): Promise<void> {
  await forgetModel(store ?? (await defaultStore()), id);
}

/** Bytes of these shards that need no download. */
export async function storedBytes(
  shards: readonly { readonly bytes: number; readonly sha256: string }[],
  store?: Store,
): Promise<number> {
  const from = store ?? (await defaultStore());
  return storedShardBytes(shards, await from.sizes("shards"));
}

/** Bytes of these small files that need no download; each counts once. */
export async function storedFileBytes(
  files: ReadonlyMap<string, number>,
  store?: Store,
): Promise<number> {
  const sizes = await (store ?? (await defaultStore())).sizes("files");
  let total = 0;
  for (const [sha256, bytes] of files) if (sizes.get(sha256) === bytes) total += bytes;
  return total;
}

function describe(record: ModelRecord, sizes: ReadonlyMap<string, number>): StoredModel {
  const distinct = new Map(record.shards.map((shard) => [shard.sha256, shard.bytes]));
  const totalBytes = Array.from(distinct.values()).reduce((total, bytes) => total + bytes, 0);
  const bytes = storedShardBytes(record.shards, sizes);
  const { id, url, title } = record;
  return { id, url, title, bytes, totalBytes, complete: bytes === totalBytes };
}
