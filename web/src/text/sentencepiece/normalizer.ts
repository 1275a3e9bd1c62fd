/**
 * How sentencepiece normalises a text before cutting it. Source: Normalizer::Normalize of sentencepiece 0.2.
 */

import { anyOf } from "../addedTokens.js";
import { characterLength } from "../pieces.js";
import { CharsMap } from "./charsMap.js";
import { PieceType, SPACE_SYMBOL, type NormalizerSpec, type SentencePieceModel } from "./model.js";

/** Finds the longest user-defined piece at a place in a text. Such pieces are never changed or cut. */
export class PrefixMatcher {
  readonly #pattern: RegExp | null;

  constructor(model: SentencePieceModel) {
    const defined = model.pieces.filter((_, id) => model.types[id] === PieceType.userDefined);
    this.#pattern = defined.length > 0 ? new RegExp(anyOf(defined).source, "uy") : null;
  }

  /** The code units of the piece that starts at `at`, 0 where none does. */
  at(text: string, at: number): number {
    if (this.#pattern === null) return 0;
    this.#pattern.lastIndex = at;
    return this.#pattern.exec(text)?.[0].length ?? 0;
  }
}

export class SentencePieceNormalizer {
  readonly #spec: NormalizerSpec;
  readonly #defined: PrefixMatcher;
  readonly #charsMap: CharsMap | null;
  readonly #space: string;

  constructor(spec: NormalizerSpec, defined: PrefixMatcher, where: string) {
    this.#spec = spec;
    this.#defined = defined;
    this.#charsMap = spec.charsmap.length > 0 ? new CharsMap(spec.charsmap, where) : null;
    this.#space = spec.escapeWhitespaces ? SPACE_SYMBOL : " ";
  }

  /** The normalised text. With `dummyPrefix` false, the model's leading space is not added. */
  normalize(text: string, dummyPrefix: boolean): string {
    const { removeExtraWhitespaces: collapse, treatWhitespaceAsSuffix: suffix } = this.#spec;
    let at = collapse ? this.#afterSpaces(text) : 0;
    if (at === text.length) return "";
    const dummy = this.#spec.addDummyPrefix && dummyPrefix ? this.#space : "";
    let [normal, afterSpace] = [suffix ? "" : dummy, collapse];
    while (at < text.length) {
      const [found, length] = this.#step(text, at);
      const kept = afterSpace && found.startsWith(" ") ? found.replace(/^ +/, "") : found;
      normal += kept.includes(" ") ? kept.replaceAll(" ", this.#space) : kept;
      if (kept) afterSpace = collapse && kept.endsWith(" ");
      at += length;
    }
    while (collapse && normal.endsWith(this.#space)) normal = normal.slice(0, -this.#space.length);
    return suffix ? normal + dummy : normal;
  }

  #afterSpaces(text: string): number {
    let at = 0;
    while (at < text.length) {
      const [found, length] = this.#step(text, at);
      if (found !== " ") break;
      at += length;
    }
    return at;
  }

  /** What the text at `at` becomes, and how many code units that replaces. */
  #step(text: string, at: number): [string, number] {
    const defined = this.#defined.at(text, at);
    if (defined > 0) return [text.slice(at, at + defined), defined];
    const rule = this.#charsMap?.longest(text, at);
    if (rule) return [rule.text, rule.length];
    const length = characterLength(text, at);
    return [text.slice(at, at + length), length];
  }
}
