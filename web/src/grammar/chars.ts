/**
 * Sets of characters: sorted, disjoint ranges of Unicode scalar values.
 *
 * A set is a list of [low, high] pairs, both ends included. Surrogates (U+D800 to U+DFFF) are no characters
 * of their own in UTF-8, so no set has them. The port of `runtime/grammar/chars.py`.
 */

import { GrammarError } from "./refusal.js";

export type Range = readonly [low: number, high: number];

/** Sorted, disjoint, not adjacent ranges of integers, both ends included. */
export type Ranges = readonly Range[];

export const LAST = 0x10ffff;
export const ALL: Ranges = [
  [0, 0xd7ff],
  [0xe000, LAST],
];

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Any ranges as a set: sorted, joined where they touch, without surrogates. */
export function ranges(pairs: Iterable<Range>): Ranges {
  return intersect(joined(pairs), ALL);
}

/** @throws GrammarError for a text with lone surrogates, which JSON may hold and UTF-8 cannot. */
export function checkText(text: string, where: string): void {
  if (LONE_SURROGATE.test(text)) throw new GrammarError("the text has half of a surrogate pair", where);
}

/** The number of the first character of a text. */
export function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

/** The set of the characters of a text. */
export function ofText(characters: string): Ranges {
  return ranges(Array.from(characters, (char): Range => [codeOf(char), codeOf(char)]));
}

/** The characters that are not in a set. */
export function complement(a: Ranges): Ranges {
  const gaps: Range[] = [];
  let begin = 0;
  for (const [low, high] of a) {
    if (begin < low) gaps.push([begin, low - 1]);
    begin = high + 1;
  }
  if (begin <= LAST) gaps.push([begin, LAST]);
  return intersect(gaps, ALL);
}

/** What is in both sets. */
export function intersect(a: Ranges, b: Ranges): Ranges {
  const found: Range[] = [];
  for (let i = 0, j = 0; ; ) {
    const [one, other] = [a[i], b[j]];
    if (!one || !other) return found;
    const [low, high] = [Math.max(one[0], other[0]), Math.min(one[1], other[1])];
    if (low <= high) found.push([low, high]);
    if (one[1] < other[1]) i += 1;
    else j += 1;
  }
}

function joined(pairs: Iterable<Range>): Range[] {
  const found: Range[] = [];
  for (const [low, high] of [...pairs].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = found.at(-1);
    if (last && low <= last[1] + 1) found[found.length - 1] = [last[0], Math.max(last[1], high)];
    else if (low <= high) found.push([low, high]);
  }
  return found;
}

// Classes of ECMA-262 (CharacterClassEscape), which JSON Schema's patterns follow: \d and \w are ASCII, \s is
// WhiteSpace and LineTerminator. The dot leaves out the four line terminators.
export const DIGITS = ranges([[0x30, 0x39]]);
export const WORD = ranges([[0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]);
export const SPACE = ranges([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);
export const DOT = complement(ranges([[0x0a, 0x0a], [0x0d, 0x0d], [0x2028, 0x2029]]));
