/** What the browser lets this site store. */
export interface StorageEstimate {
  readonly usageBytes: number;
  /** Undefined where the browser does not tell. */
  readonly quotaBytes: number | undefined;
  /** Whether the browser promised not to delete it on its own. */
  readonly persisted: boolean;
}

function manager(): StorageManager | undefined {
  return globalThis.navigator?.storage;
}

/** How much this site stores, and how much it may store. */
export async function storageEstimate(storage = manager()): Promise<StorageEstimate> {
  const estimate = await quiet(() => storage?.estimate?.());
  const persisted = (await quiet(() => storage?.persisted?.())) ?? false;
  return { usageBytes: estimate?.usage ?? 0, quotaBytes: estimate?.quota, persisted };
}

/**
 * Asks the browser to keep what this site stores even when the disk fills up. Only a window can ask, not a
 * worker. Some browsers ask the person, others decide by themselves. Undefined where the browser has no such
 * function.
 */
export async function requestPersistence(storage = manager()): Promise<boolean | undefined> {
  const persisted = await quiet(() => storage?.persisted?.());
  if (persisted) return true;
  return (await quiet(() => storage?.persist?.())) ?? persisted;
}

/** Chromium reports at most this much room, however much there is, so that sites cannot tell disks apart. */
const CLAIMED_AT_MOST_BYTES = 10 * 2 ** 30;

/**
 * Bytes that may still be stored; undefined where the browser does not tell, or reports Chromium's maximum.
 */
export async function roomBytes(storage = manager()): Promise<number | undefined> {
  const { usageBytes, quotaBytes } = await storageEstimate(storage);
  if (quotaBytes === undefined) return undefined;
  const room = Math.max(0, quotaBytes - usageBytes);
  return room >= CLAIMED_AT_MOST_BYTES ? undefined : room;
}

/** The value, or undefined where storage is blocked, so that the call fails. */
async function quiet<T>(call: () => Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await call();
  } catch {
    return undefined;
  }
}
