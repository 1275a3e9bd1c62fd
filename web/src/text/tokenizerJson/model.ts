/**
 * The "model" of a tokenizer.json: byte pair encoding by a list of merges, or unigram.
 *
 * Source: models/bpe and models/unigram of the package tokenizers 0.23. The library @huggingface/tokenizers
 * is not used for this part: on a text that is one word (Llama 2) its merging takes longer than the page may,
 * its table of 280,000 merges takes most of the loading time, and it joins unknown characters across words.
 */

import { bestPath } from "../bestPath.js";
import { bad, show, type Fields } from "../fields.js";
import { UNSUPPORTED } from "./pattern.js";
import { mergeSymbols } from "../merging.js";
import { bytePiece } from "../pieces.js";
import { MAX_VOCABULARY } from "../specialTokens.js";
import { TextTable } from "../textTable.js";

const MAX_MERGES = 2 ** 20;
const MAX_CACHED = 10000;
const MAX_CACHED_LENGTH = 64;

/** A vocabulary that cuts words into ids. */
export interface JsonModel {
  /** The tokens by id, "" where an id has none. */
  readonly tokens: readonly string[];
  /** The id of a token, -1 where there is none. */
  idOf(token: string): number;
  /** The token for characters that the vocabulary cannot represent. */
  readonly unknownToken: string | null;
  /** Append the ids of a word that is not empty. */
  encode(word: string, ids: number[]): void;
}

/** The model of a tokenizer.json; throws KernelcError("bad-artifact") where damaged or of another kind. */
export function readJsonModel(tokenizer: Fields): JsonModel {
  const model = tokenizer.child("model");
  const type = model?.text("type", "BPE");
  if (model && type === "BPE") return readBpe(model);
  if (model && type === "Unigram") return readUnigram(model);
  throw tokenizer.fail("model", `got ${show(type)}, wanted BPE or Unigram`, UNSUPPORTED);
}

interface Bpe {
  /** Tokens by id. */
  readonly vocabulary: TextTable;
  /** The pairs that may be joined by rank: both tokens with `separator` between. */
  readonly merges: TextTable;
  readonly separator: string;
  readonly unknownToken: string | null;
  readonly fuseUnknown: boolean;
  /** For each byte its token, "" where the vocabulary lacks it; empty without byte fallback. */
  readonly byteTokens: readonly string[];
}

function readBpe(model: Fields): JsonModel {
  for (const key of ["continuing_subword_prefix", "end_of_word_suffix"]) {
    if (model.text(key, "")) throw model.fail(key, `got ${show(model.data.get(key))}`, UNSUPPORTED);
  }
  const tokens = readVocabulary(model);
  const vocabulary = new TextTable(tokens, (id) => tokens[id] !== "");
  const has = (token: string): boolean => vocabulary.find(token) >= 0;
  const unknownToken = model.text("unk_token", "") || null;
  if (unknownToken !== null && !has(unknownToken)) {
    throw model.fail("unk_token", `got ${show(unknownToken)}, which the vocabulary does not have`);
  }
  const fallback = model.flag("byte_fallback", false);
  const byteTokens = Array.from({ length: fallback ? 256 : 0 }, (_, byte) => bytePiece(byte));
  const bpe = {
    vocabulary,
    ...readMerges(model),
    unknownToken,
    fuseUnknown: model.flag("fuse_unk", false),
    byteTokens: byteTokens.map((token) => (has(token) ? token : "")),
  };
  const encode = bpeEncoder(bpe, model.flag("ignore_merges", false));
  return { tokens, idOf: (token) => vocabulary.find(token), unknownToken, encode };
}

/** The tokens by id, "" where there is none. */
function readVocabulary(model: Fields): readonly string[] {
  const vocab = model.data.get("vocab");
  if (typeof vocab !== "object" || vocab === null)
    throw model.fail("vocab", `got ${show(vocab)}, wanted an object`);
  const tokens: string[] = [];
  // A plain loop over the object itself: a list of all entries would take longer than reading the file.
  for (const token in vocab) {
    const id = (vocab as Readonly<Record<string, unknown>>)[token];
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= MAX_VOCABULARY) {
      throw model.fail("vocab", `got ${show(id)} for ${show(token)}, wanted an id below ${MAX_VOCABULARY}`);
    }
    if (tokens[id]) throw model.fail("vocab", `${show(tokens[id])} and ${show(token)} both have id ${id}`);
    while (tokens.length < id) tokens.push("");
    tokens[id] = token;
  }
  if (tokens.length === 0) throw model.fail("vocab", "got 0 tokens, wanted one or more");
  return tokens;
}

/** The merges: "a b" in older files, ["a", "b"] in newer ones, whose tokens may contain spaces. */
function readMerges(model: Fields): Pick<Bpe, "merges" | "separator"> {
  const listed = model.list("merges", MAX_MERGES);
  const separator = Array.isArray(listed[0]) ? "\0" : " ";
  const merges = listed.map((merge: unknown, rank) => {
    const pair: unknown = Array.isArray(merge) && merge.length === 2 ? merge.join("\0") : merge;
    if (typeof pair === "string" && pair.indexOf(separator) > 0) return pair;
    throw model.fail("merges", `got ${show(merge)} as number ${rank}, wanted two tokens`);
  });
  return { merges: new TextTable(merges), separator };
}

function bpeEncoder(bpe: Bpe, ignoreMerges: boolean): JsonModel["encode"] {
  const cache = new Map<string, readonly number[]>();
  return (word, ids) => {
    const whole = ignoreMerges ? bpe.vocabulary.find(word) : -1;
    const known = whole < 0 ? cache.get(word) : [whole];
    const found = known ?? mergedIds(bpe, word);
    if (known === undefined && word.length <= MAX_CACHED_LENGTH) {
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(word, found);
    }
    for (const id of found) ids.push(id);
  };
}

function mergedIds(bpe: Bpe, word: string): readonly number[] {
  const tokens = symbolsOf(bpe, word);
  if (tokens.length === 0) return [];
  const next = mergeSymbols(
    Int32Array.from(tokens, (token) => token.length),
    {
      rank: (left, right) => bpe.merges.findJoined(tokens[left] ?? "", bpe.separator, tokens[right] ?? ""),
      join: (left, right) => {
        tokens[left] = (tokens[left] ?? "") + (tokens[right] ?? "");
      },
    },
  );
  const found: number[] = [];
  for (let at = 0; at >= 0; at = next[at] ?? -1) {
    const id = bpe.vocabulary.find(tokens[at] ?? "");
    if (id < 0)
      throw bad("tokenizer.json: model: merges", `they make ${show(tokens[at])}, which is no token`);
    found.push(id);
  }
  return found;
}

/** The tokens that joining starts from: characters, else their bytes, else the unknown token. */
function symbolsOf(bpe: Bpe, word: string): string[] {
  const tokens: string[] = [];
  let unknown: string | null = null;
  const flush = (): void => {
    if (unknown !== null) tokens.push(unknown);
    unknown = null;
  };
  for (const char of word) {
    const known = bpe.vocabulary.find(char) >= 0;
    const bytes = known ? null : bytesOf(bpe, char);
    if (known) {
      flush();
      tokens.push(char);
    } else if (bytes) tokens.push(...bytes);
    else if (bpe.unknownToken !== null) {
      if (!bpe.fuseUnknown) flush();
      unknown = bpe.unknownToken;
    }
  }
  flush();
  return tokens;
}

const utf8 = new TextEncoder();

/** The tokens of a character's bytes; null where the vocabulary lacks any of them. */
function bytesOf(bpe: Bpe, char: string): string[] | null {
  if (bpe.byteTokens.length === 0) return null;
  const tokens = [...utf8.encode(char)].map((byte) => bpe.byteTokens[byte] ?? "");
  return tokens.includes("") ? null : tokens;
}

function readUnigram(model: Fields): JsonModel {
  const entries = model.list("vocab", MAX_VOCABULARY).map((entry) => readEntry(model, entry));
  if (entries.length === 0) throw model.fail("vocab", "got 0 tokens, wanted one or more");
  const unknownId = model.has("unk_id") ? model.integer("unk_id", 0, entries.length - 1) : -1;
  const tokens = entries.map(([token]) => token);
  const vocabulary = new TextTable(tokens);
  const lowest = entries.reduce((least, [, score]) => Math.min(least, score), Infinity);
  const cut = bestPath({
    candidates: vocabulary,
    pieces: tokens,
    scores: Float64Array.from(entries, ([, score]) => score),
    unknownId,
    unknownScore: lowest - 10,
    round: (sum) => sum,
  });
  const fallback = model.flag("byte_fallback", false);
  const byteIds = Array.from({ length: fallback ? 256 : 0 }, (_, byte) => vocabulary.find(bytePiece(byte)));
  const bytesFor = (text: string): number[] | null => {
    const found = fallback ? Array.from(utf8.encode(text), (byte) => byteIds[byte] ?? -1) : [-1];
    return found.includes(-1) ? null : found;
  };
  const encode = (word: string, out: number[]): void => {
    let unknown = "";
    const flush = (): void => {
      if (unknown) out.push(...(bytesFor(unknown) ?? [knownUnknown(model, unknownId)]));
      unknown = "";
    };
    for (const { text, id } of cut(word)) {
      if (id === unknownId) unknown += text;
      else {
        flush();
        out.push(id);
      }
    }
    flush();
  };
  return { tokens, idOf: (token) => vocabulary.find(token), unknownToken: null, encode };
}

function readEntry(model: Fields, entry: unknown): readonly [string, number] {
  const [token, score]: unknown[] = Array.isArray(entry) ? entry : [];
  if (typeof token === "string" && typeof score === "number" && Number.isFinite(score)) return [token, score];
  throw model.fail("vocab", `got ${show(entry)}, wanted a token and its score`);
}

function knownUnknown(model: Fields, unknownId: number): number {
  if (unknownId >= 0) return unknownId;
  throw model.fail("unk_id", "the text has a character that the vocabulary cannot write");
}
