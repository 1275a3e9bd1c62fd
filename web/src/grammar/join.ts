/**
 * Grammars put together: one of several texts, each of which has a grammar of its own within it. The port of
 * `runtime/grammar/join.py`.
 */

import { Grammar } from "./grammar.js";

const utf8 = new TextEncoder();

/** A text, what a grammar accepts, and a text. */
export type Framed = readonly [before: string, grammar: Grammar, after: string];

/** The grammar of the texts that are one of these. @throws GrammarError where it is too large. */
export function oneOf(texts: readonly Framed[], where: string): Grammar {
  const joined = new Grammar();
  joined.start = joined.addRule(where);
  const { entry, exit } = joined.rule(joined.start);
  for (const [before, grammar, after] of texts) {
    const [begin, end] = [joined.node(), joined.node()];
    joined.addBytes(entry, utf8.encode(before), begin);
    joined.addCall(begin, copied(joined, grammar), end);
    joined.addBytes(end, utf8.encode(after), exit);
  }
  return joined;
}

/** The number that the start of a grammar has after all of it was copied. */
function copied(into: Grammar, grammar: Grammar): number {
  const first = into.ranges.length;
  for (const _ of grammar.ranges) into.node();
  const firstRule = into.rules.length;
  for (const { where, entry, exit } of grammar.rules) {
    into.rules.push({ where, entry: first + entry, exit: first + exit });
  }
  grammar.ranges.forEach((edges, at) => {
    for (const [low, high, to] of edges) into.addRange(first + at, low, high, first + to);
    for (const to of grammar.empty[at] ?? []) into.addEmpty(first + at, first + to);
    for (const [rule, to] of grammar.calls[at] ?? []) into.addCall(first + at, firstRule + rule, first + to);
  });
  return firstRule + grammar.start;
}
