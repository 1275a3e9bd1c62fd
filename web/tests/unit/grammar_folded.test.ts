/** Prefixes folded into one: tokens come to the same states, and masks are those of tokens tried one by one. */

import { describe, expect, it } from "vitest";
import { folded } from "../../src/grammar/folded.js";
import type { Grammar } from "../../src/grammar/grammar.js";
import { gbnfGrammar, jsonGrammar, jsonSchemaGrammar, regexGrammar } from "../../src/grammar/index.js";
import { DEAD, Machine } from "../../src/grammar/machine.js";
import { Matcher, type Constraint } from "../../src/grammar/matcher.js";
import { prepare } from "../../src/grammar/pushdown.js";
import type { Level } from "../../src/grammar/vocabulary.js";
import { constraintOf, END, pieces, random, tokensOf, vocabularyOf } from "./grammar_vocabularies.js";

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];
const MORE = [...LETTERS.flatMap((a) => [..."aeiou"].map((b) => a + b)), "zebra", "tree", "straße", '"}', "a\\"];
const all = [...pieces(), ...MORE.map((word) => new TextEncoder().encode(word))];
const vocabulary = vocabularyOf(all);
const OBJECT = { type: "object", properties: { street: { type: "string", maxLength: 9 } }, required: ["street"] };
const CALLS = 'root ::= "(" item* ")"\nitem ::= [a-z]{1,3} | "\\"" [^"\\\\]* "\\"" | root | more\nmore ::= "1" item?';
const GRAMMARS: readonly (readonly [string, Grammar])[] = [
  ["counted", regexGrammar(".{0,20}")],
  ["letters", regexGrammar("(?:[a-z]{1,9}é|[A-Z]b?)*")],
  ["nested", regexGrammar("(?:(?:a|[a-c]{2}|é){1,4}(?:[^x]b){0,3})+")],
  ["json", jsonGrammar({ objectsOnly: false })],
  ["object", jsonSchemaGrammar(OBJECT)],
  ["calls", gbnfGrammar(CALLS)],
];

/** By token, the state after it where there is one, walked over levels. */
function states({ machine }: Constraint, levels: readonly Level[], from: number): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  let here = [from];
  levels.forEach(({ tokens, tokenBegin, childBegin }, depth) => {
    const following: number[] = [];
    here.forEach((state, node) => {
      for (const token of tokens.subarray(tokenBegin[node], tokenBegin[node + 1])) {
        if (state !== DEAD) found.set(token, state);
      }
      const bytes = levels[depth + 1]?.byte.subarray(childBegin[node], childBegin[node + 1]) ?? [];
      for (const byte of bytes) following.push(machine.step(state, byte));
    });
    here = following;
  });
  return found;
}

/** Random answers of some tokens, and their bytes before each. */
function* places(constraint: Constraint): Generator<readonly [Matcher, readonly number[]]> {
  const next = random(9);
  for (let answer = 0; answer < 4; answer += 1) {
    const matcher = new Matcher(constraint);
    const said: number[] = [];
    for (let step = 0; step < 10 && !matcher.ended; step += 1) {
      yield [matcher, said];
      const allowed = tokensOf(matcher.mask(), all.length);
      const token = allowed[Math.floor(next() * allowed.length)] ?? END;
      expect(matcher.advance(token)).toBe(true);
      said.push(...(all[token] ?? []));
    }
  }
}

function after(machine: Machine, bytes: Iterable<number>, from = machine.begin()): number {
  let state = from;
  for (const byte of bytes) state = machine.step(state, byte);
  return state;
}

describe("a folded trie", () => {
  it.each(GRAMMARS)("has tokens come to the same states: %s", (_, grammar) => {
    const constraint = constraintOf(grammar, vocabulary);
    const levels = folded(vocabulary, constraint.machine.pushdown);
    for (const [, said] of places(constraint)) {
      const state = after(constraint.machine, said);
      const whole = [...states(constraint, vocabulary.levels, state)].sort(([a], [b]) => a - b);
      expect([...states(constraint, levels, state)].sort(([a], [b]) => a - b)).toEqual(whole);
    }
  });

  it.each(GRAMMARS)("makes the masks of tokens tried one by one: %s", (_, grammar) => {
    const constraint = constraintOf(grammar, vocabulary);
    let most = 0;
    for (const [matcher, said] of places(constraint)) {
      const machine = new Machine(prepare(grammar));
      const state = after(machine, said);
      const wanted = [...all.keys()].filter((token) =>
        token === END ? machine.ends[state] : after(machine, all[token] ?? [], state) !== DEAD,
      );
      expect(tokensOf(matcher.mask(), all.length)).toEqual(wanted);
      most = Math.max(most, constraint.masks.walks);
    }
    expect(most).toBeGreaterThan(1); // the first walk is never over a folded trie
  });

  it("has few prefixes where a grammar tells few apart", () => {
    const count = (levels: readonly Level[]): number => levels.reduce((sum, { byte }) => sum + byte.length, 0);
    const few = folded(vocabulary, constraintOf(regexGrammar(".{0,20}"), vocabulary).machine.pushdown);
    expect(count(few)).toBeLessThan(count(vocabulary.levels) / 4);
  });

  it("has the tokens of nodes where many end as bits", () => {
    const [, letters] = folded(vocabulary, constraintOf(regexGrammar("[a-z]*"), vocabulary).machine.pushdown);
    const bits = letters?.many?.get(0);
    expect(bits && tokensOf(bits, all.length)).toEqual(LETTERS.map((letter) => 1 + letter.charCodeAt(0)));
  });
});
