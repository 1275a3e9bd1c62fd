/**
 * The "normalizer" and "pre_tokenizer" of a tokenizer.json: what happens to a text before the model sees it.
 */

import { escaped, SPACE_AT_START, withoutSpaces } from "../addedTokens.js";
import type { Fields } from "../fields.js";
import { BEHAVIORS, patternOf, splitText, UNSUPPORTED, type Behavior } from "./pattern.js";
import { BYTE_CHARACTERS } from "./decoder.js";

const MAX_STAGES = 64;
const MAX_DEPTH = 8;
const MAX_GROWTH = 64; // characters that one character may become in all the stages of either

export type Normalizer = (text: string) => string;

/** Cuts a text into words. `atStart` says whether it begins the encoded text. */
export type PreTokenizer = (text: string, atStart: boolean) => string[];

/** The normaliser of a tokenizer.json. Without one, texts stay as they are. */
export function readNormalizer(tokenizer: Fields): Normalizer {
  const fields = tokenizer.child("normalizer");
  return fields ? normalizer(fields, 0) : (text) => text;
}

/**
 * Check that no text grows without bounds: thirty times "a" replaced by "aa" makes a gigabyte of one letter,
 * and so do pre-tokenizers that write bytes as characters.
 *
 * Throws KernelcError("bad-artifact").
 */
export function checkGrowth(tokenizer: Fields): void {
  const grown = (["normalizer", "pre_tokenizer"] as const).find((key) => {
    const fields = tokenizer.child(key);
    return fields && growth(fields, key === "normalizer" ? "normalizers" : "pretokenizers", 0) > MAX_GROWTH;
  });
  if (!grown) return;
  const help = "use the tokenizer.json of a release of the model that you trust";
  throw tokenizer.fail(grown, `it may make a text more than ${MAX_GROWTH} times as long`, help);
}

/** How many characters one character may become. */
function growth(fields: Fields, parts: string, depth: number): number {
  const type = fields.text("type");
  if (type === "Sequence") {
    return stages(fields, parts, depth).reduce(
      (product, part) => product * growth(part, parts, depth + 1),
      1,
    );
  }
  if (type === "ByteLevel") return 4; // the bytes of a character in UTF-8, each as a character
  if (type === "Prepend") return 1 + [...fields.text("prepend", "")].length; // of a text of one character
  if (type !== "Replace") return 1; // Unicode's own normal forms have bounds: at most 18 characters
  const old = fields.child("pattern")?.data.get("String");
  const { length } = [...fields.text("content")];
  if (typeof old === "string" && old) return Math.max(1, Math.ceil(length / [...old].length));
  return length + 1; // an expression may match between any two characters
}

function normalizer(fields: Fields, depth: number): Normalizer {
  const type = fields.text("type");
  if (type === "Sequence") {
    const parts = stages(fields, "normalizers", depth).map((part) => normalizer(part, depth + 1));
    return (text) => parts.reduce((normal, part) => part(normal), text);
  }
  if (type === "Prepend") {
    const prepended = fields.text("prepend");
    return (text) => (text ? prepended + text : text);
  }
  if (type === "Replace") {
    const [pattern, content] = [patternOf(fields), fields.text("content")];
    return (text) => text.replace(pattern, () => content);
  }
  if (type === "Strip") return stripper(fields.flag("strip_left", true), fields.flag("strip_right", true));
  if (type === "Lowercase") return (text) => [...text].map((char) => char.toLowerCase()).join("");
  if (type === "StripAccents") return (text) => text.replace(/\p{M}/gu, "");
  if (type === "NFC" || type === "NFD" || type === "NFKC" || type === "NFKD")
    return (text) => text.normalize(type);
  throw fields.fail("type", `got the normaliser ${JSON.stringify(type)}`, UNSUPPORTED);
}

function stripper(left: boolean, right: boolean): Normalizer {
  return (text) => {
    const from = left ? text.replace(SPACE_AT_START, "") : text;
    return right ? from.slice(0, withoutSpaces(from, from.length)) : from;
  };
}

/** The parts of a Sequence. */
function stages(fields: Fields, key: string, depth: number): Fields[] {
  if (depth >= MAX_DEPTH) throw fields.fail(key, `nested more than ${MAX_DEPTH} deep`);
  return fields.children(key, MAX_STAGES);
}

/** The pre-tokenizer of a tokenizer.json. Without one, a text is a single word. */
export function readPreTokenizer(tokenizer: Fields): PreTokenizer {
  const fields = tokenizer.child("pre_tokenizer");
  return fields ? preTokenizer(fields, 0) : (text) => [text];
}

function preTokenizer(fields: Fields, depth: number): PreTokenizer {
  const type = fields.text("type");
  if (type === "Sequence") return sequence(fields, depth);
  if (type === "ByteLevel") return byteLevel(fields);
  if (type === "Metaspace") return metaspace(fields);
  if (type === "Split") {
    const [pattern, behavior, invert] = [patternOf(fields), behaviorOf(fields), fields.flag("invert", false)];
    return (text) => splitText(text, pattern, behavior, invert);
  }
  if (type === "Digits") {
    const behavior = fields.flag("individual_digits", false) ? "Isolated" : "Contiguous";
    return (text) => splitText(text, /\p{N}/gu, behavior);
  }
  if (type === "Punctuation") {
    const behavior = fields.has("behavior") ? behaviorOf(fields) : "Isolated";
    return (text) => splitText(text, /[\p{P}!-/:-@[-`{-~]/gu, behavior);
  }
  if (type === "WhitespaceSplit") return (text) => splitText(text, /\p{White_Space}/gu, "Removed");
  throw fields.fail("type", `got the pre-tokenizer ${JSON.stringify(type)}`, UNSUPPORTED);
}

function behaviorOf(fields: Fields): Behavior {
  const name = fields.text("behavior");
  const found = BEHAVIORS.find((behavior) => behavior === name);
  if (found) return found;
  throw fields.fail("behavior", `got ${JSON.stringify(name)}, wanted one of ${BEHAVIORS.join(", ")}`);
}

function sequence(fields: Fields, depth: number): PreTokenizer {
  const parts = stages(fields, "pretokenizers", depth).map((part) => preTokenizer(part, depth + 1));
  return (text, atStart) => {
    let words = [text];
    for (const part of parts) words = words.flatMap((word, at) => part(word, atStart && at === 0));
    return words;
  };
}

// GPT-2's own pattern. Source: the pre-tokenizer ByteLevel of the package tokenizers.
const GPT2 = new RegExp(
  [
    /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+/u.source,
    /\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/u.source,
  ].join("|"),
  "gu",
);

function byteLevel(fields: Fields): PreTokenizer {
  const [prefix, split] = [fields.flag("add_prefix_space", true), fields.flag("use_regex", true)];
  return (text) => {
    const spaced = prefix && !text.startsWith(" ") ? ` ${text}` : text;
    return (split ? splitText(spaced, GPT2, "Isolated") : [spaced]).map(byteCharacters);
  };
}

const utf8 = new TextEncoder();

/** A text's bytes, each as the printable character that stands for it. */
function byteCharacters(text: string): string {
  let written = "";
  for (const byte of utf8.encode(text)) written += BYTE_CHARACTERS[byte] ?? "";
  return written;
}

function metaspace(fields: Fields): PreTokenizer {
  const replacement = fields.text("replacement", "\u2581");
  const scheme = fields.text("prepend_scheme", fields.flag("add_prefix_space", true) ? "always" : "never");
  const split = fields.flag("split", true);
  const pattern = new RegExp(escaped(replacement), "gu");
  return (text, atStart) => {
    let word = text.replaceAll(" ", replacement);
    const prepend = scheme === "always" || (scheme === "first" && atStart);
    if (prepend && !word.startsWith(replacement)) word = replacement + word;
    return split ? splitText(word, pattern, "MergedWithNext") : [word];
  };
}
