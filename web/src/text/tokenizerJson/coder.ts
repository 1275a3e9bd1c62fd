/**
 * Tokenizers from a tokenizer.json, with the same ids as the package tokenizers, the reference for that
 * format.
 */

import { KernelcError } from "../../artifact/errors.js";
import { clean } from "../addedTokens.js";
import { decode, NOTHING, streamDecoder } from "../detokenize.js";
import { bad, Fields } from "../fields.js";
import { AddedVocabulary } from "./added.js";
import { readDecoder, type PieceDecoder } from "./decoder.js";
import { readJsonModel, type JsonModel } from "./model.js";
import { checkGrowth, readNormalizer, readPreTokenizer, type PreTokenizer } from "./normalizer.js";
import { promptPrefixOf } from "./postProcessor.js";
import {
  addedToken,
  MAX_ADDED,
  MAX_VOCABULARY,
  plainToken,
  type AddedToken,
  type TokenizerSettings,
} from "../specialTokens.js";
import type { Coder, DecodeOptions, EncodeOptions, LeadingSpace, Piece, StreamDecoder } from "../types.js";

const AT_ODDS = "tokenizer.json and tokenizer_config.json are of different models: build the artifact again";
const MAX_BYTES = 64 * 2 ** 20;
const NO_TOKEN = plainToken("", false);

export class JsonCoder implements Coder {
  readonly kind = "tokenizers";
  readonly vocabSize: number;
  readonly bosId: number | null;
  readonly eosId: number | null;
  readonly promptPrefix: readonly number[];
  readonly specialIds: ReadonlyMap<string, number>;
  readonly addedIds: ReadonlyMap<string, number>;
  readonly markup: Map<string, number>;
  readonly templateTokens: ReadonlyMap<string, unknown>;
  readonly leadingSpace: LeadingSpace;
  readonly #model: JsonModel;
  readonly #added: ReadonlyMap<number, AddedToken>;
  readonly #addedTexts: ReadonlyMap<number, string>;
  readonly #addedVocabulary: AddedVocabulary;
  readonly #preTokenize: PreTokenizer;
  readonly #decoder: PieceDecoder;
  /** Added tokens that the model has no row for. */
  readonly #leftOut: ReadonlySet<string>;

  /**
   * Added tokens from id `rows` on are left out: the model has no row for them.
   *
   * Throws KernelcError("bad-artifact") where the file is damaged, unsupported or at odds with the settings.
   */
  constructor(data: Uint8Array, settings: TokenizerSettings, where: string, rows = MAX_VOCABULARY) {
    const fields = Fields.parse(data, where, MAX_BYTES);
    checkGrowth(fields);
    this.#model = readJsonModel(fields);
    this.#decoder = readDecoder(fields);
    this.leadingSpace = this.#decoder.leadingSpace;
    const added = addedTokensOf(fields);
    addFromSettings(added, settings, this.#model, rows);
    const leftOut = leaveOut(added, settings, rows);
    checkIds(added, this.#model, where);
    this.#added = added;
    const normalize = readNormalizer(fields);
    this.#addedVocabulary = new AddedVocabulary(added, normalize);
    // The package tokenizers decodes a token that it searches in normalised text to its normalised form.
    const shown = ({ content, normalized }: AddedToken): string =>
      normalized ? normalize(content) : content;
    this.#addedTexts = new Map([...added].map(([id, token]) => [id, shown(token)]));
    this.#preTokenize = readPreTokenizer(fields);
    this.#leftOut = leftOut;
    const kept = (token: string, id: number): boolean =>
      !leftOut.has(token) && this.#model.idOf(token) === id;
    const known = leftOut.size ? this.#model.tokens.findLastIndex(kept) + 1 : this.#model.tokens.length;
    this.vocabSize = [...added.keys()].reduce((end, id) => Math.max(end, id + 1), known);
    this.specialIds = idsOf(added, true);
    this.addedIds = idsOf(added, false);
    this.markup = idsOf(added, true);
    this.templateTokens = settings.templateTokens;
    const contents = new Map([...added].map(([id, { content }]) => [content, id]));
    const find = (token: string | null, key: string): number | null => {
      const id = token === null ? null : (contents.get(token) ?? this.#model.idOf(token));
      if (id === null || (token !== null && leftOut.has(token))) return null;
      if (id >= 0) return id;
      throw bad(
        `${where}: ${key}`,
        `got ${JSON.stringify(token)}, which the vocabulary does not have`,
        AT_ODDS,
      );
    };
    this.promptPrefix = promptPrefixOf(fields);
    if (this.promptPrefix.some((id) => id >= this.vocabSize)) {
      throw fields.fail("post_processor", `got ids ${this.promptPrefix.join(", ")}, beyond the vocabulary`);
    }
    this.bosId =
      settings.bosToken === null ? (this.promptPrefix[0] ?? null) : find(settings.bosToken, "bos_token");
    this.eosId = find(settings.eosToken, "eos_token");
  }

  protect(contents: Iterable<string>): void {
    for (const content of contents) {
      const id = this.addedIds.get(content);
      if (id !== undefined) this.markup.set(content, id);
    }
    this.#addedVocabulary.protect(this.markup);
  }

  encode(text: string, options: EncodeOptions = {}): number[] {
    const ids: number[] = [];
    const whole = clean(text);
    const words = (stretch: string, atStart: boolean): void => {
      for (const word of this.#preTokenize(stretch, atStart)) this.#model.encode(word, ids);
    };
    this.#addedVocabulary.split(whole, options.parseSpecial ?? false, words, (id) => ids.push(id));
    this.#refuseLeftOut(ids);
    if (!options.parseSpecial) this.#refuseMarkup(whole, ids);
    return options.bos && this.bosId !== null ? [this.bosId, ...ids] : ids;
  }

  /** Check that no id is of a token without a row: a unigram vocabulary may contain it as a word, too. */
  #refuseLeftOut(ids: readonly number[]): void {
    const beyond = this.#leftOut.size ? ids.find((id) => id >= this.vocabSize) : undefined;
    if (beyond === undefined) return;
    const content = JSON.stringify(this.#model.tokens[beyond] ?? "");
    const help = `leave ${content} out of the text`;
    throw new KernelcError("usage", `the text holds ${content}, a token that the model has no row for`, {
      help,
    });
  }

  /**
   * Check that no literal "<s>" has become the special token: a unigram vocabulary may contain it as a word.
   */
  #refuseMarkup(text: string, ids: readonly number[]): void {
    for (const id of new Set(ids)) {
      const { content, special } = this.#added.get(id) ?? NO_TOKEN;
      if (!special || content === this.#model.unknownToken || !text.includes(content)) continue;
      const name = JSON.stringify(content);
      const message = `the text holds ${name}, which this vocabulary can only read as the special token`;
      throw new KernelcError("usage", message, { help: `leave ${JSON.stringify(content)} out of the text` });
    }
  }

  decode(ids: Iterable<number>, options?: DecodeOptions): string {
    return decode(this, ids, options);
  }

  stream(options?: DecodeOptions): StreamDecoder {
    return streamDecoder(this, options);
  }

  token(id: number): string {
    return this.#addedTexts.get(id) ?? this.#model.tokens[id] ?? "";
  }

  piece(id: number): Piece {
    return this.#added.get(id)?.special ? NOTHING : this.#decoder.piece(this.token(id));
  }
}

/** Takes tokens from id `rows` on out of `added`; returns their texts, also those that settings name. */
function leaveOut(added: Map<number, AddedToken>, settings: TokenizerSettings, rows: number): Set<string> {
  const beyond = [...added, ...settings.addedTokens].filter(([id]) => id >= rows);
  for (const [id] of beyond) added.delete(id);
  return new Set(beyond.map(([, { content }]) => content));
}

/** The ids of the added tokens that are special, or of those that are not, by their texts. */
function idsOf(added: ReadonlyMap<number, AddedToken>, special: boolean): Map<string, number> {
  const chosen = [...added].filter(([, token]) => token.special === special);
  return new Map(chosen.map(([id, { content }]) => [content, id]));
}

/**
 * The file's added tokens by id. A special token is searched as it is written even where it is "normalized":
 * in normalised text it may have a leading space, and the second of two adjacent ones would not be found.
 */
function addedTokensOf(tokenizer: Fields): Map<number, AddedToken> {
  const tokens = new Map<number, AddedToken>();
  for (const fields of tokenizer.children("added_tokens", MAX_ADDED)) {
    if (fields.data.get("content") === "") continue; // nothing in a text could be it
    const token = addedToken(fields);
    tokens.set(fields.integer("id", 0, MAX_VOCABULARY - 1), {
      ...token,
      normalized: token.normalized && !token.special,
    });
  }
  return tokens;
}

/** Add what only tokenizer_config.json declares, as transformers does when it loads the two. */
function addFromSettings(
  added: Map<number, AddedToken>,
  settings: TokenizerSettings,
  model: JsonModel,
  rows: number,
): void {
  for (const [id, token] of settings.addedTokens) {
    if (!added.has(id) && id < rows)
      added.set(id, { ...token, normalized: token.normalized && !token.special });
  }
  const known = new Set([...added.values()].map(({ content }) => content));
  for (const content of [settings.bosToken, settings.eosToken, settings.unkToken]) {
    const id = content !== null && !known.has(content) ? model.idOf(content) : -1;
    if (content !== null && id >= 0 && id < rows) added.set(id, plainToken(content));
  }
}

/** Check that no id belongs to two tokens, and no token to two ids. */
function checkIds(added: ReadonlyMap<number, AddedToken>, model: JsonModel, where: string): void {
  const contents = new Set<string>();
  for (const [id, { content }] of added) {
    const own = model.idOf(content);
    const taken = own < 0 && (model.tokens[id] ?? "") !== "";
    if (!taken && !contents.has(content) && (own < 0 || own === id)) contents.add(content);
    else {
      const name = JSON.stringify(content);
      const message = `${name} is declared with id ${id}, but that one or another is taken`;
      throw bad(`${where}: added_tokens`, message, AT_ODDS);
    }
  }
}
