import type { Bytes } from "../sha256.js";

/**
 * Where files are kept: "shards" and "files" by the sha256 of their whole contents, "records" (small JSON)
 * and "prefixes" (what conversations have computed) by name. A shard that is being downloaded is there in
 * part; its size says how far the download is.
 */
export type Area = "shards" | "files" | "records" | "prefixes";

/**
 * Appends to one stored file. What was written is kept after `close`, and most of it even if the page dies
 * before.
 */
export interface Writer {
  write(chunk: Bytes): Promise<void>;
  close(): Promise<void>;
}

/** Named files of bytes. Stored data is untrusted: callers verify what they read. */
export interface Store {
  readonly kind: "opfs" | "cache" | "memory";
  /** False where storing a shard would take memory instead of disk. */
  readonly keepsShards: boolean;
  /** The stored bytes of every file of an area. */
  sizes(area: Area): Promise<Map<string, number>>;
  /** The stored bytes of a file, 0 where there is none. */
  size(area: Area, name: string): Promise<number>;
  /** Fills `target` from the file's start. Returns the bytes read: fewer only where the file is shorter. */
  read(area: Area, name: string, target: Bytes): Promise<number>;
  /** Opens a file to append at `from`, and cuts off what lies beyond. `from` is 0 or the result of `size`. */
  append(area: Area, name: string, from: number): Promise<Writer>;
  /** Removes a file; no error where there is none. */
  remove(area: Area, name: string): Promise<void>;
}

/** The whole of a small file, or undefined where it is missing. */
export async function getBytes(store: Store, area: Area, name: string): Promise<Bytes | undefined> {
  const size = await store.size(area, name);
  if (size === 0) return undefined;
  const bytes = new Uint8Array(size);
  return (await store.read(area, name, bytes)) === size ? bytes : undefined;
}

/** Writes a small file whole, replacing what was there. */
export async function putBytes(store: Store, area: Area, name: string, bytes: Bytes): Promise<void> {
  const writer = await store.append(area, name, 0);
  try {
    await writer.write(bytes);
  } finally {
    await writer.close();
  }
}

/** Whether a write failed because the disk, or this site's share of it, is full. */
export function isQuotaError(error: unknown): boolean {
  return error instanceof Error && error.name === "QuotaExceededError";
}

/**
 * What the work on a stream comes to. Where it fails the stream is given up: one that is left open holds its
 * file, and whoever wants that next waits in vain.
 */
export async function orLetGo(stream: FileSystemWritableFileStream, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    await stream.abort().catch(() => undefined); // it may have ended with its error
    throw error;
  }
}
