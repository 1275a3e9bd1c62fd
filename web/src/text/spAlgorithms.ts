/**
 * How a sentencepiece model cuts a normalised text: byte pair encoding, unigram or single characters.
 *
 * Source: bpe_model.cc, unigram_model.cc (EncodeOptimized) and char_model.cc of sentencepiece 0.2. Scores are
 * single precision there, and so are the sums here.
 */

import { bad } from "./fields.js";
import { mergeSymbols, type Joiner } from "./merging.js";
import { bestPath } from "./bestPath.js";
import { PieceType, type SentencePieceModel } from "./sentencePieceModel.js";
import { characterLength, type PrefixMatcher } from "./spNormalizer.js";

const MAX_RESEGMENT_DEPTH = 100; // as in sentencepiece
const UNKNOWN_PENALTY = 10;

/** A piece of the text and its id; that of the unknown piece where the vocabulary does not have it. */
export interface Cut {
  readonly text: string;
  readonly id: number;
}

/** Cuts a normalised text that is not empty. */
export type Algorithm = (text: string) => Cut[];

/** The model's algorithm, ready to run. */
export function algorithmOf(model: SentencePieceModel, defined: PrefixMatcher, where: string): Algorithm {
  if (model.algorithm === "bpe") return bpe(model, defined);
  if (model.algorithm === "unigram") return unigram(model, where);
  if (model.algorithm === "char") return characters(model, defined);
  throw bad(where, `got a sentencepiece model of kind "${model.algorithm}", wanted bpe, unigram or char`);
}

function isNormal(type: number | undefined): boolean {
  return type === PieceType.normal || type === PieceType.userDefined || type === PieceType.unused;
}

/** Ids of the pieces that a text may be cut into; the unknown piece's where `text` is none of them. */
function normalId(model: SentencePieceModel, text: string): number {
  const id = model.ids.get(text) ?? model.unknownId;
  return isNormal(model.types[id]) ? id : model.unknownId;
}

function bpe(model: SentencePieceModel, defined: PrefixMatcher): Algorithm {
  const ranks = ranksOf(model.scores);
  return (text) => {
    const { starts, sizes, frozen } = symbolsOf(text, defined);
    const halves = new Map<string, number>(); // unused pieces that were made on the way: where their right half begins
    const joiner: Joiner = {
      rank(left, right) {
        if (frozen.has(left) || frozen.has(right)) return -1;
        const start = starts[left] ?? 0;
        const middle = starts[right] ?? 0;
        const piece = text.slice(start, middle + (sizes[right] ?? 0));
        const id = normalId(model, piece);
        if (id === model.unknownId) return -1;
        if (model.types[id] === PieceType.unused) halves.set(piece, middle - start);
        return ranks[id] ?? -1;
      },
      join: () => undefined,
    };
    const next = mergeSymbols(sizes, joiner);
    const cuts: Cut[] = [];
    for (let at = 0; at >= 0; at = next[at] ?? -1) {
      const start = starts[at] ?? 0;
      resegment(model, halves, text.slice(start, start + (sizes[at] ?? 0)), cuts, 0);
    }
    return cuts;
  };
}

/** The symbols that joining begins with: user-defined pieces, which stay as they are, and characters. */
function symbolsOf(text: string, defined: PrefixMatcher): { starts: number[]; sizes: Int32Array; frozen: Set<number> } {
  const [starts, sizes, frozen]: [number[], number[], Set<number>] = [[], [], new Set()];
  for (let at = 0; at < text.length; ) {
    const whole = defined.at(text, at);
    if (whole > 0) frozen.add(starts.length);
    starts.push(at);
    sizes.push(whole || characterLength(text, at));
    at += whole || characterLength(text, at);
  }
  return { starts, sizes: Int32Array.from(sizes), frozen };
}

/** Take an unused piece apart again, as it was put together. */
function resegment(
  model: SentencePieceModel,
  halves: ReadonlyMap<string, number>,
  piece: string,
  cuts: Cut[],
  depth: number,
): void {
  const id = normalId(model, piece);
  const middle = halves.get(piece);
  const unused = model.types[id] === PieceType.unused;
  if (!unused || depth > MAX_RESEGMENT_DEPTH) cuts.push({ text: piece, id });
  else if (middle === undefined) cuts.push({ text: piece, id: model.unknownId });
  else {
    resegment(model, halves, piece.slice(0, middle), cuts, depth + 1);
    resegment(model, halves, piece.slice(middle), cuts, depth + 1);
  }
}

/** Each piece's place by score, the best being 0 and equals sharing one. Scores order as the bits of their floats. */
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
  if (!model.scores.every(Number.isFinite)) throw bad(where, "not a sentencepiece model: a score is not finite");
  const candidates = new Map<string, number>();
  for (const [piece, id] of model.ids) {
    if (isNormal(model.types[id]) && model.types[id] !== PieceType.unused) candidates.set(piece, id);
  }
  const utf8 = new TextEncoder();
  const scoreOf = (id: number): number => {
    if (model.types[id] !== PieceType.userDefined) return model.scores[id] ?? 0;
    return Math.fround(0.1 * (utf8.encode(model.pieces[id] ?? "").length - 1)); // a bonus, so that it is always taken
  };
  const lattice = {
    candidates,
    scores: Float64Array.from(model.scores, (_, id) => scoreOf(id)),
    unknownId: model.unknownId,
    unknownScore: Math.fround(lowest - UNKNOWN_PENALTY),
    round: Math.fround,
  };
  return bestPath(lattice);
}

function characters(model: SentencePieceModel, defined: PrefixMatcher): Algorithm {
  return (text) => {
    const cuts: Cut[] = [];
    for (let at = 0; at < text.length; ) {
      const length = defined.at(text, at) || characterLength(text, at);
      const piece = text.slice(at, at + length);
      const id = normalId(model, piece);
      cuts.push({ text: piece, id: model.types[id] === PieceType.unused ? model.unknownId : id });
      at += length;
    }
    return cuts;
  };
}
