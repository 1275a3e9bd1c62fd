/**
 * Small notes, kept beside the weights. Only one tab at a time reads, writes or removes any: a record that
 * another tab rewrites would look empty meanwhile, or missing, and what it protects would be deleted.
 */

import { withLock } from "./locks.js";
import { sha256Hex } from "./sha256.js";
import { defaultStore } from "./stores/openStore.js";
import { getBytes, putBytes, type Store } from "./stores/store.js";

/** The longest record: records are for notes, not for data. */
const MAX_RECORD_BYTES = 2 ** 20;

const LOCK = "kernelc-records";

/** Runs `work` while no other tab touches a record. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  return withLock(LOCK, undefined, work);
}

/** Reads a small JSON record; undefined where there is none or it cannot be read. */
export async function getRecord(kind: string, key: string, store?: Store): Promise<unknown> {
  try {
    const from = store ?? (await defaultStore());
    const name = await fileName(kind, key);
    const bytes = await alone(() => getBytes(from, "records", name));
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Keeps a small JSON record. Where storage is blocked or full it is not kept, and nothing is thrown. */
export async function putRecord(kind: string, key: string, value: unknown, store?: Store): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  if (bytes.length > MAX_RECORD_BYTES)
    throw new RangeError(`record ${kind}/${key} has ${bytes.length} bytes`);
  try {
    const to = store ?? (await defaultStore());
    const name = await fileName(kind, key);
    await alone(() => putBytes(to, "records", name, bytes));
  } catch {
    // A record only saves work; without it, the work is done again.
  }
}

/** Forgets a record. */
export async function removeRecord(kind: string, key: string, store: Store): Promise<void> {
  const name = await fileName(kind, key);
  await alone(() => store.remove("records", name));
}

/** All records of a kind that can be read. */
export function allRecords(kind: string, store: Store): Promise<unknown[]> {
  return alone(() => readAll(kind, store));
}

async function readAll(kind: string, store: Store): Promise<unknown[]> {
  const records: unknown[] = [];
  for (const name of (await store.sizes("records")).keys()) {
    if (!name.startsWith(`${kind}-`)) continue;
    const bytes = await getBytes(store, "records", name);
    if (bytes) records.push(parse(bytes));
  }
  return records.filter((record) => record !== undefined);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // written by a page that died meanwhile
  }
}

/** Keys may be any text; file names may not. */
async function fileName(kind: string, key: string): Promise<string> {
  const plain = /^[0-9A-Za-z_-]{1,100}$/.test(key);
  return `${kind}-${plain ? key : await sha256Hex(new TextEncoder().encode(key))}.json`;
}
