/** Prepares a text for a tokenizer: replaces what UTF-8 cannot carry, and splits the text at added tokens. */

import type { AddedToken } from "./specialTokens.js";

// What Python's str.strip() removes; JavaScript's trim() also takes U+FEFF, and leaves U+001C to U+001F and
// U+0085.
export const PYTHON_SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LEADING = new RegExp(`^[${PYTHON_SPACE}]+`, "u");
const WORD = /[\p{L}\p{N}_]/u;

/** The text with lone surrogates replaced, which UTF-8 cannot carry. */
export function clean(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** A text, escaped for use in a regular expression. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** A pattern for any of the texts, the longest first; one that never matches where there are none. */
export function anyOf(texts: Iterable<string>): RegExp {
  const longestFirst = [...texts].sort((left, right) => right.length - left.length);
  return new RegExp(longestFirst.map(escaped).join("|") || "(?!)", "gu");
}

/** Does what Python's str.lstrip() does. */
export function stripLeft(text: string): string {
  return text.replace(LEADING, "");
}

/** Does what Python's str.rstrip() does, in linear time. */
export function stripRight(text: string): string {
  let end = text.length;
  while (end > 0 && LEADING.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

// White space as Rust has it, and so the package tokenizers.
export const SPACE_AT_START = /^\p{White_Space}+/u;
const SPACE = /\p{White_Space}/u;

/** Where the white space before `end` begins. */
export function withoutSpaces(text: string, end: number): number {
  let start = end;
  while (start > 0 && SPACE.test(text.charAt(start - 1))) start -= 1;
  return start;
}

/** Finds added tokens in a text: leftmost first, the longest where several start at one place. */
export class AddedTokenSplitter {
  readonly #tokens = new Map<string, { id: number; token: AddedToken }>();
  readonly #pattern: RegExp;

  constructor(tokens: Iterable<readonly [number, AddedToken]>) {
    for (const [id, token] of tokens) this.#tokens.set(token.content, { id, token });
    this.#pattern = anyOf(this.#tokens.keys());
  }

  /** The text's parts in order: ids of added tokens, and what lies between them (never empty). */
  split(text: string): (string | number)[] {
    const parts: (string | number)[] = [];
    let begin = 0;
    let strip = false;
    const between = (end: number, right: boolean): void => {
      let part = text.slice(begin, end);
      if (strip) part = stripLeft(part);
      if (right) part = stripRight(part);
      if (part) parts.push(part);
    };
    for (const match of text.matchAll(this.#pattern)) {
      const found = this.#tokens.get(match[0]);
      if (!found || (found.token.singleWord && insideWord(text, match.index, match[0].length))) continue;
      between(match.index, found.token.stripLeft);
      parts.push(found.id);
      begin = match.index + match[0].length;
      strip = found.token.stripRight;
    }
    between(text.length, false);
    return parts;
  }
}

function insideWord(text: string, at: number, length: number): boolean {
  const before = [...text.slice(Math.max(at - 2, 0), at)].at(-1) ?? "";
  const after = text.codePointAt(at + length);
  return WORD.test(before) || (after !== undefined && WORD.test(String.fromCodePoint(after)));
}
