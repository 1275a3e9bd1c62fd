/** JSON schemas by the vectors that both engines share, hostile ones, and answers that are drawn at random. */

import { describe, expect, it, vi } from "vitest";
import { ForcedTokens } from "../../src/grammar/ahead.js";
import { decimalOf, truncated } from "../../src/grammar/decimal.js";
import { Dfa, fromTree, intersection } from "../../src/grammar/dfa.js";
import type { Grammar } from "../../src/grammar/grammar.js";
import { oneOf } from "../../src/grammar/join.js";
import { jsonSchemaGrammar } from "../../src/grammar/json/schema.js";
import type { Placed, Strings } from "../../src/grammar/json/shape.js";
import { jsonGrammar, type Json } from "../../src/grammar/json/text.js";
import { Automata, Fitting } from "../../src/grammar/json/values.js";
import { Matcher } from "../../src/grammar/matcher.js";
import { prepare } from "../../src/grammar/pushdown.js";
import { GrammarError } from "../../src/grammar/refusal.js";
import { parseRegex } from "../../src/grammar/regex.js";
import { regexGrammar } from "../../src/grammar/regular.js";
import { Stacks } from "../../src/grammar/stacks.js";
import {
  accepts, constraintOf, pieces, random, vectorFile, vectors, vocabularyOf, walked,
} from "./grammar_vocabularies.js";

interface Case {
  readonly name: string;
  readonly schema: Json;
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

describe("grammars put together", () => {
  const cases = vectors<Omit<Case, "schema"> & { texts: readonly (readonly [string, Json, string])[] }>("joined");
  it.each(cases.map((each) => [each.name, each] as const))("accept one of several texts: %s", (_, each) => {
    const framed = each.texts.map(([before, schema, after]) => [before, jsonSchemaGrammar(schema), after] as const);
    const grammar = oneOf(framed, "texts");
    expect(each.yes.filter((text) => !accepts(grammar, text))).toEqual([]);
    expect(each.no.filter((text) => accepts(grammar, text))).toEqual([]);
  });
});

describe("a JSON schema", () => {
  const cases = vectors<Case>("json_schema");
  it.each(cases.map((each) => [each.name, each] as const))("has answers: %s", (_, { schema, yes, no }) => {
    const grammar = jsonSchemaGrammar(schema);
    expect(yes.filter((text) => !accepts(grammar, text))).toEqual([]);
    expect(no.filter((text) => accepts(grammar, text))).toEqual([]);
  });

  const refused = vectors<{ schema: Json; reason: string; place: string }>("json_schema_refused");
  it.each(refused.map((each) => [`${each.place} ${each.reason}`, each] as const))(
    "is refused: %s",
    (_, { schema, reason, place }) => {
      const error = refusal(() => jsonSchemaGrammar(schema, "response_format"));
      expect(error.reason).toContain(reason);
      expect(error.where).toBe(`response_format: ${place}`);
      expect(error.message).toBe(`${error.where}: ${error.reason}`);
    },
  );

  it.each<Json>([
    false,
    { type: "string", enum: [1] },
    { allOf: [{ type: "string" }, { type: "null" }] },
    { type: "integer", minimum: 3, maximum: 2 },
    { type: "object", properties: { a: false }, required: ["a"] },
    { type: "array", items: { $ref: "#" }, minItems: 1 },
  ])("that nothing satisfies is refused: %j", (schema) => {
    expect(refusal(() => prepare(jsonSchemaGrammar(schema))).reason).toContain("no text at all fits");
  });

  it.each([NaN, Infinity])("holds no number %d", (minimum) => {
    expect(refusal(() => jsonSchemaGrammar({ minimum })).reason).toContain("no JSON");
  });

  it("may have any names, those of JavaScript's own objects, too", () => {
    const schema = JSON.parse('{"properties": {"__proto__": {"const": 1}, "toString": {"const": 2}}}') as Json;
    const grammar = jsonSchemaGrammar(schema);
    expect(accepts(grammar, '{"__proto__":1,"toString":2}')).toBe(true);
    expect(accepts(grammar, '{"__proto__":2}')).toBe(false);
    const error = refusal(() => jsonSchemaGrammar({ toString: 1 }));
    expect(error.reason).toBe("the keyword 'toString' is not supported");
    expect(refusal(() => jsonSchemaGrammar({ $ref: "#/toString" })).reason).toContain("not there");
  });
});

describe("a hostile schema", () => {
  const nested = (depth: number): Json => {
    let inner: Json = {};
    for (let at = 0; at < depth; at += 1) inner = { items: inner };
    return inner;
  };
  const twice = (count: number): Json => ({
    $defs: Object.fromEntries(
      Array.from({ length: count }, (_, at) => [
        `d${at}`,
        { anyOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
      ]),
    ),
    $ref: "#/$defs/d0",
  });
  const many = (count: number, of: (at: number) => Json): Json[] =>
    Array.from({ length: count }, (_, at) => of(at));

  it.each<readonly [string, Json]>([
    ["nested deeply", nested(5_000)],
    ["references in a circle", { $ref: "#" }],
    ["a long chain", twice(300)],
    ["alternatives of alternatives", { allOf: many(12, () => ({ anyOf: many(4, (at) => ({ minimum: at })) })) }],
    ["many values", { enum: many(250_000, (at) => at) }],
    ["a large pattern", { type: "string", pattern: "(?:.*a){9}.{40}" }],
    ["many patterns", { type: "string", allOf: many(60, (at) => ({ pattern: `a{${at}}b.*c` })) }],
    ["large counts", { type: "array", minItems: 1e300, maxItems: 1e301 }],
    ["many properties with counts", {
      type: "object", minProperties: 50, maxProperties: 900,
      properties: Object.fromEntries(many(300, (at) => String(at)).map((name) => [name as string, {}])),
    }],
    ["long strings in a long list", {
      type: "array", maxItems: 1000, items: { type: "string", minLength: 4000, pattern: "a" },
    }],
    ["a surrogate", { const: "\ud800" }],
  ])("is refused or done: %s", (_, schema) => {
    try {
      prepare(jsonSchemaGrammar(schema));
    } catch (error) {
      expect(error).toBeInstanceOf(GrammarError);
    }
  });

  it("has bounds of any size", () => {
    for (const bound of [1e-14, 1e-7, 1e39, 0.1, -1e21, 123456789012345680]) {
      for (const type of ["integer", "number"]) {
        if (type === "integer" ? !Number.isInteger(bound) : Math.abs(bound) > 1e15) continue;
        const grammar = jsonSchemaGrammar({ type, minimum: bound, maximum: bound });
        const written = String(truncated(decimalOf(bound)));
        expect(accepts(grammar, written), `${type} ${bound}`).toBe(Number.isInteger(bound));
        expect(accepts(grammar, `${written}1`)).toBe(false);
      }
    }
  });
});

describe("alternatives that begin alike", () => {
  const expression = { $ref: "#/$defs/expression" };
  const operation = (operator: string): Json => ({
    type: "object",
    properties: { left: expression, right: expression, operator: { const: operator } },
    required: ["left", "right", "operator"],
  });
  const anyOf = [{ const: 1 }, ...["a", "b", "c", "d"].map(operation)];
  const schema = { $defs: { expression: { anyOf } }, ...expression };
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  it("nest at any depth, in states of their own at none", () => {
    const constraint = constraintOf(jsonSchemaGrammar(schema), vocabularyOf(pieces()));
    const [shallow, deep] = [new Matcher(constraint), new Matcher(constraint)];
    expect(shallow.advanceBytes(bytes('{"left":'.repeat(5)))).toBe(true);
    const wanted = shallow.mask();
    const states = constraint.machine.configurations.length;
    expect(deep.advanceBytes(bytes('{"left":'.repeat(200)))).toBe(true);
    expect(deep.mask()).toEqual(wanted);
    expect(constraint.machine.configurations.length).toBe(states);
    expect(deep.advanceBytes(bytes("1"))).toBe(true);
    for (let level = 0; level < 200; level += 1) {
      expect(deep.mayEnd).toBe(false);
      expect(deep.advanceBytes(bytes(`,"right":1,"operator":"${"abcd"[level % 4]}"}`))).toBe(true);
    }
    expect(deep.mayEnd).toBe(true);
  });

  it("have sets of stacks that are bounded in number", () => {
    const stacks = new Stacks(new Float64Array(9), 20);
    const grow = (): void => {
      for (let stack = 0, at = 1; ; at += 1) stack = stacks.union(stacks.push(at % 9, stack), stacks.push(1, stack));
    };
    expect(refusal(grow).reason).toContain("too many ways");
  });
});

describe("the cost of a schema", () => {
  it("has a bound for all of its automata together, also where nothing is left of them", () => {
    const strings = (at: number): Strings => {
      const patterns = ["^b", `^a.*${at}a.{5}$`].map((text): Placed => [text, "test"]);
      return { least: 0, most: null, patterns, formats: [] };
    };
    const automata = new Automata(20_000);
    for (let at = 0; at < 3; at += 1) expect(automata.strings(strings(at), "test").never).toBe(true);
    const all = (): void => {
      for (let at = 0; at < 100; at += 1) automata.strings(strings(at), "test");
    };
    expect(refusal(all).reason).toContain("too many, or their patterns too large");
  });

  it("compares listed values once for each place", () => {
    // Two ways on at every level would make as many ways in all as two to the power of the depth.
    const looked = vi.spyOn(Fitting.prototype, "fits");
    const item = { type: "array", items: { $ref: "#/$defs/t" } };
    let value: Json = 5;
    for (let depth = 0; depth < 40; depth += 1) value = [value];
    const $defs = { t: { anyOf: [item, { ...item, minItems: 1 }] } };
    jsonSchemaGrammar({ $defs, allOf: [{ $ref: "#/$defs/t" }, { enum: [value] }] });
    expect(looked.mock.calls.length).toBeGreaterThan(40);
    expect(looked.mock.calls.length).toBeLessThan(400);
    looked.mockRestore();
  });

  it("intersects wide classes in one pass", () => {
    const every = (step: number): string =>
      String.fromCharCode(...Array.from({ length: 4_000 }, (_, at) => 0x4e00 + step * at));
    const automatonOf = (text: string): Dfa => fromTree(parseRegex(`[${text}]{2}`, "test"), "test");
    const [a, b] = [automatonOf(every(2)), automatonOf(every(4))];
    let compared = 0;
    const counting = a.edges.map((edges) =>
      new Proxy(edges, { get: (target, name) => ((compared += 1), Reflect.get(target, name) as unknown) }),
    );
    expect(intersection(new Dfa(counting, a.accepting), b, "test").accepts("\u4e04\u4e04")).toBe(true);
    const edges = [...a.edges, ...b.edges].reduce((sum, own) => sum + own.length, 0);
    expect(compared).toBeGreaterThan(0);
    expect(compared).toBeLessThan(3 * edges);
  });
});

describe("JSON mode", () => {
  it("is any object, and with objectsOnly false any value", () => {
    const any = jsonGrammar({ objectsOnly: false });
    expect(accepts(jsonGrammar(), '{"a": {"b": [1.5e3, null, "x"]}}')).toBe(true);
    expect(accepts(jsonGrammar(), "[]")).toBe(false);
    expect(accepts(any, "[]")).toBe(true);
  });

  it("has bounded white space", () => {
    const grammar = jsonSchemaGrammar({ type: "array", items: { const: 1 } });
    expect(accepts(grammar, `[\n${" ".repeat(20)}1]`)).toBe(true);
    expect(accepts(grammar, `[\n${" ".repeat(21)}1]`)).toBe(false);
    const refused = [" []", "[] ", "[  1]", "[1 ,1]", "[\n\n1]", "[\t1]"];
    expect(refused.filter((text) => accepts(grammar, text))).toEqual([]);
  });
});

describe("random answers", () => {
  const vocabulary = vocabularyOf(pieces());
  const answersOf = (grammar: Grammar, count: number, next: () => number): string[] => {
    const constraint = constraintOf(grammar, vocabulary);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const answer = (): Uint8Array => walked(new Matcher(constraint), vocabulary, next);
    return Array.from({ length: count }, () => decoder.decode(answer()));
  };

  it("are JSON, and of the grammar", () => {
    const next = random(11);
    for (const text of answersOf(jsonGrammar(), 40, next)) {
      const value: unknown = JSON.parse(text);
      expect(typeof value === "object" && value !== null && !Array.isArray(value)).toBe(true);
    }
    for (const { schema } of [...vectors<{ schema: Json }>("answers"), ...vectors<Case>("json_schema")]) {
      const grammar = jsonSchemaGrammar(schema);
      for (const text of answersOf(grammar, 3, next)) {
        JSON.parse(text);
        expect(accepts(grammar, text)).toBe(true);
      }
    }
  });

  it("share states and masks, however deeply they are nested", () => {
    const constraint = constraintOf(jsonGrammar({ objectsOnly: false }), vocabulary);
    const walksAt = (depth: number): number => {
      const matcher = new Matcher(constraint);
      for (let at = 0; at < depth; at += 1) expect(matcher.advanceBytes(Uint8Array.of(0x5b))).toBe(true);
      matcher.mask();
      return constraint.masks.walks;
    };
    const shallow = walksAt(5);
    expect(walksAt(300)).toBeLessThanOrEqual(shallow + 2);
  });
});

describe("tokens that a grammar forces", () => {
  interface Forced {
    readonly pattern: string;
    readonly words: readonly string[];
    readonly said: string;
    readonly most: number;
    readonly forced: string;
    readonly taken: readonly number[];
  }

  /** The native tests' vocabulary: the end, markup, every byte, words, and the first of them twice. */
  function listed(words: readonly string[]): Uint8Array[] {
    const all = words.map((word) => new TextEncoder().encode(word));
    const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
    return [new Uint8Array(0), new Uint8Array(0), ...bytes, ...all, ...all.slice(0, 1)];
  }

  /** A tokenizer that takes the longest token that fits. */
  function longestFirst(all: readonly Uint8Array[]): (text: string) => number[] {
    const order = all.map((_, id) => id).slice(2).sort((a, b) => (all[b]?.length ?? 0) - (all[a]?.length ?? 0) || a - b);
    return (text) => {
      let data = Buffer.from(text);
      const found: number[] = [];
      while (data.length) {
        const id = order.find((each) => data.subarray(0, all[each]?.length).equals(all[each] ?? data)) ?? 0;
        found.push(id);
        data = data.subarray(all[id]?.length);
      }
      return found;
    };
  }

  const cases = vectors<Forced>("ahead").map((each) => [each.pattern, each] as const);
  it.each(cases)("are the native ones: %s", (_, { pattern, words, said, most, forced, taken }) => {
    const all = listed(words);
    const constraint = constraintOf(regexGrammar(pattern), vocabularyOf(all));
    const matcher = new Matcher(constraint);
    const before = Buffer.from(said, "hex");
    expect(matcher.advanceBytes(before)).toBe(true);
    expect(Buffer.from(matcher.forcedBytes()).toString("hex")).toBe(forced);
    const last = 2 + (before.at(-1) ?? 0);
    expect(new ForcedTokens(longestFirst(all), constraint.vocabulary).take(matcher, last, most)).toEqual(taken);
    const left = Buffer.concat(taken.map((id) => all[id] ?? new Uint8Array(0))).length;
    expect(Buffer.from(matcher.forcedBytes()).toString("hex")).toBe(forced.slice(2 * left));
  });
});

describe("masks of schemas", () => {
  interface Walk {
    readonly schema: Json;
    readonly before?: string;
    readonly walk: readonly (readonly [mask: string, token: number])[];
  }

  const { cases, pieces: listed = [] } = vectorFile<Walk>("masks");
  const own = vocabularyOf(listed.map((hex) => Uint8Array.from(Buffer.from(hex, "hex"))));

  const named = cases.map((each) => [each.schema, each] as const);
  it.each(named)("are the native ones, at every step: %j", (_, { schema, before = "", walk }) => {
    const matcher = new Matcher(constraintOf(jsonSchemaGrammar(schema), own));
    expect(matcher.advanceBytes(new TextEncoder().encode(before))).toBe(true);
    for (const [mask, token] of walk) {
      expect(Buffer.from(matcher.mask().buffer).toString("hex")).toBe(mask);
      expect(matcher.advance(token)).toBe(true);
    }
  });
});
