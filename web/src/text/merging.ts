/**
 * The core of byte pair encoding: join neighbouring symbols, the best pair first and the leftmost of equal
 * ones, until no pair can be joined. The caller ranks the pairs, so one loop serves both kinds of tokenizer.
 */

const STRIDE = 2 ** 32; // a priority is rank * STRIDE + position; ranks are below 2^20, so it is exact

/** Ranks and joins pairs of neighbours, which are named by the positions where the symbols began. */
export interface Joiner {
  /** The pair's rank, lower ones first; -1 where it cannot be joined. */
  rank(left: number, right: number): number;
  /** The right symbol now belongs to the left one. */
  join(left: number, right: number): void;
}

/**
 * Join symbols of the given sizes. Afterwards `sizes` holds those of the joined symbols.
 *
 * @returns for each remaining symbol the position of the next one, -1 after the last; follow it from 0.
 */
export function mergeSymbols(sizes: Int32Array, joiner: Joiner): Int32Array {
  const count = sizes.length;
  const next = Int32Array.from(sizes, (_, at) => (at + 1 < count ? at + 1 : -1));
  const previous = Int32Array.from(sizes, (_, at) => at - 1);
  const queue = new PairQueue(3 * count);
  const offer = (left: number, right: number): void => {
    if (left < 0 || right < 0) return;
    const rank = joiner.rank(left, right);
    if (rank >= 0) queue.push(rank * STRIDE + left, size(sizes, left) + size(sizes, right));
  };
  for (let at = 0; at + 1 < count; at += 1) offer(at, at + 1);
  while (queue.length > 0) {
    const left = queue.best % STRIDE;
    const wanted = queue.bestSize;
    queue.pop();
    const right = size(next, left);
    // Symbols only grow, so another size means that one of the two has changed since.
    if (size(sizes, left) === 0 || right < 0 || size(sizes, left) + size(sizes, right) !== wanted) continue;
    joiner.join(left, right);
    sizes[left] = wanted;
    sizes[right] = 0;
    const after = size(next, right);
    next[left] = after;
    if (after >= 0) previous[after] = left;
    offer(size(previous, left), left);
    offer(left, after);
  }
  return next;
}

function size(sizes: Int32Array, at: number): number {
  return sizes[at] ?? 0;
}

/** A binary heap of pairs, the lowest priority on top. */
class PairQueue {
  length = 0;
  readonly #priorities: Float64Array;
  readonly #sizes: Int32Array;

  constructor(most: number) {
    this.#priorities = new Float64Array(most);
    this.#sizes = new Int32Array(most);
  }

  get best(): number {
    return this.#priority(0);
  }

  get bestSize(): number {
    return this.#sizes[0] ?? 0;
  }

  #priority(at: number): number {
    return this.#priorities[at] ?? 0;
  }

  #put(at: number, priority: number, pairSize: number): void {
    this.#priorities[at] = priority;
    this.#sizes[at] = pairSize;
  }

  push(priority: number, pairSize: number): void {
    let at = this.length;
    this.length += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#priority(parent) <= priority) break;
      this.#put(at, this.#priority(parent), this.#sizes[parent] ?? 0);
      at = parent;
    }
    this.#put(at, priority, pairSize);
  }

  pop(): void {
    this.length -= 1;
    const [last, lastSize] = [this.#priority(this.length), this.#sizes[this.length] ?? 0];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.length) break;
      if (child + 1 < this.length && this.#priority(child + 1) < this.#priority(child)) child += 1;
      if (this.#priority(child) >= last) break;
      this.#put(at, this.#priority(child), this.#sizes[child] ?? 0);
      at = child;
    }
    this.#put(at, last, lastSize);
  }
}
