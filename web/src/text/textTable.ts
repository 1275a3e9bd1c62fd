/**
 * Finds texts by their characters.
 *
 * A Map would do, but it wants a string for every stretch of a text that is looked up, and filling one with the
 * 280,000 merges of a large vocabulary takes longer than everything else about loading it.
 */

const MAX_PROBES = 4096; // far beyond what happens by chance: a file made to collide is refused

export class TextTable {
  readonly #texts: readonly string[];
  readonly #hashes: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;
  // Nobody can prepare collisions for a seed that is not known.
  readonly #seed = Math.floor(Math.random() * 2 ** 31);

  /** A table of the texts that `accept` takes by their number, of equal ones the last; throws where they collide. */
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

  /** The number of the text from `start` to `end` of another, -1 where it is none of the table's. */
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

/** FNV-1a over UTF-16 code units, from where `state` is. */
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
