/** By how much what a kernel computed differs from what is wanted, in numbers. */

import type { CheckOutput } from "../../artifact/schema.js";
import { codedValues } from "../../gpu/codedRows.js";
import { matches, numbers } from "../../gpu/goldenTiles.js";

/** The first number that is wrong: of which binding, and at which element of it. */
export interface FirstWrong {
  readonly binding: number;
  readonly element: number;
  readonly got: number;
  readonly wanted: number;
}

export interface Comparison {
  readonly right: boolean;
  /** Numbers that were compared, and how many of them are outside of the tolerance. */
  readonly count: number;
  readonly wrong: number;
  readonly maxAbsolute: number;
  /** Over numbers that are not zero. */
  readonly maxRelative: number;
  readonly first: FirstWrong | null;
}

/** Compare the parts of outputs with what a tile wants, each within its own tolerance. */
export function compare(
  got: readonly Uint8Array[],
  wanted: readonly Uint8Array[],
  outputs: readonly CheckOutput[],
): Comparison {
  let found: Comparison = { right: true, count: 0, wrong: 0, maxAbsolute: 0, maxRelative: 0, first: null };
  outputs.forEach((output, at) => {
    const one = compareOutput(got[at] ?? new Uint8Array(), wanted[at] ?? new Uint8Array(), output);
    found = {
      right: found.right && one.right,
      count: found.count + one.count,
      wrong: found.wrong + one.wrong,
      maxAbsolute: larger(found.maxAbsolute, one.maxAbsolute),
      maxRelative: larger(found.maxRelative, one.maxRelative),
      first: found.first ?? one.first,
    };
  });
  return found;
}

function compareOutput(got: Uint8Array, wanted: Uint8Array, output: CheckOutput): Comparison {
  const pairs = values(got, wanted, output);
  let [wrong, maxAbsolute, maxRelative] = [0, 0, 0];
  let first: FirstWrong | null = null;
  pairs.forEach(({ mine, right, most }, at) => {
    if (mine === right || (Number.isNaN(mine) && Number.isNaN(right))) return;
    const off = Math.abs(mine - right);
    maxAbsolute = larger(maxAbsolute, off);
    if (right !== 0) maxRelative = larger(maxRelative, off / Math.abs(right));
    if (off <= most && Number.isFinite(right)) return;
    wrong += 1;
    first ??= { binding: output.binding, element: elementOf(output, at), got: mine, wanted: right };
  });
  // The verdict is the self-check's; a coded row is also held to the sums that stand beside its codes.
  const right = got.length === wanted.length && matches(got, wanted, output);
  return { right, count: pairs.length, wrong, maxAbsolute, maxRelative, first };
}

interface Pair {
  readonly mine: number;
  readonly right: number;
  /** How far it may be off. */
  readonly most: number;
}

function values(got: Uint8Array, wanted: Uint8Array, output: CheckOutput): Pair[] {
  const { element, relative, absolute } = output;
  if (element === "coded1" || element === "coded2") {
    const mine = codedValues(got, output);
    const compared = codedValues(wanted, output).map(({ value, step }, at) => ({
      mine: mine[at]?.value ?? NaN,
      right: value,
      most: absolute + step + relative * Math.abs(value),
    }));
    return compared.filter(({ right }) => !Number.isNaN(right)); // the reference says nothing of such groups
  }
  const mine = numbers(got, element);
  return numbers(wanted, element).map((right, at) => ({
    mine: mine[at] ?? NaN,
    right,
    most: absolute + relative * Math.abs(right),
  }));
}

/** The number of a scalar in the whole binding. */
function elementOf({ element, at }: CheckOutput, number: number): number {
  if (element === "f16pair") return at / 2 + number;
  return element === "f32" || element === "u32" ? at / 4 + number : number;
}

/** The larger one; a NaN stays one. */
function larger(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.max(a, b);
}
