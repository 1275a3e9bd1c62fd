/** Regular expressions by the vectors that both engines share, and masks against one token at a time. */

import { describe, expect, it } from "vitest";
import { Matcher } from "../../src/grammar/matcher.js";
import { GrammarError } from "../../src/grammar/refusal.js";
import { regexGrammar } from "../../src/grammar/regular.js";
import {
  accepts, constraintOf, END, pieces, random, tokensOf, vectors, vocabularyOf, walked,
} from "./grammar_vocabularies.js";

interface Case {
  readonly pattern: string;
  readonly yes: readonly string[];
  readonly no: readonly string[];
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

describe("a regular expression", () => {
  const cases = vectors<Case>("regex").map((each) => [each.pattern, each] as const);
  it.each(cases)("matches: %s", (pattern, { yes, no }) => {
    const grammar = regexGrammar(pattern);
    expect(yes.filter((text) => !accepts(grammar, text))).toEqual([]);
    expect(no.filter((text) => accepts(grammar, text))).toEqual([]);
  });

  const refused = vectors<{ pattern: string; reason: string }>("regex_refused");
  it.each(refused.map(({ pattern, reason }) => [pattern.slice(0, 40), pattern, reason] as const))(
    "is refused: %s",
    (_, pattern, reason) => {
      expect(refusal(() => regexGrammar(pattern)).reason).toContain(reason);
    },
  );

  it("is refused with the place, in characters", () => {
    const error = refusal(() => regexGrammar("😀(?=a)"));
    expect(error.where).toBe("regex: character 2");
    expect(error.message).toBe("regex: character 2: lookahead is not supported");
  });

  it("is refused where its automaton is too large", () => {
    for (const pattern of [".*a.{20}", "(?:(?:a{0,100}){0,100}){0,100}", "(?:.{0,9999}){9999}"]) {
      expect(refusal(() => regexGrammar(pattern)).reason).toContain("too large");
    }
  });
});

describe("masks", () => {
  const all = pieces();
  const vocabulary = vocabularyOf(all);

  it.each(["(?:ab|ba)*c?", "é{2}|日本.", "\\d{1,4}", "[^a]*", "(?:aab|abc|cb){1,3}"])(
    "are what one token at a time gives: %s",
    (pattern) => {
      const constraint = constraintOf(regexGrammar(pattern), vocabulary);
      const next = random(7);
      for (let walk = 0; walk < 4; walk += 1) {
        const matcher = new Matcher(constraint);
        let said = new Uint8Array(0);
        for (let step = 0; step < 8 && !matcher.ended; step += 1) {
          const allowed = tokensOf(matcher.mask(), vocabulary.size);
          const alone = [...all.keys()].filter((token) => {
            const other = new Matcher(constraint);
            return other.advanceBytes(said) && other.advance(token);
          });
          expect(allowed).toEqual(alone);
          const token = allowed[Math.floor(next() * allowed.length)] ?? END;
          expect(matcher.advance(token)).toBe(true);
          said = Uint8Array.of(...said, ...(token === END ? [] : (all[token] ?? [])));
        }
      }
    },
  );

  it("lead every walk to a text that matches", () => {
    const next = random(3);
    for (const pattern of ["(?:ab|ba)*c?", "\\d{2}-[a-c]{1,3}", "(?:é|日本)+x", "[^\\d]{0,9}z"]) {
      const constraint = constraintOf(regexGrammar(pattern), vocabulary);
      for (let count = 0; count < 30; count += 1) {
        const said = walked(new Matcher(constraint), vocabulary, next);
        expect(new TextDecoder("utf-8", { fatal: true }).decode(said)).toMatch(new RegExp(`^(?:${pattern})$`, "u"));
      }
    }
  });

  it("are computed once", () => {
    const constraint = constraintOf(regexGrammar("(?:ab|b){5}"), vocabulary);
    walked(new Matcher(constraint), vocabulary, random(1));
    const { walks } = constraint.masks;
    expect(walks).toBeGreaterThan(0);
    walked(new Matcher(constraint), vocabulary, random(1));
    expect(constraint.masks.walks).toBe(walks);
  });

  it("leave out what no single bytes can finish", () => {
    const without = all.filter((piece) => !(piece.length === 1 && piece[0] === 0x63)); // no "c" of its own
    const constraint = constraintOf(regexGrammar("a(?:bc|d)"), vocabularyOf(without));
    const matcher = new Matcher(constraint);
    expect(matcher.advanceBytes(Uint8Array.of(0x61))).toBe(true);
    const allowed = tokensOf(matcher.mask(), without.length).map((id) => String.fromCharCode(...(without[id] ?? [])));
    expect(allowed).toEqual(["d"]);
    expect(refusal(() => constraintOf(regexGrammar("c"), vocabularyOf(without))).reason).toContain("model's tokens");
  });

  it("take no space at the start that the decoder would drop", () => {
    const spaces = [...all.keys()].filter((id) => all[id]?.[0] === 0x20);
    const dropping = vocabularyOf(all, spaces);
    const constraint = constraintOf(regexGrammar(" ?a"), dropping);
    expect(tokensOf(new Matcher(constraint).mask(), all.length)).toEqual([1 + 0x61]);
    const kept = tokensOf(new Matcher(constraint, { dropsSpace: false }).mask(), all.length);
    expect(kept).toContain(1 + 0x20);
    const always = constraintOf(regexGrammar(" a"), dropping);
    expect(refusal(() => new Matcher(always)).reason).toContain("begins with a space");
  });

  it("need a token that ends an answer", () => {
    expect(refusal(() => constraintOf(regexGrammar("a"), vocabularyOf([]))).reason).toContain("no token that ends");
  });
});
