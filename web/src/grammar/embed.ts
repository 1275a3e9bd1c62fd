/**
 * Characters become bytes: sets and automata of characters as edges of a grammar over bytes.
 *
 * There are two encodings. "plain" is UTF-8. "json" is what stands between the quotes of a JSON string, with
 * one spelling for each character: itself in UTF-8, or the short escape that RFC 8259, section 7 has for it,
 * or \u00XX for the other control characters. One spelling each keeps grammars unambiguous, and lets automata
 * of characters decide about strings whose JSON is longer than they are. The port of
 * `runtime/grammar/embed.py`.
 */

import { codeOf, complement, intersect, ranges, type Range, type Ranges } from "./chars.js";
import type { Dfa } from "./dfa.js";
import type { Grammar } from "./grammar.js";

/** A range for each of several bytes in a row. */
type ByteRanges = readonly Range[];

export type Encoding = "plain" | "json";

const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x22, '"'],
  [0x5c, "\\"],
  [0x08, "b"],
  [0x0c, "f"],
  [0x0a, "n"],
  [0x0d, "r"],
  [0x09, "t"],
]);
const ESCAPED = ranges([[0x00, 0x1f], [0x22, 0x22], [0x5c, 0x5c]]);
const NOT_ESCAPED = complement(ESCAPED);
const LENGTH_ENDS = [0x7f, 0x7ff, 0xffff, 0x10ffff];
const BACKSLASH = 0x5c;

const utf8 = new TextEncoder();

/** A character as it stands in a JSON string of a grammar. */
function jsonEscape(char: string): string {
  const code = codeOf(char);
  const short = SHORT_ESCAPES.get(code);
  if (short !== undefined) return `\\${short}`;
  return code < 0x20 ? `\\u${code.toString(16).padStart(4, "0")}` : char;
}

/** A text as a JSON string, with its quotes, in the one spelling that grammars have. */
export function jsonString(text: string): string {
  return `"${Array.from(text, jsonEscape).join("")}"`;
}

/** Adds edges for characters to a grammar, and shares the ends of their encodings. */
export class Embedder {
  private readonly nodes = new Map<string, number>();

  constructor(
    private readonly grammar: Grammar,
    private readonly encoding: Encoding,
  ) {}

  /** Let one character of a set lead from one node to another. */
  addChars(begin: number, of: Ranges, end: number): void {
    let left = of;
    if (this.encoding === "json") {
      this.addEscapes(begin, intersect(of, ESCAPED), end);
      left = intersect(of, NOT_ESCAPED);
    }
    for (const [low, high] of left) {
      for (const [first, ...rest] of utf8Ranges(low, high)) {
        if (first) this.grammar.addRange(begin, ...first, this.rest(rest, end));
      }
    }
  }

  /** Let every text that an automaton accepts lead from one node to another. */
  addDfa(begin: number, dfa: Dfa, end: number): void {
    const nodes = dfa.edges.map(() => this.grammar.node());
    const node = (state: number): number => nodes[state] ?? 0;
    this.grammar.addEmpty(begin, node(0));
    dfa.edges.forEach((edges, state) => {
      const of = new Map<number, Range[]>();
      for (const [low, high, to] of edges) {
        const pairs = of.get(to);
        if (pairs) pairs.push([low, high]);
        else of.set(to, [[low, high]]);
      }
      for (const [to, pairs] of of) this.addChars(node(state), pairs, node(to));
      if (dfa.accepting[state]) this.grammar.addEmpty(node(state), end);
    });
  }

  /** The node from which a sequence of bytes leads to `end`. */
  private rest(sequence: ByteRanges, end: number): number {
    const [first, ...rest] = sequence;
    if (!first) return end;
    return this.shared(`${end}:${sequence.join()}`, (node) =>
      this.grammar.addRange(node, ...first, this.rest(rest, end)),
    );
  }

  private shared(key: string, make: (node: number) => void): number {
    const known = this.nodes.get(key);
    if (known !== undefined) return known;
    const node = this.grammar.node();
    this.nodes.set(key, node);
    make(node);
    return node;
  }

  private addEscapes(begin: number, of: Ranges, end: number): void {
    if (!of.length) return;
    const after = this.shared(`${end}:escapes:${of.join()}`, (node) => this.addAfterBackslash(node, of, end));
    this.grammar.addRange(begin, BACKSLASH, BACKSLASH, after);
  }

  private addAfterBackslash(node: number, of: Ranges, end: number): void {
    const byFirstDigit = new Map<number, Range[]>();
    for (const [low, high] of of) {
      for (let char = low; char <= high; char += 1) {
        const short = SHORT_ESCAPES.get(char);
        if (short !== undefined) {
          this.grammar.addRange(node, codeOf(short), codeOf(short), end);
          continue;
        }
        const digit = codeOf((char & 15).toString(16));
        byFirstDigit.set(char >> 4, [...(byFirstDigit.get(char >> 4) ?? []), [digit, digit]]);
      }
    }
    if (!byFirstDigit.size) return;
    const first = this.grammar.node();
    this.grammar.addBytes(node, utf8.encode("u00"), first);
    for (const [digit, lastDigits] of byFirstDigit) {
      const last = this.grammar.node();
      this.grammar.addRange(first, 0x30 + digit, 0x30 + digit, last);
      for (const [low, high] of ranges(lastDigits)) this.grammar.addRange(last, low, high, end);
    }
  }
}

/**
 * Ranges of bytes that together are the UTF-8 of the characters from `low` to `high`.
 *
 * Source: R. Cox, Regular Expression Matching with a Trigram Index, and his RE2: a range is cut where the
 * length changes, then until all bytes but the first that differs take all of their values.
 */
function utf8Ranges(low: number, high: number): ByteRanges[] {
  for (const last of LENGTH_ENDS) {
    if (low <= last && last < high) return [...utf8Ranges(low, last), ...utf8Ranges(last + 1, high)];
  }
  const [first, final] = [bytesOf(low), bytesOf(high)];
  for (let tail = 1; tail < first.length; tail += 1) {
    const mask = (1 << (6 * tail)) - 1;
    if ((low & ~mask) === (high & ~mask)) break; // the bytes before this tail agree, and those of longer ones
    if (low & mask) return [...utf8Ranges(low, low | mask), ...utf8Ranges((low | mask) + 1, high)];
    if ((high & mask) !== mask) {
      return [...utf8Ranges(low, (high & ~mask) - 1), ...utf8Ranges(high & ~mask, high)];
    }
  }
  return [first.map((byte, at): Range => [byte, final[at] ?? byte])];
}

/** The UTF-8 of a number, of a surrogate, too, which ends of ranges may be. */
function bytesOf(code: number): number[] {
  const tail = (shift: number): number => 0x80 | ((code >> shift) & 0x3f);
  if (code <= 0x7f) return [code];
  if (code <= 0x7ff) return [0xc0 | (code >> 6), tail(0)];
  if (code <= 0xffff) return [0xe0 | (code >> 12), tail(6), tail(0)];
  return [0xf0 | (code >> 18), tail(12), tail(6), tail(0)];
}
