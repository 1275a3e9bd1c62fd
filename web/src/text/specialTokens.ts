/**
 * What a model's files say about its tokenizer besides the vocabulary: special tokens and how to treat them.
 */

import { bad, Fields } from "./fields.js";

export const MAX_VOCABULARY = 2 ** 20;
const MAX_BYTES = 16 * 2 ** 20;
const MAX_CONTENT = 1024;
export const MAX_ADDED = 2 ** 16; // published tokenizers have thousands
const MAX_NAMED = 64;
const TEMPLATE_TOKENS = ["unk_token", "pad_token", "sep_token", "cls_token", "mask_token"];

/**
 * A token found in the text as a whole, before the vocabulary's own algorithm sees the rest.
 *
 * `stripLeft` and `stripRight` say whether it takes in the white space beside it. A special token is markup
 * of the model (<s>, <|eot_id|>): it is not shown, and it is never recognised in what a user writes.
 */
export interface AddedToken {
  readonly content: string;
  readonly special: boolean;
  readonly stripLeft: boolean;
  readonly stripRight: boolean;
  readonly singleWord: boolean;
  readonly normalized: boolean;
}

/** An added token with the default treatment. Unless told otherwise, it is markup. */
export function plainToken(content: string, special = true): AddedToken {
  return { content, special, stripLeft: false, stripRight: false, singleWord: false, normalized: false };
}

/** The settings of tokenizer_config.json, special_tokens_map.json and added_tokens.json that are used. */
export interface TokenizerSettings {
  readonly bosToken: string | null;
  readonly eosToken: string | null;
  readonly unkToken: string | null;
  readonly addBosToken: boolean | null;
  readonly addPrefixSpace: boolean;
  /** In sentencepiece: whether text after a special token is given a leading space, like a text's start. */
  readonly legacy: boolean;
  /** By id, the smallest first. */
  readonly addedTokens: ReadonlyMap<number, AddedToken>;
  /** What templates see of the tokens besides bos_token and eos_token. */
  readonly templateTokens: ReadonlyMap<string, unknown>;
}

/** The settings in the three files, each of which may be missing. tokenizer_config.json takes precedence. */
export function readSettings(files: ReadonlyMap<string, Uint8Array>): TokenizerSettings {
  const config = fieldsOf(files, "tokenizer_config.json");
  const special = fieldsOf(files, "special_tokens_map.json");
  const token = (key: string): string | null => contentOf(config, key) ?? contentOf(special, key);
  return {
    bosToken: token("bos_token"),
    eosToken: token("eos_token"),
    unkToken: token("unk_token"),
    addBosToken: config.has("add_bos_token") ? config.flag("add_bos_token", true) : null,
    addPrefixSpace: config.flag("add_prefix_space", true),
    legacy: config.flag("legacy", true),
    addedTokens: declaredTokens(fieldsOf(files, "added_tokens.json"), config),
    templateTokens: new Map([...templateTokens(special), ...templateTokens(config)]),
  };
}

/**
 * The tokens that transformers hands to templates by name, and its list of additional ones. Source:
 * `special_tokens_map` and `apply_chat_template` in transformers' tokenization_utils_base.py.
 */
function templateTokens(fields: Fields): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const add = (from: Fields, names: Iterable<string>): void => {
    for (const name of names) {
      const token = contentOf(from, name);
      if (token !== null) found.set(name, token);
    }
  };
  add(fields, TEMPLATE_TOKENS);
  const extra = fields.data.get("extra_special_tokens"); // names of a model's own, such as image_token
  if (typeof extra === "object" && extra !== null && !Array.isArray(extra)) {
    const own = new Fields(extra, `${fields.where}: extra_special_tokens`);
    add(own, [...own.data.keys()].slice(0, MAX_NAMED));
  }
  const listed = fields.data.get("additional_special_tokens");
  if (Array.isArray(listed)) {
    const texts = listed
      .slice(0, MAX_ADDED)
      .map((item: unknown) => (item as { content?: unknown } | null)?.content ?? item);
    found.set(
      "additional_special_tokens",
      texts.filter((each) => typeof each === "string"),
    );
  }
  return found;
}

/** The token that a JSON object describes, in tokenizer_config.json or tokenizer.json. */
export function addedToken(fields: Fields): AddedToken {
  const content = fields.text("content");
  if (content.length < 1 || content.length > MAX_CONTENT) {
    throw fields.fail("content", `got ${content.length} characters, wanted 1 to ${MAX_CONTENT}`);
  }
  return {
    content,
    special: fields.flag("special", false),
    stripLeft: fields.flag("lstrip", false),
    stripRight: fields.flag("rstrip", false),
    singleWord: fields.flag("single_word", false),
    normalized: fields.flag("normalized", false),
  };
}

/** The tokens of added_tokens.json (older: content to id) and of tokenizer_config.json, by id. */
function declaredTokens(older: Fields, config: Fields): ReadonlyMap<number, AddedToken> {
  const tokens = new Map<number, AddedToken>();
  for (const content of older.data.keys()) {
    const token = addedToken(new Fields({ content, special: true }, older.where));
    tokens.set(older.integer(content, 0, MAX_VOCABULARY - 1), token);
  }
  const newer = config.child("added_tokens_decoder");
  for (const { data, where } of newer ? [older, newer] : [older]) {
    if (data.size > MAX_ADDED) throw bad(where, `got ${data.size} added tokens, wanted at most ${MAX_ADDED}`);
  }
  for (const key of newer?.data.keys() ?? []) {
    const fields = newer?.child(key);
    if (!fields || !/^\d{1,7}$/.test(key) || Number(key) >= MAX_VOCABULARY) {
      throw bad(
        `${config.where}: added_tokens_decoder: ${key}`,
        `wanted a token id below ${MAX_VOCABULARY} and its token`,
      );
    }
    tokens.set(Number(key), addedToken(fields));
  }
  return new Map([...tokens].sort(([left], [right]) => left - right));
}

/** A token given as its text, or as an object with the text in "content". */
function contentOf(fields: Fields, key: string): string | null {
  if (!fields.has(key)) return null;
  if (typeof fields.data.get(key) === "string") return fields.text(key) || null;
  const child = typeof fields.data.get(key) === "object" ? fields.child(key) : null;
  return child ? addedToken(child).content : fields.text(key);
}

function fieldsOf(files: ReadonlyMap<string, Uint8Array>, name: string): Fields {
  const data = files.get(name);
  return data ? Fields.parse(data, name, MAX_BYTES) : new Fields({}, name);
}
