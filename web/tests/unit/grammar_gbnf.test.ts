/** GBNF by the vectors that both engines share. */

import { describe, expect, it } from "vitest";
import { gbnfGrammar } from "../../src/grammar/gbnf.js";
import { Matcher } from "../../src/grammar/matcher.js";
import { prepare } from "../../src/grammar/pushdown.js";
import { GrammarError } from "../../src/grammar/refusal.js";
import { accepts, constraintOf, pieces, random, vectors, vocabularyOf, walked } from "./grammar_vocabularies.js";

interface Case {
  readonly name: string;
  readonly grammar: string;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

interface Refused {
  readonly grammar: string;
  readonly reason: string;
  /** "" where it is no line's fault; none where it is refused only when it is made ready. */
  readonly line?: string;
}

function refusal(make: () => unknown): GrammarError {
  try {
    make();
  } catch (error) {
    if (error instanceof GrammarError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

describe("GBNF", () => {
  const cases = vectors<Case>("gbnf");
  it.each(cases.map((each) => [each.name, each] as const))("is read: %s", (_, { grammar: source, yes, no }) => {
    const grammar = gbnfGrammar(source);
    expect(yes.filter((text) => !accepts(grammar, text))).toEqual([]);
    expect(no.filter((text) => accepts(grammar, text))).toEqual([]);
  });

  const refused = vectors<Refused>("gbnf_refused");
  it.each(refused.map((each) => [each.grammar.slice(0, 40), each] as const))(
    "is refused: %s",
    (_, { grammar: source, reason, line }) => {
      const made = (): unknown => {
        const grammar = gbnfGrammar(source);
        return line === undefined ? prepare(grammar) : grammar;
      };
      const error = refusal(made);
      expect(error.reason).toContain(reason);
      if (line) expect(error.where).toBe(`grammar: line ${line}`);
      else expect(error.where).toMatch(/^grammar/);
    },
  );

  it("leads every walk to a text that fits", () => {
    const vocabulary = vocabularyOf(pieces());
    const next = random(5);
    for (const { grammar: source } of cases) {
      const grammar = gbnfGrammar(source);
      const constraint = constraintOf(grammar, vocabulary);
      for (let count = 0; count < 3; count += 1) {
        const said = walked(new Matcher(constraint), vocabulary, next);
        expect(accepts(grammar, new TextDecoder("utf-8", { fatal: true }).decode(said))).toBe(true);
      }
    }
  });

  it.each([
    `root ::= ${'"a"{2000} '.repeat(200)}`,
    `root ::= ${"[a-z]".repeat(50_000)}`,
    `root ::= (((a{2000}){2000}){2000}){2000}\na ::= ${"(".repeat(90)}"x"{2000}${"){2000}".repeat(90)}`,
    `root ::= "${"a".repeat(200_000)}"`,
    'root ::= "\ud800"',
  ])("that is too large or no text is refused: %.40s", (source) => {
    expect(refusal(() => prepare(gbnfGrammar(source)))).toBeInstanceOf(GrammarError);
  });
});
