/**
 * A block as a file: see `fileFormat.ts`. One that was cut short, changed, renamed or written for another
 * layout is none.
 */

import { sha256Hex, type Bytes } from "../weights/sha256.js";
import { HASH_BYTES, HEADER_BYTES, lengthIn, MAGIC, magicOf, type BlockSizes } from "./fileFormat.js";
import { bytesOf, joined } from "./names.js";
import type { Block } from "./store.js";

/** Whether a file of so many bytes has the rows of rings; undefined where no block has this size. */
export function hasRings(bytes: number, { full, ring }: BlockSizes): boolean | undefined {
  if (bytes === HEADER_BYTES + full + ring) return true;
  return bytes === HEADER_BYTES + full ? false : undefined;
}

/** The file of a block of this name. */
export async function encoded(name: string, { full, ring }: Block): Promise<Bytes> {
  const length = lengthOf(full.length);
  const rows = ring ?? new Uint8Array(0);
  const digest = bytesOf(await sha256Hex(joined(bytesOf(name), length, full, rows)));
  return joined(new TextEncoder().encode(MAGIC), digest, length, full, rows);
}

/** The block in a file of this name; undefined where it is not exactly that, in these sizes. */
export async function decoded(name: string, data: Bytes, sizes: BlockSizes): Promise<Block | undefined> {
  const rings = hasRings(data.length, sizes);
  if (rings === undefined || magicOf(data) !== MAGIC) return undefined;
  const rest = data.subarray(MAGIC.length + HASH_BYTES); // the length, and the contents
  if (lengthIn(data) !== BigInt(sizes.full)) return undefined;
  const digest = data.subarray(MAGIC.length, MAGIC.length + HASH_BYTES);
  const wanted = bytesOf(await sha256Hex(joined(bytesOf(name), rest)));
  if (!digest.every((byte, at) => byte === wanted[at])) return undefined;
  const ring = data.slice(HEADER_BYTES + sizes.full);
  return { full: data.slice(HEADER_BYTES, HEADER_BYTES + sizes.full), ring: rings ? ring : null };
}

function lengthOf(bytes: number): Bytes {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(bytes), true);
  return new Uint8Array(view.buffer);
}
