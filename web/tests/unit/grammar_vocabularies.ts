/** Small vocabularies, texts against grammars, and random walks through masks. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Grammar } from "../../src/grammar/grammar.js";
import { DEAD, Machine } from "../../src/grammar/machine.js";
import { Constraint, isAllowed, type Matcher } from "../../src/grammar/matcher.js";
import { prepare } from "../../src/grammar/pushdown.js";
import { Vocabulary } from "../../src/grammar/vocabulary.js";

const utf8 = new TextEncoder();

/** A file that both engines are held to. */
export function vectorFile<Case>(name: string): {
  readonly cases: readonly Case[];
  readonly pieces?: readonly string[];
} {
  const path = resolve(import.meta.dirname, "../../../tests/grammar/vectors", `${name}.json`);
  return JSON.parse(readFileSync(path, "utf-8")) as { cases: Case[] };
}

export function vectors<Case>(name: string): readonly Case[] {
  return vectorFile<Case>(name).cases;
}

export function accepts(grammar: Grammar, text: string): boolean {
  const machine = new Machine(prepare(grammar));
  let state = machine.begin();
  for (const byte of utf8.encode(text)) state = machine.step(state, byte);
  return state !== DEAD && machine.ends[state] === 1;
}

/** The only token of the end. */
export const END = 0;

/** Tokens that cross what grammars are made of, as those of models do. */
const WORDS = [
  "ab", "ba", "aab", "abc", "cb", '{"', '":', '","', '"]', "]}", "}}", "[[", "[]", "{}", ", ", '": "', "],[",
  "tr", "true", "alse", "null", "12", "0.", "-1", "e1", "\n  ", "  ", "é", "日本", '\\"', "\\n", "\\u00", "-0",
  " a", " [", ' "', '"a', "}, {", "1}", "aaaaaaaa", "202", "-0", "T1", ":0",
];

/** Every byte, and words that cross what grammars are made of. */
export function pieces(): Uint8Array[] {
  const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  return [new Uint8Array(0), ...bytes, ...WORDS.map((word) => utf8.encode(word))];
}

export function vocabularyOf(all: readonly Uint8Array[], droppable: Iterable<number> = []): Vocabulary {
  return new Vocabulary(all.length, (id) => all[id] ?? new Uint8Array(0), { excluded: [END], droppable });
}

export function constraintOf(grammar: Grammar, vocabulary = vocabularyOf(pieces())): Constraint {
  return new Constraint(grammar, vocabulary, [END]);
}

/** The tokens that a mask has. */
export function tokensOf(mask: Uint32Array, size: number): number[] {
  return Array.from({ length: size }, (_, id) => id).filter((id) => isAllowed(mask, id));
}

/** Random numbers from 0 to 1 that are the same at every run (a linear congruential generator). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Draw tokens by masks until the end, by the shortest way after `most` of them; the text's bytes. */
export function walked(matcher: Matcher, vocabulary: Vocabulary, next: () => number, most = 60): Uint8Array {
  const said: number[] = [];
  for (let count = 0; !matcher.ended && count < most; count += 1) {
    const allowed = tokensOf(matcher.mask(), vocabulary.size);
    const token = allowed[Math.floor(next() * allowed.length)];
    if (token === undefined) throw new Error("a dead end");
    if (!matcher.advance(token)) throw new Error(`${token} was allowed and is not taken`);
    if (token !== END) said.push(...vocabulary.piece(token));
  }
  if (!matcher.ended) {
    const rest = matcher.shortestEnd();
    if (!matcher.advanceBytes(rest) || !matcher.advance(END)) throw new Error("the end was not taken");
    said.push(...rest);
  }
  return Uint8Array.from(said);
}
