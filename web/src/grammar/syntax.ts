/**
 * Regular expressions as trees over characters, whoever wrote them: a parser, or a keyword of a schema.
 *
 * The port of `runtime/grammar/syntax.py`.
 */

import { ALL, ofText, type Ranges } from "./chars.js";

/** One character of a set. */
interface Chars {
  readonly kind: "chars";
  readonly of: Ranges;
}

/** One part after the other; the empty text where there are none. */
interface Concat {
  readonly kind: "concat";
  readonly parts: readonly Tree[];
}

/** One of the parts; nothing at all where there are none. */
interface Either {
  readonly kind: "either";
  readonly parts: readonly Tree[];
}

/** `low` to `high` times the part; `high` null is without end. */
export interface Repeat {
  readonly kind: "repeat";
  readonly part: Tree;
  readonly low: number;
  readonly high: number | null;
}

export type Tree = Chars | Concat | Either | Repeat;

export function charsOf(of: Ranges): Tree {
  return { kind: "chars", of };
}

/** One part after the other. */
export function concat(...parts: readonly Tree[]): Tree {
  return { kind: "concat", parts };
}

/** One of the parts. */
export function either(parts: readonly Tree[]): Tree {
  return { kind: "either", parts };
}

export function repeat(part: Tree, low: number, high: number | null): Tree {
  return { kind: "repeat", part, low, high };
}

export const EMPTY = concat();
export const NEVER = either([]);
/** Any text, with line ends. */
export const ANYTHING = repeat(charsOf(ALL), 0, null);

/** The tree of exactly this text. */
export function text(characters: string): Tree {
  return concat(...Array.from(characters, (char) => charsOf(ofText(char))));
}

/** About how many states the tree's automaton takes, without building it. */
export function size(tree: Tree): number {
  if (tree.kind === "chars") return 1;
  if (tree.kind === "repeat") {
    const copies = tree.high === null ? tree.low + 1 : tree.high;
    return 1 + size(tree.part) * Math.max(copies, 1);
  }
  return tree.parts.reduce((sum, part) => sum + size(part), 1);
}
