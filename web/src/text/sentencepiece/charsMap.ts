/**
 * sentencepiece's precompiled character map: what a normaliser such as NFKC makes of each beginning of a
 * text.
 *
 * The map is a trie over UTF-8 bytes, stored as a Darts double array, whose leaves point into a block of
 * texts that end with a zero byte. Source: normalizer.cc of sentencepiece 0.2 and darts.h of Darts-clone
 * 0.32.
 */

import { bad } from "../fields.js";

const MAX_MATCHES = 32; // as many rules as sentencepiece looks at in one place

/** A rule that matched: how many code units it replaces, and with what. */
export interface Replacement {
  readonly length: number;
  readonly text: string;
}

export class CharsMap {
  readonly #units: Uint32Array;
  readonly #texts: Uint8Array;
  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

  /** Throws KernelcError("bad-artifact") where `data` is no such map. */
  constructor(data: Uint8Array, where: string) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const bytes = data.length > 4 ? view.getUint32(0, true) : 0;
    if (bytes < 1024 || bytes % 1024 !== 0 || bytes >= data.length - 4 || data.at(-1) !== 0) {
      throw bad(where, "not a sentencepiece model: its character map is damaged");
    }
    this.#units = new Uint32Array(bytes / 4);
    for (let at = 0; at < this.#units.length; at += 1) this.#units[at] = view.getUint32(4 + 4 * at, true);
    this.#texts = data.subarray(4 + bytes);
  }

  /** The longest rule for the text from `at` on; null where there is none. */
  longest(text: string, at: number): Replacement | null {
    let [node, matches, value, length] = [offset(this.#unit(0)), 0, -1, 0];
    for (let end = at; end < text.length && matches < MAX_MATCHES;) {
      const char = text.codePointAt(end) ?? 0;
      end += char > 0xffff ? 2 : 1;
      node = this.#through(node, char);
      if (node < 0) break;
      const found = this.#value;
      if (found < 0) continue;
      [matches, value, length] = [matches + 1, found, end - at];
    }
    return value < 0 || value >= this.#texts.length ? null : { length, text: this.#textAt(value) };
  }

  /** The value of the node that `#through` has reached; -1 for none. */
  #value = -1;

  /** The node that the bytes of one character lead to; -1 where the trie has none. */
  #through(from: number, char: number): number {
    let node = from;
    for (const byte of utf8Bytes(char)) {
      const position = node ^ byte;
      const unit = this.#unit(position);
      if ((unit & 0x800000ff) >>> 0 !== byte) return -1;
      node = position ^ offset(unit);
      this.#value = unit & 0x100 ? this.#unit(node) & 0x7fffffff : -1;
    }
    return node;
  }

  #unit(position: number): number {
    return this.#units[position >>> 0] ?? 0;
  }

  #textAt(start: number): string {
    return this.#utf8.decode(this.#texts.subarray(start, this.#texts.indexOf(0, start)));
  }
}

function offset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function utf8Bytes(char: number): number[] {
  const tail = (shift: number): number => 0x80 | ((char >> shift) & 0x3f);
  if (char < 0x80) return [char];
  if (char < 0x800) return [0xc0 | (char >> 6), tail(0)];
  if (char < 0x10000) return [0xe0 | (char >> 12), tail(6), tail(0)];
  return [0xf0 | (char >> 18), tail(12), tail(6), tail(0)];
}
