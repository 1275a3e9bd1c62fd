/**
 * What the caches of windowed layers still hold: how far a sequence may be shortened and then go on.
 *
 * Such a layer keeps a ring of rows, in which later positions replace those that no query sees any more. A
 * step that goes on after n positions computes position n - 1 again, or comes after it, so with a window of W
 * it reads the positions from n - W on. A ring of R rows holds those from end - R on, where `end` is one
 * after the last position that was written since position 0 was. Why that is so, `runtime/engine/rings.py`
 * says.
 */

import type { Ring } from "../../artifact/schema.js";

/** Follows the steps of one cache. `rings` are those of the manifest: none where every position has a row. */
export class HeldPositions {
  private readonly rings: readonly Ring[];
  private end = 0;

  constructor(rings: readonly Ring[]) {
    this.rings = rings;
  }

  /** By how many positions a sequence may be shortened wherever it ends. */
  get spare(): number {
    return Math.min(...this.rings.map(({ window, rows }) => rows - window)); // of no rings Infinity
  }

  /** Note a step of `seq` rows at position `past`. */
  written(past: number, seq: number): void {
    this.end = Math.max(past ? this.end : 0, past + seq);
  }

  /** What a step that follows would change, to be given back to `restore` where that step never begins. */
  get mark(): number {
    return this.end;
  }

  /** Forget the steps that were noted since `mark` was read. */
  restore(mark: number): void {
    this.end = mark;
  }

  /** The position from which on all rings hold all that was written. */
  get oldest(): number {
    return Math.max(0, ...this.rings.map(({ rows }) => this.end - rows));
  }

  /**
   * Note that the cache was filled with `length` positions, rings with those from `oldest` on that they have
   * rows for: that is what they hold after the longest of them replaced what lies before.
   */
  filled(length: number, oldest: number): void {
    const longest = Math.max(0, ...this.rings.map(({ rows }) => rows));
    this.end = Math.max(length, oldest ? oldest + longest : 0);
  }

  /** Whether the sequence may go on after its first `length` positions. */
  enoughFor(length: number): boolean {
    const { end } = this;
    return (
      length === 0 || this.rings.every(({ window, rows }) => end <= rows || length - window >= end - rows)
    );
  }
}
