/** Results that are no numbers end an answer with an error, as in the native runtime. */

import { KernelcError } from "../../artifact/errors.js";
import type { Role } from "../../artifact/schema.js";

/** Results of a role for the token at a position are no numbers; `told` says which kernel made them. */
export class NoNumbers extends KernelcError {
  constructor(
    readonly position: number,
    readonly role: Role,
    told = "",
  ) {
    const help =
      "the weights are damaged, or a value overflows: `kernelc verify` compares kernels with references; " +
      "build with --kv f32, or with --quant f32";
    const what = role === "embed" ? "hidden states" : "scores";
    const message = `the model's ${what} for token ${position} are no numbers${told && `: ${told}`}`;
    super("bad-artifact", message, { help });
  }

  /** The same error, with words on where it begins. */
  because(told: string): NoNumbers {
    return new NoNumbers(this.position, this.role, told);
  }
}

/** Check the score of id 0, where it was sampled: were that no number, none would be. @throws NoNumbers. */
export function checkScore(score: number, position: number): void {
  if (!(score > -Infinity)) throw new NoNumbers(position, "decode"); // so for NaN, too
}
