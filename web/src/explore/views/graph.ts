/** A role's tensor graph, layer by layer, as the model's code computes it and as it is after fusing. */

import { h } from "../../page/dom.js";
import type { View } from "../view.js";
import type { GraphOp } from "../data/types.js";

const TITLES: Readonly<Record<string, string>> = {
  traced: "As the model’s code says it",
  fused: "After fusing",
};

export function graphView(role: string, graphs: ReadonlyMap<string, readonly GraphOp[]>): View {
  const columns = [...graphs].map(([name, ops]) =>
    h(
      "div",
      { class: "graph" },
      h("h2", {}, TITLES[name] ?? name),
      h("p", { class: "muted" }, `${ops.length} operations`),
      ...layers(ops).map(folded),
    ),
  );
  const element = h(
    "article",
    {},
    h("h1", {}, `Graph of ${role}`),
    h(
      "p",
      { class: "lead" },
      "Tensors have the types that they have in a step: seq new positions after past known ones. Layers " +
        "that do the same as the one before them are folded.",
    ),
    h("div", { class: "graphs" }, ...columns),
  );
  return { element, title: `Graph of ${role}` };
}

interface Layer {
  readonly name: string;
  readonly ops: readonly GraphOp[];
  /** Whether the layer before it does the same. */
  readonly again: boolean;
}

/** Operations that follow each other in one layer; what is of none stands for itself. */
function layers(ops: readonly GraphOp[]): Layer[] {
  const found: { name: string; ops: GraphOp[] }[] = [];
  for (const op of ops) {
    const last = found.at(-1);
    if (last && last.name === op.layer) last.ops.push(op);
    else found.push({ name: op.layer, ops: [op] });
  }
  return found.map((layer, at) => {
    const before = found[at - 1];
    return { ...layer, again: layer.name !== "" && before !== undefined && shape(before) === shape(layer) };
  });
}

/** A layer's text without its number, and without the names of what it reads of other layers. */
function shape({ name, ops }: { readonly name: string; readonly ops: readonly GraphOp[] }): string {
  const text = ops.map((op) => `${op.op} ${op.results.join()} ${op.arguments}`).join("\n");
  const within = text.replaceAll(`${name}.`, ".");
  return within.replaceAll(/%(?!\.)[\w.]+/g, "%before").replaceAll(/\blayers\.\d+/g, "layers.n");
}

function folded({ name, ops, again }: Layer): HTMLElement {
  const list = h("ol", { class: "ops" }, ...ops.map(shownOp));
  if (!name) return list;
  const about = again ? `${ops.length} operations, as in the layer before` : `${ops.length} operations`;
  return h(
    "details",
    { class: "layer", open: !again },
    h("summary", {}, h("strong", {}, name), h("span", { class: "muted" }, ` ${about}`)),
    list,
  );
}

function shownOp(op: GraphOp): HTMLElement {
  const results = op.results.flatMap(([name, type], at) => [
    at ? ", " : "",
    h("span", { class: "c-name" }, `%${short(name, op.layer)}`),
    h("span", { class: "c-type" }, ` ${type}`),
  ]);
  return h(
    "li",
    {},
    h(
      "code",
      {},
      ...results,
      " = ",
      h("b", {}, op.op),
      `(${op.layer ? op.arguments.replaceAll(`${op.layer}.`, "") : op.arguments})`,
    ),
    op.line && h("span", { class: "where" }, op.line),
  );
}

/** A name without the layer that it stands in. */
function short(name: string, layer: string): string {
  return layer && name.startsWith(`${layer}.`) ? name.slice(layer.length + 1) : name;
}
