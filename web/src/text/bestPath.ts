/**
 * Unigram tokenization: of all ways to cut a text into pieces, the one with the highest sum of scores
 * (Viterbi).
 *
 * Source: Model::EncodeOptimized in unigram_model.cc of sentencepiece 0.2, which the package tokenizers
 * repeats in double precision.
 */

import { characterLength } from "./pieces.js";
import type { TextTable } from "./textTable.js";

const RESET_THRESHOLD = 100000; // sentencepiece keeps sums near zero, where single precision is fine

/** A piece of the text and its id, which is that of the unknown piece where the vocabulary lacks it. */
export interface Cut {
  readonly text: string;
  readonly id: number;
}

export interface Lattice {
  /** All pieces, by id. */
  readonly pieces: readonly string[];
  /** The pieces that may be chosen. */
  readonly candidates: TextTable;
  readonly scores: Float64Array;
  readonly unknownId: number;
  /** The score of a character that is not a piece. */
  readonly unknownScore: number;
  /** Rounds each sum: Math.fround where sums are in single precision. */
  readonly round: (sum: number) => number;
}

/** A function that cuts a text into the pieces of the lattice. */
export function bestPath(lattice: Lattice): (text: string) => Cut[] {
  const longest = longestByFirst(lattice.pieces);
  return (text) => {
    const best = new Float64Array(text.length + 1);
    const from = new Int32Array(text.length + 1).fill(-1);
    const ids = new Int32Array(text.length + 1);
    const offer = (start: number, end: number, id: number, score: number): void => {
      const sum = lattice.round(score + (best[start] ?? 0));
      if ((from[end] ?? -1) >= 0 && sum <= (best[end] ?? 0)) return;
      best[end] = sum;
      from[end] = start;
      ids[end] = id;
    };
    for (let start = 0; start < text.length;) {
      if (lattice.round === Math.fround) recenter(best, from, start);
      const first = characterLength(text, start);
      const most = longest.get(text.codePointAt(start) ?? 0) ?? 0;
      let alone = false;
      for (let end = start + first; end <= text.length && end - start <= most; end += 1) {
        const id = lattice.candidates.find(text, start, end);
        if (id < 0) continue;
        offer(start, end, id, lattice.scores[id] ?? 0);
        alone ||= end === start + first;
      }
      if (!alone) offer(start, start + first, lattice.unknownId, lattice.unknownScore);
      start += first;
    }
    return walkBack(text, from, ids);
  };
}

/** For each first character, the length in code units of the longest piece that begins with it. */
function longestByFirst(pieces: Iterable<string>): Map<number, number> {
  const longest = new Map<number, number>();
  for (const piece of pieces) {
    const first = piece.codePointAt(0) ?? 0;
    longest.set(first, Math.max(piece.length, longest.get(first) ?? 0));
  }
  return longest;
}

function recenter(best: Float64Array, from: Int32Array, start: number): void {
  const offset = best[start] ?? 0;
  if (Math.abs(offset) <= RESET_THRESHOLD) return;
  for (let at = start; at < best.length; at += 1) {
    if (at === start || (from[at] ?? -1) >= 0) best[at] = Math.fround((best[at] ?? 0) - offset);
  }
}

function walkBack(text: string, from: Int32Array, ids: Int32Array): Cut[] {
  const cuts: Cut[] = [];
  for (let end = text.length; end > 0;) {
    const start = from[end] ?? 0;
    cuts.push({ text: text.slice(start, end), id: ids[end] ?? 0 });
    end = start;
  }
  return cuts.reverse();
}
