import { sha256Hex } from "./sha256.js";
import { defaultStore } from "./stores/openStore.js";
import { getBytes, putBytes, type Store } from "./stores/store.js";

/** The longest record: records are for notes, not for data. */
const MAX_RECORD_BYTES = 2 ** 20;

/** Reads a small JSON record; undefined where there is none or it cannot be read. */
export async function getRecord(kind: string, key: string, store?: Store): Promise<unknown> {
  try {
    const from = store ?? (await defaultStore());
    const bytes = await getBytes(from, "records", await fileName(kind, key));
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Keeps a small JSON record. Where storage is blocked or full it is not kept, and nothing is thrown. */
export async function putRecord(kind: string, key: string, value: unknown, store?: Store): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  if (bytes.length > MAX_RECORD_BYTES) throw new RangeError(`record ${kind}/${key} has ${bytes.length} bytes`);
  try {
    const to = store ?? (await defaultStore());
    await putBytes(to, "records", await fileName(kind, key), bytes);
  } catch {
    // A record only saves work; without it, the work is done again.
  }
}

/** Forgets a record. */
export async function removeRecord(kind: string, key: string, store: Store): Promise<void> {
  await store.remove("records", await fileName(kind, key));
}

/** All records of a kind that can be read. */
export async function allRecords(kind: string, store: Store): Promise<unknown[]> {
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
