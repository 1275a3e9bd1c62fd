/** Drawing a token where a grammar allows only some of them: a bit per token, 32 in a word. */

import { drawAmong, type Candidates } from "../sampling/cpuSampler.js";
import type { Sampling } from "../sampling/sampling.js";

/** The id drawn for a position among those that a mask has. */
export function drawAllowed(
  logits: Float32Array,
  sampling: Sampling,
  position: number,
  mask: Uint32Array,
): number {
  const candidates = allowedOf(logits, mask);
  // Where no allowed token has a score above -Infinity, any may be drawn.
  return candidates.ids.length ? drawAmong(candidates, sampling, position) : firstOf(mask);
}

/** The tokens that a mask has and whose scores are above -Infinity. Most words of a mask are all zeros. */
function allowedOf(logits: Float32Array, mask: Uint32Array): Candidates & { readonly ids: Int32Array } {
  const ids = new Int32Array(countOf(mask));
  let count = 0;
  for (let word = 0; word < mask.length; word += 1) {
    for (let left = mask[word] as number; left !== 0; left &= left - 1) {
      const id = 32 * word + 31 - Math.clz32(left & -left);
      if ((logits[id] as number) > -Infinity) ids[count++] = id;
    }
  }
  const values = new Float64Array(count);
  for (let at = 0; at < count; at += 1) values[at] = logits[ids[at] as number] as number;
  return { values, ids: ids.subarray(0, count) };
}

/** The number of tokens that a mask has. */
function countOf(mask: Uint32Array): number {
  let count = 0;
  for (let at = 0; at < mask.length; at += 1) {
    let word = mask[at] as number; // bits are added up in pairs, fours and bytes
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}

/** Whether a mask has a token. */
export function hasToken(mask: Uint32Array, id: number): boolean {
  return ((mask[id >>> 5] ?? 0) >>> (id & 31)) % 2 === 1;
}

function firstOf(mask: Uint32Array): number {
  const word = mask.findIndex(Boolean);
  return 32 * word + 31 - Math.clz32((mask[word] ?? 0) & -(mask[word] ?? 0));
}
