/**
 * What a block's file begins with, `runtime/prefixes/file_format.py`: eight bytes that say what it is, the
 * sha256 of name, number of bytes of full rows and contents, and that number.
 */

import { positionBytes, type CacheLayout } from "./layout.js";
import { BLOCK } from "./names.js";

export const MAGIC = "kprefix1";
export const HASH_BYTES = 32;
export const HEADER_BYTES = MAGIC.length + HASH_BYTES + 8;

/** Bytes of a block's rows: in caches with a row for each position, and in rings. */
export interface BlockSizes {
  readonly full: number;
  readonly ring: number;
}

/** The sizes of blocks of `block` positions. */
export function sizesOf({ full, rings }: CacheLayout, block = BLOCK): BlockSizes {
  return { full: block * positionBytes(full), ring: block * positionBytes(rings) };
}

/** What the file says it is. */
export function magicOf(data: Uint8Array): string {
  return new TextDecoder().decode(data.subarray(0, MAGIC.length));
}

/** The number of bytes of full rows that the file tells. */
export function lengthIn(data: Uint8Array): bigint {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return view.getBigUint64(MAGIC.length + HASH_BYTES, true);
}
