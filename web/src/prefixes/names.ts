/**
 * Names of blocks: a block of a prompt is known by its own ids and by all before them, and by the build. They
 * are those of `runtime/prefixes/names.py`, which says how they are made and where that comes from.
 */

import { sha256Hex } from "../weights/sha256.js";

/** Positions of a block. What a prompt has beyond its last whole block is computed again. */
export const BLOCK = 64;
const FIRST = new TextEncoder().encode("kernelc prefix 1\0");
const HASH_BYTES = 32;

/**
 * The names of the whole blocks that `ids` begin with, as 64 hex digits each.
 *
 * @param build - sha256 of the artifact's manifest, in hex digits too.
 */
export async function namesOf(build: string, ids: readonly number[], block = BLOCK): Promise<string[]> {
  let before = await sha256Hex(joined(FIRST, bytesOf(build), words([block])));
  const names: string[] = [];
  for (let start = 0; start + block <= ids.length; start += block) {
    before = await sha256Hex(joined(bytesOf(before), words(ids.slice(start, start + block))));
    names.push(before);
  }
  return names;
}

/** Four bytes for each number, the lowest first. */
function words(numbers: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * numbers.length));
  numbers.forEach((number, at) => view.setUint32(4 * at, number, true));
  return new Uint8Array(view.buffer);
}

/** The bytes of a sha256 in hex digits. */
export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const byte = (at: number): number => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return Uint8Array.from({ length: HASH_BYTES }, (_, at) => byte(at));
}

/** The parts, one after the other. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
