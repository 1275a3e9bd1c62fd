/** Nodes that no token tells apart have one mask, and masks are still those of tokens tried one by one. */

import { describe, expect, it } from "vitest";
import { gbnfGrammar, jsonSchemaGrammar, regexGrammar } from "../../src/grammar/index.js";
import { DEAD, Machine } from "../../src/grammar/machine.js";
import { Matcher } from "../../src/grammar/matcher.js";
import { prepare } from "../../src/grammar/pushdown.js";
import type { Grammar } from "../../src/grammar/grammar.js";
import { constraintOf, END, pieces, random, tokensOf, vocabularyOf } from "./grammar_vocabularies.js";

const LONG = [
  "a".repeat(9), "a".repeat(10), "b".repeat(12), "ab".repeat(7), " ".repeat(11), "éa".repeat(5), 'aaaaaaaa"',
  'bbbbbbbbbbbb"}', `",${"a".repeat(9)}`,
];
const COUNTED: readonly (readonly [string, Grammar])[] = [
  ["any characters", regexGrammar(".{0,30}")],
  ["at least", regexGrammar("[ab]{9,25}(?:é|b)")],
  ["pairs", regexGrammar("(?:ab|aé){2,14}a{3,20}")],
  ["a string", jsonSchemaGrammar({ properties: { a: { type: "string", minLength: 3, maxLength: 24 } } })],
  ["strings in lists", jsonSchemaGrammar({ type: "array", items: { type: "string", maxLength: 14 }, maxItems: 3 })],
  ["gbnf", gbnfGrammar('root ::= "[" item{1,12} "]"\nitem ::= "a" | "ab" item? "b" | " "{0,9}')],
];

const all = [...pieces(), ...LONG.map((word) => new TextEncoder().encode(word))];
const vocabulary = vocabularyOf(all);

/** The tokens that may follow a text, each tried alone, byte by byte, with whole stacks. */
function oneByOne(grammar: Grammar, before: readonly number[]): number[] {
  const machine = new Machine(prepare(grammar));
  const after = (state: number, bytes: Iterable<number>): number => {
    let at = state;
    for (const byte of bytes) at = machine.step(at, byte);
    return at;
  };
  const state = after(machine.begin(), before);
  return [...all.keys()].filter((token) =>
    token === END ? machine.ends[state] : after(state, all[token] ?? []) !== DEAD,
  );
}

describe("masks of what is counted", () => {
  it.each(COUNTED)("are those of tokens tried one by one: %s", (_, grammar) => {
    const constraint = constraintOf(grammar, vocabulary);
    expect(vocabulary.long.length).toBe(8);
    const next = random(5);
    for (let answer = 0; answer < 4; answer += 1) {
      const matcher = new Matcher(constraint);
      const said: number[] = [];
      for (let step = 0; step < 14 && !matcher.ended; step += 1) {
        const allowed = tokensOf(matcher.mask(), all.length);
        expect(allowed).toEqual(oneByOne(grammar, said));
        const token = allowed[Math.floor(next() * allowed.length)] ?? END;
        expect(matcher.advance(token)).toBe(true);
        said.push(...(all[token] ?? []));
      }
    }
  });

  it("are few, however long the text may become", () => {
    const constraint = constraintOf(regexGrammar(".{0,300}"), vocabulary);
    const matcher = new Matcher(constraint);
    const walks: number[] = [];
    for (let count = 0; count < 300; count += 1) {
      matcher.mask();
      walks.push(constraint.masks.walks);
      expect(matcher.advanceBytes(Uint8Array.of(0x61))).toBe(true);
    }
    const longest = Math.max(...all.map(({ length }) => length));
    expect(walks[300 - longest - 1]).toBe(1); // while more may come than a token has
    expect(walks.at(-1)).toBeLessThanOrEqual(2 * longest);
  });
});
