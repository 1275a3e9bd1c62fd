/** Coded rows of activations in golden tiles: 32 values as one or two signed bytes each, and a scale. */

import type { CheckOutput } from "../artifact/schema.js";

const [GROUP, VECTOR_BYTES, CODE_PARTS] = [32, 16, 256];
/** How much more than a group's step a value may be off, and by how much the sum of its squares. */
const [STEP_MARGIN, SQUARES_RELATIVE, SQUARES_ABSOLUTE] = [1.01, 1e-4, 1e-4];

interface Group {
  readonly values: readonly number[];
  readonly scale: number;
  /** Whether the stored sum is that of the codes, as kernels rely on. */
  readonly summed: boolean;
  readonly squares: number;
}

/**
 * Whether a coded row stands for what is wanted. Values may be off by a step of their group, since a sum that
 * is a little larger may be rounded to the next code. Groups whose wanted scale is no number are not
 * compared.
 */
export function codesMatch(got: Uint8Array, wanted: Uint8Array, output: CheckOutput): boolean {
  const { relative, absolute } = output;
  const terms = output.element === "coded1" ? 1 : 2;
  const groups = wanted.byteLength / (VECTOR_BYTES * (2 * terms + 1));
  return Array.from({ length: groups }, (_, at) => at).every((at) => {
    const [mine, right] = [group(got, at, groups, terms), group(wanted, at, groups, terms)];
    if (Number.isNaN(right.scale)) return true;
    const near = right.values.every((value, index) => {
      const off = Math.abs((mine.values[index] ?? NaN) - value);
      return off <= absolute + STEP_MARGIN * right.scale + relative * Math.abs(value);
    });
    const squares = Math.abs(mine.squares - right.squares);
    const most = absolute + SQUARES_ABSOLUTE + (relative + SQUARES_RELATIVE) * right.squares;
    return near && mine.summed && squares <= most;
  });
}

/** The values that a coded row stands for, and with each how far it may be off by its codes alone. */
export function codedValues(data: Uint8Array, output: CheckOutput): { value: number; step: number }[] {
  const terms = output.element === "coded1" ? 1 : 2;
  const groups = data.byteLength / (VECTOR_BYTES * (2 * terms + 1));
  return Array.from({ length: groups }, (_, at) => group(data, at, groups, terms)).flatMap(
    ({ values, scale }) => values.map((value) => ({ value, step: STEP_MARGIN * scale })),
  );
}

function group(data: Uint8Array, at: number, groups: number, terms: number): Group {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const vector = (plane: number): number => VECTOR_BYTES * (plane * groups + at);
  const term = (number: number, element: number): number =>
    view.getInt8(vector(2 * number + (element >> 4)) + (element & 15));
  const codes = Array.from({ length: GROUP }, (_, element) =>
    terms === 1 ? term(0, element) : term(0, element) * CODE_PARTS + term(1, element),
  );
  const factors = vector(2 * terms);
  const scale = view.getFloat32(factors, true);
  const sum = codes.reduce((total, code) => total + code, 0);
  return {
    values: codes.map((code) => code * scale),
    scale,
    summed: sum === view.getInt32(factors + 4, true),
    squares: view.getFloat32(factors + 8, true),
  };
}
