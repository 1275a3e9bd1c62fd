/**
 * How a sentencepiece model cuts a normalised text: byte pair encoding, unigram or single characters.
 *
 * Source: bpe_model.cc, unigram_model.cc (EncodeOptimized) and char_model.cc of sentencepiece 0.2. Scores are
 * single precision there, and so are the sums here.
 */

import { bad } from "../fields.js";
import { characterLength } from "../pieces.js";
import { mergeSymbols, type Joiner } from "../merging.js";
import { bestPath, type Cut } from "../bestPath.js";
import { PieceType, SPACE_SYMBOL, type SentencePieceModel } from "./model.js";
import type { PrefixMatcher } from "./normalizer.js";
import { TextTable } from "../textTable.js";

const MAX_RESEGMENT_DEPTH = 100; // as in sentencepiece
const UNKNOWN_PENALTY = 10;
const MAX_CACHED = 10000;
const MAX_CACHED_LENGTH = 64;

/** Cuts a normalised text that is not empty. */
export type Algorithm = (text: string) => Cut[];

/** The model's algorithm, ready to run. */
export function algorithmOf(model: SentencePieceModel, defined: PrefixMatcher, where: string): Algorithm {
  if (model.algorithm === "bpe") return byWords(model, bpe(model, defined));
  if (model.algorithm === "unigram") return unigram(model, where);
  if (model.algorithm === "char") return characters(model, defined);
  throw bad(where, `got a sentencepiece model of kind "${model.algorithm}", wanted bpe, unigram or char`);
}

function isNormal(type: number | undefined): boolean {
  return type === PieceType.normal || type === PieceType.userDefined || type === PieceType.unused;
}

/** The pieces that a text may be cut into. */
function normalPieces(model: SentencePieceModel): TextTable {
  return new TextTable(
    model.pieces,
    (id) => isNormal(model.types[id]) && model.ids.get(model.pieces[id] ?? "") === id,
  );
}

/**
 * The same algorithm, applied word by word and with a cache of words, where no piece extends from one word
 * into the next. Models with unused pieces are left out: how such pieces are taken apart may depend on the
 * whole text.
 */
function byWords(model: SentencePieceModel, whole: Algorithm): Algorithm {
  const crossing = new RegExp(`[^${SPACE_SYMBOL}]${SPACE_SYMBOL}`);
  if (model.pieces.some((piece) => crossing.test(piece)) || model.types.includes(PieceType.unused))
    return whole;
  const word = new RegExp(`${SPACE_SYMBOL}*[^${SPACE_SYMBOL}]*`, "g");
  const cache = new Map<string, readonly Cut[]>();
  return (text) => {
    const cuts: Cut[] = [];
    for (const found of text.match(word) ?? []) {
      if (!found) continue; // the pattern also matches the empty end
      const known = cache.get(found) ?? whole(found);
      if (cache.size >= MAX_CACHED) cache.clear();
      if (found.length <= MAX_CACHED_LENGTH) cache.set(found, known);
      for (const cut of known) cuts.push(cut);
    }
    return cuts;
  };
}

function bpe(model: SentencePieceModel, defined: PrefixMatcher): Algorithm {
  const ranks = ranksOf(model.scores);
  const table = normalPieces(model);
  return (text) => {
    const { starts, sizes, frozen } = symbolsOf(text, defined);
    const halves = new Map<string, number>(); // unused pieces that were joined: where their right half begins
    const joiner: Joiner = {
      rank(left, right) {
        if (frozen.has(left) || frozen.has(right)) return -1;
        const start = starts[left] ?? 0;
        const middle = starts[right] ?? 0;
        const id = table.find(text, start, middle + (sizes[right] ?? 0));
        if (id < 0) return -1;
        if (model.types[id] === PieceType.unused) halves.set(model.pieces[id] ?? "", middle - start);
        return ranks[id] ?? -1;
      },
      join: () => undefined,
    };
    const next = mergeSymbols(sizes, joiner);
    const cuts: Cut[] = [];
    for (let at = 0; at >= 0; at = next[at] ?? -1) {
      const start = starts[at] ?? 0;
      resegment({ model, table, halves, cuts }, text.slice(start, start + (sizes[at] ?? 0)), 0);
    }
    return cuts;
  };
}

/** The symbols that joining starts from: user-defined pieces, which are never joined, and characters. */
function symbolsOf(
  text: string,
  defined: PrefixMatcher,
): { starts: number[]; sizes: Int32Array; frozen: Set<number> } {
  const [starts, sizes, frozen]: [number[], number[], Set<number>] = [[], [], new Set()];
  for (let at = 0; at < text.length;) {
    const whole = defined.at(text, at);
    if (whole > 0) frozen.add(starts.length);
    starts.push(at);
    sizes.push(whole || characterLength(text, at));
    at += whole || characterLength(text, at);
  }
  return { starts, sizes: Int32Array.from(sizes), frozen };
}

interface Resegmenting {
  readonly model: SentencePieceModel;
  readonly table: TextTable;
  readonly halves: ReadonlyMap<string, number>;
  readonly cuts: Cut[];
}

/** Take an unused piece apart again, in the way in which it was joined. */
function resegment(work: Resegmenting, piece: string, depth: number): void {
  const { model, table, halves, cuts } = work;
  const id = table.find(piece);
  const middle = halves.get(piece);
  if (id < 0) cuts.push({ text: piece, id: model.unknownId });
  else if (model.types[id] !== PieceType.unused || depth > MAX_RESEGMENT_DEPTH)
    cuts.push({ text: piece, id });
  else if (middle === undefined) cuts.push({ text: piece, id: model.unknownId });
  else {
    resegment(work, piece.slice(0, middle), depth + 1);
    resegment(work, piece.slice(middle), depth + 1);
  }
}

/** Each piece's rank by score, 0 for the best; equal scores share one. Floats are ordered by their bits. */
function ranksOf(scores: readonly number[]): Int32Array {
  const bits = new Int32Array(Float32Array.from(scores).buffer);
  const keys = Float64Array.from(bits, (each) => (each >= 0 ? each : -(each & 0x7fffffff) - 1));
  const sorted = keys.slice().sort().reverse();
  const places = new Map<number, number>();
  for (const key of sorted) if (!places.has(key)) places.set(key, places.size);
  return Int32Array.from(keys, (key) => places.get(key) ?? 0);
}

function unigram(model: SentencePieceModel, where: string): Algorithm {
  const normal = model.scores.filter((_, id) => model.types[id] === PieceType.normal);
  const lowest = normal.reduce((left, right) => Math.min(left, right), 3.4028234663852886e38);
  if (!model.scores.every(Number.isFinite))
    throw bad(where, "not a sentencepiece model: a score is not finite");
  const chosen = (id: number): boolean => isNormal(model.types[id]) && model.types[id] !== PieceType.unused;
  const utf8 = new TextEncoder();
  const scoreOf = (id: number): number => {
    if (model.types[id] !== PieceType.userDefined) return model.scores[id] ?? 0;
    // A bonus, so that it is always chosen.
    return Math.fround(0.1 * (utf8.encode(model.pieces[id] ?? "").length - 1));
  };
  const lattice = {
    pieces: model.pieces,
    candidates: new TextTable(model.pieces, chosen),
    scores: Float64Array.from(model.scores, (_, id) => scoreOf(id)),
    unknownId: model.unknownId,
    unknownScore: Math.fround(lowest - UNKNOWN_PENALTY),
    round: Math.fround,
  };
  return bestPath(lattice);
}

function characters(model: SentencePieceModel, defined: PrefixMatcher): Algorithm {
  const table = normalPieces(model);
  return (text) => {
    const cuts: Cut[] = [];
    for (let at = 0; at < text.length;) {
      const length = defined.at(text, at) || characterLength(text, at);
      const id = table.find(text, at, at + length);
      const known = id >= 0 && model.types[id] !== PieceType.unused;
      cuts.push({ text: text.slice(at, at + length), id: known ? id : model.unknownId });
      at += length;
    }
    return cuts;
  };
}
