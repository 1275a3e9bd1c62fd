/**
 * A hash table of texts, which can be looked up by a range of another text.
 *
 * A Map would need a new string for every lookup, and filling one with the 280,000 merges of a large
 * vocabulary takes longer than the rest of loading the tokenizer.
 */

const MAX_PROBES = 4096; // never reached by chance: a file that was made to collide is refused

export class TextTable {
  readonly #texts: readonly string[];
  readonly #hashes: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;
  // Collisions cannot be prepared for an unknown seed.
  readonly #seed = Math.floor(Math.random() * 2 ** 31);

  /**
   * A table of the texts whose number `accept` takes; of equal texts, the last. Throws where too many
   * collide.
   */
  constructor(texts: readonly string[], accept: (number: number) => boolean = () => true) {
    this.#texts = texts;
    this.#hashes = new Int32Array(texts.length);
    this.#mask = 2 ** Math.ceil(Math.log2(2 * texts.length + 2)) - 1;
    this.#slots = new Int32Array(this.#mask + 1).fill(-1);
    for (let number = 0; number < texts.length; number += 1) if (accept(number)) this.#insert(number);
  }

  #insert(number: number): void {
    const text = this.#texts[number] ?? "";
    const hash = finished(continued(this.#seed, text, 0, text.length));
    this.#hashes[number] = hash;
    for (let at = hash & this.#mask, probes = 0; ; at = (at + 1) & this.#mask, probes += 1) {
      if (probes > MAX_PROBES) throw new Error("too many of its texts collide");
      const other = this.#slots[at] ?? -1;
      if (other >= 0 && (this.#hashes[other] !== hash || this.#texts[other] !== text)) continue;
      this.#slots[at] = number;
      return;
    }
  }

  /** The number of the text that equals `text` from `start` to `end`; -1 where there is none. */
  find(text: string, start = 0, end = text.length): number {
    const hash = finished(continued(this.#seed, text, start, end));
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const number = this.#slots[at] ?? -1;
      if (number < 0) return -1;
      if (this.#hashes[number] !== hash) continue;
      const found = this.#texts[number] ?? "";
      if (found.length === end - start && text.startsWith(found, start)) return number;
    }
  }

  /** The number of `left`, `between` and `right` one after the other. */
  findJoined(left: string, between: string, right: string): number {
    let state = continued(this.#seed, left, 0, left.length);
    state = continued(state, between, 0, between.length);
    const hash = finished(continued(state, right, 0, right.length));
    const length = left.length + between.length + right.length;
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const number = this.#slots[at] ?? -1;
      if (number < 0) return -1;
      if (this.#hashes[number] !== hash) continue;
      const found = this.#texts[number] ?? "";
      if (found.length === length && found.startsWith(left) && found.endsWith(right)) {
        if (found.startsWith(between, left.length)) return number;
      }
    }
  }
}

/** FNV-1a over UTF-16 code units, continued from `state`. */
function continued(state: number, text: string, start: number, end: number): number {
  let hash = state;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** Spread the hash over all bits. Source: the finaliser of MurmurHash3. */
function finished(state: number): number {
  let hash = state;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
