/** Reads explore.json and graphs/ROLE.json. */

import { readParam } from "../../artifact/manifest.js";
import type { Node } from "../../artifact/node.js";
import { BUFFER_KINDS } from "../../artifact/schema.js";
import { formatCount } from "../../page/format.js";
import type { BufferEntry, GraphOp, KernelEntry, Overview, ProgramEntry } from "./types.js";
import { MAX_ITEMS, MAX_TEXT, pair } from "./values.js";

const VERSION = 1;

/** @throws KernelcError "bad-artifact" for what kernelc does not write. */
export function readOverview(root: Node): Overview {
  const r = root.record([
    "version",
    "kernelc",
    "name",
    "target",
    "quant",
    "activations",
    "kv",
    "model",
    "params",
    "graphs",
    "notes",
    "buffers",
    "kernels",
    "programs",
    "chat",
  ]);
  if (r.version.value !== VERSION) {
    r.version.fail(`${VERSION}`, "write the page again with the kernelc that it is from");
  }
  return {
    name: r.name.name(),
    chat: r.chat.optional((node) => {
      const address = node.text();
      return /^(?:\.\.\/){1,8}$/.test(address) ? address : node.fail("a folder above this one");
    }),
    facts: [
      ...modelFacts(r.model),
      ["Weights", r.quant.text()],
      ["Activations", r.activations.text()],
      ["Cache", r.kv.optional((node) => node.text()) ?? "floats"],
      ["Built for", r.target.text()],
      ["kernelc", r.kernelc.text()],
    ],
    notes: r.notes.items((node) => node.text(20_000), 0, MAX_ITEMS),
    graphs: r.graphs.mapping((node) => node.items((item) => item.name(), 0, 4), 64),
    params: r.params.items(readParam, 0, 64),
    buffers: r.buffers.items(buffer, 0, MAX_ITEMS),
    kernels: r.kernels.items(kernel, 0, MAX_ITEMS),
    programs: [...r.programs.mapping(program, 256).values()],
  };
}

function modelFacts(node: Node): Overview["facts"] {
  const model = node.fields();
  const size = (name: string): string => formatCount(Number(model.get(name) ?? 0));
  return [
    ["Architecture", String(model.get("architecture") ?? "")],
    ["Layers", size("layers")],
    ["Hidden size", size("hidden_size")],
    ["Heads", `${size("heads")}, ${size("kv_heads")} for keys and values, of ${size("head_dim")}`],
    ["Feed-forward size", size("intermediate_size")],
    ["Vocabulary", size("vocab_size")],
    ["Context", `${size("max_context")} tokens`],
  ];
}

function buffer(node: Node): BufferEntry {
  const r = node.record(["name", "kind", "bytes"]);
  return { name: r.name.text(), kind: r.kind.oneOf(BUFFER_KINDS), bytes: r.bytes.integer() };
}

function kernel(node: Node): KernelEntry {
  const r = node.record(["name", "spec", "uses", "bindings"]);
  const bindings = r.bindings.items(
    (item) => {
      const [name, access] = pair(item, (part) => part.text());
      return { name, access };
    },
    0,
    64,
  );
  return { name: r.name.name(), spec: r.spec.name(), uses: r.uses.integer(), bindings };
}

function program(node: Node, name: string): ProgramEntry {
  const r = node.record(["role", "symbols", "dispatches"]);
  const symbols = r.symbols.record(["seq", "past"]);
  const dispatches = r.dispatches.items(
    (item) => {
      const [number, origin, bound] = item.items((part) => part, 3, 3);
      if (!number || !origin || !bound) return item.fail("a dispatch");
      const buffers = bound.items((part) => part.integer(0, MAX_ITEMS), 0, 64);
      return { kernel: number.integer(0, MAX_ITEMS), origin: origin.text(), buffers };
    },
    0,
    MAX_ITEMS,
  );
  const bounds = (each: Node): readonly [number, number] => pair(each, (part) => part.integer());
  return { name, role: r.role.name(), seq: bounds(symbols.seq), past: bounds(symbols.past), dispatches };
}

/** The operations of a role's graphs: "traced", where it is known, and "fused". */
export function readGraphs(root: Node): ReadonlyMap<string, readonly GraphOp[]> {
  return root.mapping((node) => node.items(graphOp, 0, MAX_ITEMS), 4);
}

function graphOp(node: Node): GraphOp {
  const r = node.record(["op", "results", "arguments", "origin", "layer", "line"]);
  return {
    op: r.op.name(),
    results: r.results.items((item) => pair(item, (part) => part.text(1000)), 0, 64),
    arguments: r.arguments.text(MAX_TEXT),
    origin: r.origin.text(1000),
    layer: r.layer.text(1000),
    line: r.line.text(1000),
  };
}
