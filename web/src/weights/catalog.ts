import { KernelcError } from "../artifact/errors.js";
import { deletePrefixes } from "./keptPrefixes.js";
import { tryLock } from "./locks.js";
import { allRecords, putRecord, removeRecord } from "./records.js";
import { isSha256 } from "./sha256.js";
import type { Area, Store } from "./stores/store.js";

const KIND = "model";

/** What is remembered of an artifact: enough to list, delete and start it without a network. */
export interface ModelRecord {
  /** sha256 of its manifest.json, which is kept among the files under this name. */
  readonly id: string;
  /** Absolute address of its folder. */
  readonly url: string;
  readonly title: string;
  readonly shards: readonly { readonly bytes: number; readonly sha256: string }[];
  /** sha256 of its other files, including those that were never fetched. */
  readonly files: readonly string[];
  /** When it was last opened; milliseconds since 1970. */
  readonly openedMs: number;
}

/** The lock to hold while writing or removing a shard. */
export function shardLock(sha256: string): string {
  return `kernelc-shard-${sha256}`;
}

/** Remembers a model, or that it was opened again. */
export async function rememberModel(store: Store, record: ModelRecord): Promise<void> {
  await putRecord(KIND, record.id, record, store);
}

/** All remembered models, the last opened first. */
export async function rememberedModels(store: Store): Promise<ModelRecord[]> {
  const records = (await allRecords(KIND, store)).filter(isModelRecord);
  return records.sort((a, b) => b.openedMs - a.openedMs);
}

/** Stored bytes of `shards`, each counted once. `sizes` is the result of `Store.sizes`. */
export function storedShardBytes(shards: ModelRecord["shards"], sizes: ReadonlyMap<string, number>): number {
  const distinct = new Map(shards.map((shard) => [shard.sha256, shard.bytes]));
  let total = 0;
  for (const [sha256, bytes] of distinct) total += Math.min(bytes, sizes.get(sha256) ?? 0);
  return total;
}

/**
 * Forgets a model and removes what no other model needs.
 *
 * @throws KernelcError "storage" while one of its shards is being loaded.
 */
export async function forgetModel(store: Store, id: string): Promise<void> {
  const models = await rememberedModels(store);
  const model = models.find((candidate) => candidate.id === id);
  if (!model) return;
  const others = models.filter((candidate) => candidate.id !== id);
  const shards = new Set(model.shards.map((shard) => shard.sha256));
  for (const other of others) for (const shard of other.shards) shards.delete(shard.sha256);
  for (const sha256 of shards) await removeShard(store, sha256, model.title);
  const files = new Set([...model.files, model.id]);
  for (const other of others) for (const sha256 of [...other.files, other.id]) files.delete(sha256);
  await removeAll(store, "files", files);
  await deletePrefixes(model.id, store);
  await removeRecord(KIND, id, store);
}

/** Forgets earlier versions of the model at `url`; true where there were any. */
export async function forgetEarlierVersions(store: Store, url: string, id: string): Promise<boolean> {
  const earlier = (await rememberedModels(store)).filter((model) => model.url === url && model.id !== id);
  for (const model of earlier) await forgetModel(store, model.id);
  return earlier.length > 0;
}

/**
 * Removes shards that belong to no remembered model: their record was lost, so they could not be listed or
 * deleted.
 */
export async function removeOrphans(store: Store): Promise<void> {
  const orphans = new Set((await store.sizes("shards")).keys());
  // Models are remembered before their first shard is stored, so models that are being loaded are known here.
  for (const model of await rememberedModels(store))
    for (const { sha256 } of model.shards) orphans.delete(sha256);
  for (const sha256 of orphans) await removeShard(store, sha256, "A model").catch(() => undefined);
}

async function removeShard(store: Store, sha256: string, title: string): Promise<void> {
  const done = await tryLock(shardLock(sha256), async () => {
    await store.remove("shards", sha256);
    await removeRecord("partial", sha256, store);
    return "removed" as const;
  });
  if (done === "busy") {
    throw new KernelcError("storage", `${title} is being loaded at the moment, so it was not deleted.`, {
      help: "Wait until it is loaded, or close the other tab, then delete it again.",
    });
  }
}

async function removeAll(store: Store, area: Area, names: Iterable<string>): Promise<void> {
  for (const name of names) await store.remove(area, name);
}

function isModelRecord(value: unknown): value is ModelRecord {
  const record = value as Partial<Record<keyof ModelRecord, unknown>> | null;
  return (
    typeof record === "object" &&
    record !== null &&
    isHash(record.id) &&
    typeof record.url === "string" &&
    typeof record.title === "string" &&
    typeof record.openedMs === "number" &&
    Array.isArray(record.files) &&
    record.files.every(isHash) &&
    Array.isArray(record.shards) &&
    record.shards.every(isShard)
  );
}

function isShard(value: unknown): boolean {
  const shard = value as { bytes?: unknown; sha256?: unknown } | null;
  return (
    typeof shard === "object" && shard !== null && Number.isSafeInteger(shard.bytes) && isHash(shard.sha256)
  );
}

function isHash(value: unknown): boolean {
  return typeof value === "string" && isSha256(value);
}
