/**
 * The patterns of a tokenizer.json: plain strings, or regular expressions in Oniguruma's syntax, which the
 * library
 * @huggingface/tokenizers rewrites for JavaScript.
 */

import { SplitPreTokenizer } from "@huggingface/tokenizers";

import { escaped } from "../addedTokens.js";
import type { Fields } from "../fields.js";
import { fewWays } from "./ways.js";

const MAX_PATTERN = 4096;

/** The help of errors about parts of a tokenizer.json that are not supported. */
export const UNSUPPORTED =
  "this tokenizer.json needs what kernelc does not have; a tokenizer.model will do instead";

/** The pattern under "pattern": `{"String": ...}` or `{"Regex": ...}`. */
export function patternOf(fields: Fields): RegExp {
  const pattern = fields.child("pattern");
  const source = pattern?.has("Regex") ? pattern.text("Regex") : pattern?.text("String");
  if (!pattern || source === undefined)
    throw fields.fail("pattern", "wanted a string or a regular expression", UNSUPPORTED);
  if (source.length > MAX_PATTERN) {
    throw fields.fail(
      "pattern",
      `got ${source.length} characters, wanted at most ${MAX_PATTERN}`,
      UNSUPPORTED,
    );
  }
  if (pattern.has("Regex") && !fewWays(source)) {
    throw fields.fail(
      "pattern",
      `${JSON.stringify(source.slice(0, 80))} may search without end`,
      UNSUPPORTED,
    );
  }
  return pattern.has("Regex") ? rewritten(source, fields) : new RegExp(escaped(source), "gu");
}

function rewritten(source: string, fields: Fields): RegExp {
  try {
    const { pattern } = new SplitPreTokenizer({
      type: "Split",
      pattern: { Regex: source },
      behavior: "Isolated",
      invert: false,
    });
    if (pattern) return source.includes("(?i:") ? withUnicodeCase(pattern) : pattern;
  } catch (reason) {
    throw fields.fail(
      "pattern",
      `this regular expression cannot be used here: ${String(reason)}`,
      UNSUPPORTED,
    );
  }
  throw fields.fail("pattern", "this regular expression cannot be used here", UNSUPPORTED);
}

/**
 * In Oniguruma, "(?i:s)" also matches U+017F and "(?i:k)" U+212A; the library knows the ASCII letters only.
 */
function withUnicodeCase(pattern: RegExp): RegExp {
  const source = pattern.source.replaceAll("[sS]", "[sS\\u017f]").replaceAll("[kK]", "[kK\\u212a]");
  return new RegExp(source, pattern.flags);
}

/** A stretch of a text, and whether the pattern matched it. */
interface Stretch {
  readonly text: string;
  readonly matched: boolean;
}

/** The text, cut into matches of a pattern and the stretches between, in order and without empty ones. */
function stretches(text: string, pattern: RegExp, invert: boolean): Stretch[] {
  const found: Stretch[] = [];
  let begin = 0;
  const add = (end: number, matched: boolean): void => {
    if (end > begin) found.push({ text: text.slice(begin, end), matched: matched !== invert });
    begin = Math.max(begin, end);
  };
  for (const match of text.matchAll(pattern)) {
    add(match.index, false);
    add(match.index + match[0].length, true);
  }
  add(text.length, false);
  return found;
}

export const BEHAVIORS = [
  "Removed",
  "Isolated",
  "MergedWithPrevious",
  "MergedWithNext",
  "Contiguous",
] as const;
export type Behavior = (typeof BEHAVIORS)[number];

/**
 * Split a text at a pattern; the names are those of the package tokenizers. Source: its
 * SplitDelimiterBehavior.
 */
export function splitText(text: string, pattern: RegExp, behavior: Behavior, invert = false): string[] {
  const parts = stretches(text, pattern, invert);
  if (behavior === "Removed") return parts.filter(({ matched }) => !matched).map((part) => part.text);
  if (behavior === "Isolated") return parts.map((part) => part.text);
  const joins = (left: Stretch, right: Stretch): boolean => {
    if (behavior === "Contiguous") return left.matched === right.matched;
    return behavior === "MergedWithNext" ? left.matched && !right.matched : right.matched && !left.matched;
  };
  const joined: string[] = [];
  parts.forEach((part, at) => {
    const before = parts[at - 1];
    if (before && joins(before, part)) joined.push((joined.pop() ?? "") + part.text);
    else joined.push(part.text);
  });
  return joined;
}
