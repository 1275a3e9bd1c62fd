/**
 * The error of a grammar that is wrong, not supported or too large.
 *
 * It is no KernelcError, so that this folder, which is loaded by itself, imports nothing of the engine's. The
 * engine makes one of it (`engine/masked/grammars.ts`).
 */
export class GrammarError extends Error {
  override readonly name = "GrammarError";

  /** `where` is the place, as `response_format: #/properties/a`, "" where there is none. */
  constructor(
    readonly reason: string,
    readonly where = "",
    readonly help?: string,
  ) {
    super(where ? `${where}: ${reason}` : reason);
  }
}
