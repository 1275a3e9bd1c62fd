/** What an answer consists of, in the order in which it comes. */

export type Kind = "text" | "reasoning" | "call" | "arguments";

/**
 * Something more of an answer: what it says, what it thought, or a call of a tool. Of a call `text` is the
 * tool's name, and `index` its number in the answer, from 0 on; the JSON of its arguments follows in pieces.
 */
export interface Delta {
  readonly kind: Kind;
  readonly text: string;
  readonly index: number;
}

/** Whether there is any text of one kind. */
export function has(deltas: readonly Delta[], kind: Kind): boolean {
  return deltas.some((delta) => delta.kind === kind);
}
