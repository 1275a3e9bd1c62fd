/**
 * Tokenizers out of a sentencepiece model (tokenizer.model), with the same ids as the reference
 * implementation.
 *
 * That implementation's ports to WebAssembly need 'wasm-unsafe-eval' and take 0.27 to 1.7 MB, more than page
 * and runtime together. What encoding needs of it fits into the few hundred lines of this folder.
 */

import { AddedTokenSplitter, clean } from "../addedTokens.js";
import { decode, NOTHING, streamDecoder, textPiece } from "../detokenize.js";
import { bad } from "../fields.js";
import { bytePiece } from "../pieces.js";
import { byteOf, PieceType, readModel, SPACE_SYMBOL, type SentencePieceModel } from "./model.js";
import { algorithmOf, type Algorithm } from "./algorithms.js";
import { PrefixMatcher, SentencePieceNormalizer } from "./normalizer.js";
import { MAX_VOCABULARY, plainToken, type AddedToken, type TokenizerSettings } from "../specialTokens.js";
import type { Coder, DecodeOptions, EncodeOptions, LeadingSpace, Piece, StreamDecoder } from "../types.js";

const OTHER_MODEL =
  "tokenizer_config.json and tokenizer.model are of different models: build the artifact again";

export class SentencePieceCoder implements Coder {
  readonly kind = "sentencepiece";
  readonly vocabSize: number;
  readonly bosId: number | null;
  readonly eosId: number | null;
  readonly promptPrefix: readonly number[];
  readonly specialIds: ReadonlyMap<string, number>;
  readonly addedIds: ReadonlyMap<string, number>;
  readonly markup: Map<string, number>;
  readonly templateTokens: ReadonlyMap<string, unknown>;
  readonly leadingSpace: LeadingSpace;
  readonly #model: SentencePieceModel;
  readonly #normalizer: SentencePieceNormalizer;
  readonly #cut: Algorithm;
  readonly #bytes: readonly number[];
  readonly #added: ReadonlyMap<number, AddedToken>;
  readonly #parseSpecial: AddedTokenSplitter;
  #parsePlain: AddedTokenSplitter;
  // Whether a text, and what follows a special token, is given the model's leading space.
  readonly #spaceAtStart: boolean;
  readonly #spaceAfterSpecial: boolean;

  /**
   * Added tokens from id `rows` on are left out: the model has no row for them.
   *
   * Throws KernelcError("bad-artifact") where the model is damaged or at odds with the settings.
   */
  constructor(data: Uint8Array, settings: TokenizerSettings, where: string, rows = MAX_VOCABULARY) {
    const model = readModel(data, where);
    const defined = new PrefixMatcher(model);
    this.#model = model;
    this.#normalizer = new SentencePieceNormalizer(model.normalizer, defined, where);
    this.#cut = algorithmOf(model, defined, where);
    this.#bytes = Array.from({ length: 256 }, (_, byte) => model.ids.get(bytePiece(byte)) ?? model.unknownId);
    this.#added = new Map([...settings.addedTokens].filter(([id]) => id < rows));
    const leftOut = new Set(
      [...settings.addedTokens].filter(([id]) => id >= rows).map(([, { content }]) => content),
    );
    const tokens = new Map([...ownSpecials(model), ...this.#added]);
    this.#parseSpecial = new AddedTokenSplitter(tokens);
    const idsOf = (special: boolean): Map<string, number> =>
      new Map(
        [...tokens]
          .filter(([, token]) => token.special === special)
          .map(([id, { content }]) => [content, id]),
      );
    this.specialIds = idsOf(true);
    this.addedIds = idsOf(false);
    this.markup = idsOf(true);
    this.templateTokens = settings.templateTokens;
    this.#parsePlain = this.#plainSplitter();
    const lastAdded = [...this.#added.keys()].at(-1) ?? -1; // they come by id
    this.vocabSize = Math.max(model.pieces.length - 1, lastAdded) + 1;
    this.#spaceAtStart = settings.addPrefixSpace;
    this.#spaceAfterSpecial = settings.legacy && settings.addPrefixSpace;
    this.leadingSpace = leadingSpaceOf(model, settings.addPrefixSpace);
    const find = (token: string | null, own: string, key: string): number | null =>
      token !== null && leftOut.has(token) ? null : this.#find(token, own, `${where}: ${key}`);
    this.bosId = find(settings.bosToken, model.bosPiece, "bos_token");
    this.eosId = find(settings.eosToken, model.eosPiece, "eos_token");
    this.promptPrefix = this.bosId !== null && settings.addBosToken !== false ? [this.bosId] : [];
  }

  protect(contents: Iterable<string>): void {
    for (const content of contents) {
      const id = this.addedIds.get(content);
      if (id !== undefined) this.markup.set(content, id);
    }
    this.#parsePlain = this.#plainSplitter();
  }

  #plainSplitter(): AddedTokenSplitter {
    return new AddedTokenSplitter([...this.#added].filter(([, { content }]) => !this.markup.has(content)));
  }

  encode(text: string, options: EncodeOptions = {}): number[] {
    const splitter = options.parseSpecial ? this.#parseSpecial : this.#parsePlain;
    const ids = options.bos && this.bosId !== null ? [this.bosId] : [];
    let space = this.#spaceAtStart;
    for (const part of splitter.split(clean(text))) {
      if (typeof part === "number") ids.push(part);
      else this.#encodePart(part, space, ids);
      space = this.#spaceAfterSpecial;
    }
    return ids;
  }

  /**
   * Encode a text without added tokens. Unknown characters become bytes, or one unknown piece per run of
   * them.
   */
  #encodePart(text: string, space: boolean, ids: number[]): void {
    const normal = this.#normalizer.normalize(text, space);
    let afterUnknown = false;
    for (const { text: piece, id } of normal ? this.#cut(normal) : []) {
      const unknown = id === this.#model.unknownId;
      if (unknown && this.#model.byteFallback)
        for (const byte of utf8.encode(piece)) ids.push(this.#bytes[byte] ?? id);
      else if (!unknown || !afterUnknown) ids.push(id);
      afterUnknown = unknown;
    }
  }

  decode(ids: Iterable<number>, options?: DecodeOptions): string {
    return decode(this, ids, options);
  }

  stream(options?: DecodeOptions): StreamDecoder {
    return streamDecoder(this, options);
  }

  token(id: number): string {
    return this.#added.get(id)?.content ?? this.#model.pieces[id] ?? "";
  }

  piece(id: number): Piece {
    const added = this.#added.get(id);
    if (added) return added.special ? NOTHING : textPiece(added.content, false);
    const piece = this.#model.pieces[id];
    if (piece === undefined || isSpecial(this.#model, id)) return NOTHING;
    if (this.#model.types[id] === PieceType.byte)
      return { data: Uint8Array.of(byteOf(piece)), droppable: false };
    return textPiece(piece.replaceAll(SPACE_SYMBOL, " "));
  }

  #find(token: string | null, ownPiece: string, where: string): number | null {
    if (token === null) {
      const id = this.#model.ids.get(ownPiece);
      return id !== undefined && this.#model.types[id] === PieceType.control ? id : null;
    }
    const id = this.specialIds.get(token) ?? this.#model.ids.get(token);
    if (id !== undefined) return id;
    throw bad(where, `got ${JSON.stringify(token)}, which the vocabulary does not have`, OTHER_MODEL);
  }
}

const utf8 = new TextEncoder();

function isSpecial(model: SentencePieceModel, id: number): boolean {
  return model.types[id] === PieceType.control || model.types[id] === PieceType.unknown;
}

/** The control tokens and <unk>, which sentencepiece itself never reads out of a text. */
function ownSpecials(model: SentencePieceModel): [number, AddedToken][] {
  const ids = [...model.pieces.keys()].filter((id) => isSpecial(model, id));
  return ids.map((id) => [id, plainToken(model.pieces[id] ?? "")]);
}

/** What sentencepiece's own decoding does with leading spaces; it depends on the model's normaliser. */
function leadingSpaceOf(model: SentencePieceModel, prefixSpace: boolean): LeadingSpace {
  const { removeExtraWhitespaces, addDummyPrefix } = model.normalizer;
  if (!removeExtraWhitespaces && !(addDummyPrefix && prefixSpace)) return "keep";
  if (model.ids.has(SPACE_SYMBOL)) return removeExtraWhitespaces ? "drop all" : "drop one";
  const word = model.pieces.some((piece) => piece.startsWith(SPACE_SYMBOL) && piece[1] !== SPACE_SYMBOL);
  return word ? "drop one" : "keep";
}
