/** Adds to the error of results that are no numbers which kernel made them. */

import type { Role } from "../../artifact/schema.js";
import type { Suspect } from "./culprit.js";
import { culpritCode } from "./laterCode.js";
import { NoNumbers } from "./numbers.js";

/** Looks for the kernel once, since every later answer would wait for it. */
export class Naming {
  private told?: string;

  constructor(private readonly suspect: Suspect) {}

  /** The error to throw for `error`: itself, or one that names the kernel; the cache is forgotten then. */
  async explained(error: unknown): Promise<unknown> {
    if (!(error instanceof NoNumbers)) return error;
    this.told ??= await culpritCode().then(
      ({ told }) => told(this.suspect, error),
      () => "the code that finds the kernel did not load",
    );
    // Rows that are no numbers, or zeros in their place, must not be used again, however often this comes.
    this.suspect.sequence.truncate(0);
    return error.because(this.told);
  }

  /**
   * Check a row of results of a role for the token at a position.
   *
   * @throws NoNumbers that names the kernel, where one is no number, or infinite.
   */
  async check(row: Float32Array, position: number, role: Role): Promise<void> {
    if (!row.every(Number.isFinite)) throw await this.explained(new NoNumbers(position, role));
  }
}
