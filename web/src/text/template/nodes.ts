/** What the parser of the library @huggingface/jinja makes of a template. */

import type { Interpreter } from "@huggingface/jinja";

export type Node = NonNullable<Parameters<Interpreter["evaluate"]>[0]>;

// The fields of the library's nodes that are used here.
export type Named = Node & { readonly value: string };
export type Call = Node & { readonly callee: Node; readonly args: readonly Node[] };
export type Member = Node & { readonly object: Node; readonly property: Node; readonly computed: boolean };
export type Binary = Node & {
  readonly operator: { readonly value: string };
  readonly left: Node;
  readonly right: Node;
};
export type Select = Node & { readonly lhs: Node; readonly test: Node };
export type If = Node & {
  readonly test: Node;
  readonly body: readonly Node[];
  readonly alternate: readonly Node[];
};
export type Loop = Node & {
  readonly loopvar: Node;
  readonly iterable: Node;
  readonly body: readonly Node[];
  readonly defaultBlock: readonly Node[];
};
export type FilterBlock = Node & { readonly filter: Node; readonly body: readonly Node[] };
export type Filter = Node & { readonly operand: Node; readonly filter: Node };
export type Keyword = Node & { readonly key: Named; readonly value: Node };

/** What a template does, besides what it writes. */
export const STATEMENTS = new Set([
  "Program",
  "Set",
  "If",
  "For",
  "Macro",
  "CallStatement",
  "FilterStatement",
  "Break",
  "Continue",
  "Comment",
]);
/** Where nodes have their statements. */
export const BODIES = ["body", "alternate", "defaultBlock"];

/** A node that stands for a variable. */
export function identifier(value: string): Named {
  return { type: "Identifier", value };
}

/** What errors call the value of a node. */
export function nameOf(node: Node): string {
  return node.type === "Identifier" ? `'${(node as Named).value}'` : "a value";
}
