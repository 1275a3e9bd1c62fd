import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  boundsOf, compileDim, type Dim, DimError, evaluateDim, freeSymbols, parseDim,
} from "../../src/artifact/dim.js";

interface Vector {
  dim: unknown;
  env: Record<string, number>;
  value: number;
}

const vectors = JSON.parse(
  readFileSync(new URL("../../../tests/ir/dim_vectors.json", import.meta.url), "utf8"),
) as Vector[];

/** A divisor must be provably positive, so every symbol of a vector is declared with its value as its bounds. */
function declared(env: Record<string, number>): Map<string, readonly [number, number]> {
  return new Map(Object.entries(env).map(([name, value]) => [name, [value, value] as const]));
}

describe("dimensions", () => {
  it.each(vectors.map((vector) => [JSON.stringify(vector.dim), vector] as const))("%s", (_, { dim, env, value }) => {
    const parsed = parseDim(dim, declared(env));
    expect(evaluateDim(parsed, env)).toBe(value);
    const [low, high] = boundsOf(parsed, declared(env));
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
  });

  it("divides large numbers exactly, where a rounded quotient would be off by one", () => {
    expect(evaluateDim(["floordiv", 9007199254740991, 2], {})).toBe(4503599627370495);
    expect(evaluateDim(["ceildiv", 9007199254740991, 2], {})).toBe(4503599627370496);
    expect(evaluateDim(["floordiv", -9007199254740991, 2], {})).toBe(-4503599627370496);
  });

  it("gives no negative zero", () => {
    for (const operation of ["floordiv", "ceildiv", "mod"] as const) {
      expect(Object.is(evaluateDim([operation, 0, 7], {}), 0)).toBe(true);
    }
    expect(Object.is(evaluateDim(["ceildiv", -1, 64], {}), 0)).toBe(true);
  });

  it.each([
    [true],
    [null],
    [1.5],
    [2 ** 53 + 2],
    ["se q"],
    [["add", 1]],
    [["pow", 1, 2]],
    [["toString", 1, 2]],
    [["floordiv", 4, 0]],
    [["mod", 4, "seq"]],
    [{ op: "add" }],
  ])("refuses %j", (json) => {
    expect(() => parseDim(json)).toThrow(DimError);
  });

  it("refuses endless nesting and endless width", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = ["add", deep, 1];
    expect(() => parseDim(deep)).toThrow("nested over 32 deep");
    const wide = (depth: number): unknown => (depth === 0 ? 1 : ["add", wide(depth - 1), wide(depth - 1)]);
    expect(() => parseDim(wide(9))).toThrow("over 256 parts");
  });

  it("knows only declared symbols", () => {
    expect(() => parseDim("batch", new Map([["seq", [1, 512]]]))).toThrow("unknown symbol batch; known are seq");
    expect(freeSymbols(["add", "seq", ["mul", "past", 2]])).toEqual(new Set(["seq", "past"]));
  });

  it("complains about missing symbols and values that a double cannot hold", () => {
    expect(() => compileDim("seq")({})).toThrow("no value for symbol seq");
    expect(() => compileDim("constructor" as Dim)({})).toThrow("no value for symbol constructor");
    expect(() => compileDim(["mul", "seq", 2 ** 52])({ seq: 4 })).toThrow("beyond 2^53");
    expect(() => compileDim(["mod", 1, "seq"])({ seq: 0 })).toThrow("must be positive");
  });
});
