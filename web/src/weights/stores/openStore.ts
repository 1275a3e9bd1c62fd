import { CacheStore } from "./cacheApi.js";
import { MemoryStore } from "./memory.js";
import { OpfsStore } from "./opfs.js";
import type { Store } from "./store.js";

let shared: Promise<Store> | undefined;

/** The store of this page: OPFS, else the Cache API, else memory (private windows, blocked storage). */
export function defaultStore(): Promise<Store> {
  shared ??= openStore();
  return shared;
}

async function openStore(): Promise<Store> {
  return (await OpfsStore.open()) ?? (await CacheStore.open()) ?? new MemoryStore();
}
