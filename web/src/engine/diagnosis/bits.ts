/** Numbers as they lie in buffers, and which of them are none: NaN, or infinite. */

/**
 * How numbers are stored: "coded" for words that may be coded rows, whose scales are always the same NaN
 * where they are no numbers; null for codes, which always are numbers.
 */
export type Stored = "f32" | "f16" | "coded" | null;

/** A view of numbers as their bits, and whether such bits are no number. */
function bitsOf(
  data: ArrayBuffer,
  stored: Stored,
): readonly [Uint32Array | Uint16Array, (bits: number) => boolean] {
  if (stored === "f16") return [new Uint16Array(data), (bits) => (bits & 0x7c00) === 0x7c00];
  const words = new Uint32Array(data, 0, stored ? data.byteLength >> 2 : 0);
  if (stored === "coded") return [words, (bits) => bits === CODED_NAN];
  return [words, (bits) => (bits & 0x7f800000) === 0x7f800000];
}

const CODED_NAN = 0x7fc00000;

/** How many numbers there are. */
export function countOf(data: ArrayBuffer, stored: Stored): number {
  return bitsOf(data, stored)[0].length;
}

/** How many of them are none. */
export function countBad(data: ArrayBuffer, stored: Stored): number {
  const [bits, isNone] = bitsOf(data, stored);
  let count = 0;
  for (const each of bits) if (isNone(each)) count += 1;
  return count;
}

/** Replace those that are none by zero; returns whether there was any. */
export function clear(data: ArrayBuffer, stored: Stored): boolean {
  const [bits, isNone] = bitsOf(data, stored);
  let found = false;
  bits.forEach((each, at) => {
    if (!isNone(each)) return;
    bits[at] = 0;
    found = true;
  });
  return found;
}

/** The index of the first row of `rowBytes` that has one; -1 where all are numbers. */
export function firstBadRow(data: ArrayBuffer, stored: Stored, rowBytes: number): number {
  const [bits, isNone] = bitsOf(data, stored);
  const at = bits.findIndex(isNone);
  return at < 0 ? -1 : Math.floor((at * bits.BYTES_PER_ELEMENT) / rowBytes);
}
