/** Numbers as they lie in buffers, and which of them are none: NaN, or infinite. */

/** How numbers are stored; null for whole numbers and codes, which always are numbers. */
export type Stored = "f32" | "f16" | null;

/** A view of numbers as their bits, and the bits of the exponent: all set where it is no number. */
function bitsOf(data: ArrayBuffer, stored: Stored): readonly [Uint32Array | Uint16Array, number] {
  if (stored === "f16") return [new Uint16Array(data), 0x7c00];
  return [new Uint32Array(data, 0, stored ? data.byteLength >> 2 : 0), 0x7f800000];
}

/** How many numbers there are. */
export function countOf(data: ArrayBuffer, stored: Stored): number {
  return bitsOf(data, stored)[0].length;
}

/** How many of them are none. */
export function countBad(data: ArrayBuffer, stored: Stored): number {
  const [bits, exponent] = bitsOf(data, stored);
  let count = 0;
  for (const each of bits) if ((each & exponent) === exponent) count += 1;
  return count;
}

/** Replace those that are none by zero; returns whether there was any. */
export function clear(data: ArrayBuffer, stored: Stored): boolean {
  const [bits, exponent] = bitsOf(data, stored);
  let found = false;
  bits.forEach((each, at) => {
    if ((each & exponent) !== exponent) return;
    bits[at] = 0;
    found = true;
  });
  return found;
}

/** The index of the first row of `rowBytes` that has one; -1 where all are numbers. */
export function firstBadRow(data: ArrayBuffer, stored: Stored, rowBytes: number): number {
  const [bits, exponent] = bitsOf(data, stored);
  const at = bits.findIndex((each: number) => (each & exponent) === exponent);
  return at < 0 ? -1 : Math.floor((at * bits.BYTES_PER_ELEMENT) / rowBytes);
}
