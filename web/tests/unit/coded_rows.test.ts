/** Coded rows of golden tiles, compared by what they stand for. */

import { describe, expect, it } from "vitest";

import type { CheckOutput } from "../../src/artifact/schema.js";
import { matches } from "../../src/gpu/goldenTiles.js";

const GROUPS = 2;

/** A row of two groups of two terms whose numbers are 256 * code + rest. */
function row(changes: { code?: number; rest?: number; scale?: number; sum?: number; squares?: number } = {}): Uint8Array {
  const view = new DataView(new ArrayBuffer(16 * GROUPS * 5));
  for (let group = 0; group < GROUPS; group++) {
    let sum = 0;
    for (let element = 0; element < 32; element++) {
      const first = group === 0 && element === 5;
      const code = first ? (changes.code ?? 7) : element - 16;
      const rest = first ? (changes.rest ?? -3) : element;
      const at = (plane: number): number => 16 * (plane * GROUPS + group) + (element & 15);
      view.setInt8(at(element >> 4), code);
      view.setInt8(at(2 + (element >> 4)), rest);
      sum += 256 * code + rest;
    }
    const factors = 16 * (4 * GROUPS + group);
    view.setFloat32(factors, group === 0 ? (changes.scale ?? 0.5) : 0.25, true);
    view.setInt32(factors + 4, group === 0 ? (changes.sum ?? sum) : sum, true);
    view.setFloat32(factors + 8, group === 0 ? (changes.squares ?? 3) : 4, true);
  }
  return new Uint8Array(view.buffer);
}

const output = { element: "coded2", relative: 0, absolute: 1e-6 } as CheckOutput;

describe("coded rows", () => {
  it("may be a step of their group away", () => {
    expect(matches(row(), row(), output)).toBe(true);
    expect(matches(row({ rest: -2 }), row(), output)).toBe(true);
    expect(matches(row({ rest: -1 }), row(), output)).toBe(false);
    expect(matches(row({ code: 8 }), row(), output)).toBe(false);
  });

  it("have the sum of their codes beside them, and the squares", () => {
    expect(matches(row({ sum: 1 }), row(), output)).toBe(false);
    expect(matches(row({ squares: 3.1 }), row(), output)).toBe(false);
    expect(matches(row({ scale: 0.6 }), row(), output)).toBe(false);
  });

  it("are not compared where no scale is wanted", () => {
    expect(matches(row({ code: 90, squares: 9 }), row({ scale: NaN }), output)).toBe(true);
  });
});
