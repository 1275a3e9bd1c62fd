/** Results that are no numbers end an answer with an error, as in the native runtime. */

import { KernelcError } from "../artifact/errors.js";

/** Check the score of id 0, where that id was sampled: were it no number, none would be. */
export function checkScore(score: number, position: number): void {
  if (!(score > -Infinity)) throw noNumbers(position, "scores"); // so for NaN, too
}

/**
 * Check a row of results (`what`: "scores") for the token at a position.
 *
 * @throws KernelcError "bad-artifact" where one is no number, or infinite.
 */
export function checkRow(row: Float32Array, position: number, what: string): void {
  if (!row.every(Number.isFinite)) throw noNumbers(position, what);
}

function noNumbers(position: number, what: string): KernelcError {
  const help =
    "the weights are damaged, or a value overflows on this device: `kernelc generate` with this artifact " +
    "names the kernel and the layer where it begins; build with --kv f32, or with --quant f32";
  const message = `the model's ${what} for token ${position} are no numbers`;
  return new KernelcError("bad-artifact", message, { help });
}
