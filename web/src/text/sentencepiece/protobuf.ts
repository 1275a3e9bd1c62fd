/**
 * Reads protobuf's wire format from untrusted files: every length is checked against the bytes that there
 * are.
 */

import { bad } from "../fields.js";

const DAMAGED = "not a sentencepiece model";
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One field of a message: its number, and its value in the form of its wire type. */
export interface WireField {
  readonly number: number;
  /** The value of a varint, as an unsigned number; a flag is 0 or 1. */
  readonly integer: number;
  /** The bytes of a length-delimited or 4-byte field; empty for others. */
  readonly bytes: Uint8Array;
}

/** Calls `read` with each field of a message, in the file's order. */
export function readMessage(data: Uint8Array, where: string, read: (field: WireField) => void): void {
  let at = 0;
  const fail = (what: string): Error => bad(where, `${DAMAGED}: ${what} at byte ${at}`);
  const take = (count: number): Uint8Array => {
    if (count > data.length - at) throw fail("a field that is cut off");
    at += count;
    return data.subarray(at - count, at);
  };
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 10; shift += 1) {
      const byte = take(1)[0] ?? 0;
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    throw fail("a number without end");
  };
  const none = new Uint8Array(0);
  while (at < data.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    if (number < 1) throw fail("a field without a number");
    if (key % 8 === 0) read({ number, integer: varint(), bytes: none });
    else if (key % 8 === 1) read({ number, integer: 0, bytes: take(8) });
    else if (key % 8 === 2) read({ number, integer: 0, bytes: take(varint()) });
    else if (key % 8 === 5) read({ number, integer: 0, bytes: take(4) });
    else throw fail(`a field of kind ${key % 8}`);
  }
}

/** The text in a field; throws where it is not UTF-8. */
export function textOf(field: WireField, where: string): string {
  try {
    return utf8.decode(field.bytes);
  } catch (reason) {
    throw bad(where, `${DAMAGED}: a text is not UTF-8`, undefined, reason);
  }
}

/** The float in a 4-byte field. */
export function floatOf(field: WireField, where: string): number {
  if (field.bytes.length !== 4) throw bad(where, `${DAMAGED}: a score that is no float`);
  return new DataView(field.bytes.buffer, field.bytes.byteOffset, 4).getFloat32(0, true);
}
