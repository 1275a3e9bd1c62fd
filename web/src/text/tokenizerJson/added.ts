/**
 * How a tokenizer.json finds added tokens in a text. Source: AddedVocabulary of the package tokenizers 0.23.
 */

import { anyOf, SPACE_AT_START, withoutSpaces } from "../addedTokens.js";
import type { Normalizer } from "./normalizer.js";
import type { AddedToken } from "../specialTokens.js";

// What Rust's regex means by \w.
const WORD_AT_END = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const WORD_AT_START = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/** A stretch of text, or the id of an added token found in it. */
export type Part = string | number;

/** Finds added tokens of one kind (those searched before normalising, or those searched after) in a text. */
class Finder {
  readonly #tokens = new Map<string, readonly [number, AddedToken]>();
  readonly #pattern: RegExp;
  #markup: ReadonlyMap<string, number> = new Map();

  constructor(tokens: Iterable<readonly [string, readonly [number, AddedToken]]>) {
    for (const [content, token] of tokens) this.#tokens.set(content, token);
    this.#pattern = anyOf(this.#tokens.keys());
  }

  /** Read these, too, only with `parseSpecial`. */
  protect(markup: ReadonlyMap<string, number>): void {
    this.#markup = markup;
  }

  /** The text's parts in order; without `parseSpecial` markup stays text. */
  split(text: string, parseSpecial: boolean): Part[] {
    const parts: Part[] = [];
    let begin = 0;
    for (const match of text.matchAll(this.#pattern)) {
      const found = this.#tokens.get(match[0]);
      if (!found) continue;
      const [id, token] = found;
      let [start, end] = [match.index, match.index + match[0].length];
      if ((token.special || this.#markup.has(token.content)) && !parseSpecial) continue;
      if (token.singleWord && insideWord(text, start, end)) continue;
      if (token.stripLeft) start = Math.max(withoutSpaces(text, start), begin);
      if (token.stripRight) end += SPACE_AT_START.exec(text.slice(end))?.[0].length ?? 0;
      if (begin < start) parts.push(text.slice(begin, start));
      parts.push(id);
      begin = end;
    }
    if (begin < text.length) parts.push(text.slice(begin));
    return parts;
  }
}

function insideWord(text: string, start: number, end: number): boolean {
  return (
    WORD_AT_END.test(text.slice(Math.max(start - 2, 0), start)) ||
    WORD_AT_START.test(text.slice(end, end + 2))
  );
}

/** Splits a text into normalised stretches and added tokens. */
export class AddedVocabulary {
  readonly #asWritten: Finder;
  readonly #asNormalized: Finder;
  readonly #normalize: Normalizer;

  constructor(tokens: ReadonlyMap<number, AddedToken>, normalize: Normalizer) {
    const written = [...tokens].filter(([, token]) => !token.normalized);
    const normalized = [...tokens].filter(([, token]) => token.normalized);
    this.#normalize = normalize;
    this.#asWritten = new Finder(written.map((token) => [token[1].content, token]));
    this.#asNormalized = new Finder(normalized.map((token) => [normalize(token[1].content), token]));
  }

  /** Treat these tokens as special ones. */
  protect(markup: ReadonlyMap<string, number>): void {
    this.#asWritten.protect(markup);
    this.#asNormalized.protect(markup);
  }

  /**
   * Calls `text` with each stretch (and whether it begins the whole) and `token` with each added token's id.
   */
  split(
    whole: string,
    parseSpecial: boolean,
    text: (stretch: string, atStart: boolean) => void,
    token: (id: number) => void,
  ): void {
    this.#asWritten.split(whole, parseSpecial).forEach((part, at) => {
      if (typeof part === "number") return token(part);
      this.#asNormalized.split(this.#normalize(part), parseSpecial).forEach((inner, innerAt) => {
        if (typeof inner === "number") token(inner);
        else text(inner, at === 0 && innerAt === 0);
      });
    });
  }
}
