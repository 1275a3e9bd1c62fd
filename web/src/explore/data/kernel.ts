/** Reads kernels/NAME.json. */

import { readBinding, readRequires, triple } from "../../artifact/manifest.js";
import { readCheck } from "../../artifact/manifestChecks.js";
import type { Node } from "../../artifact/node.js";
import type { Bounds } from "../../artifact/dim.js";
import type { KernelBinding } from "../../artifact/schema.js";
import type {
  Alternatives,
  KernelData,
  KernelIr,
  KernelText,
  Layout,
  LinkedLines,
  Measurement,
  PythonBlock,
  Tiling,
  Tolerance,
} from "./types.js";
import { TARGETS } from "./types.js";
import { amount, MAX_ITEMS, MAX_TEXT, pair, shown } from "./values.js";

/** What a grid may depend on; the page computes it for the tile's step alone. */
const SYMBOLS: ReadonlyMap<string, Bounds> = new Map([
  ["seq", [1, 2 ** 20]],
  ["past", [0, 2 ** 20]],
  ["context", [1, 2 ** 21]],
]);
const MAX_LINES = 200_000;
/** What is drawn of a workgroup. */
const [MAX_THREADS, MAX_TILES] = [4096, 16_384];

/** @throws KernelcError "bad-artifact" for what kernelc does not write. */
export function readKernel(root: Node): KernelData {
  const r = root.record([
    "name",
    "spec",
    "about",
    "problem",
    "params",
    "bindings",
    "tolerance",
    "reference",
    "layout",
    "irs",
    "texts",
    "refused",
    "files",
    "places",
    "python",
    "measured",
    "check",
  ]);
  const bindings = r.bindings.items(binding, 1, 64);
  return {
    name: r.name.name(),
    spec: r.spec.name(),
    about: r.about.text(MAX_TEXT),
    problem: JSON.stringify(r.problem.value, null, 1),
    params: r.params.boolean(),
    bindings: bindings.map(({ read }) => read),
    lengths: bindings.map(({ length }) => length),
    tolerance: tolerance(r.tolerance),
    reference: r.reference.items(referred, 0, 64),
    layout: r.layout.optional(layout),
    irs: r.irs.items(ir, 0, 64),
    texts: r.texts.items(text, 0, 64),
    refused: r.refused.mapping((node) => node.text(MAX_TEXT), 16),
    files: r.files.items((node) => node.text(), 0, MAX_ITEMS),
    places: r.places.items((node) => pair(node, (part) => part.integer()), 0, MAX_ITEMS),
    python: r.python.items(pythonBlock, 0, MAX_ITEMS),
    measured: r.measured.items(measurement, 0, MAX_ITEMS),
    check: r.check.optional(readCheck),
  };
}

function binding(node: Node): { readonly read: KernelBinding; readonly length: string } {
  const r = node.record(["name", "element", "access", "length", "constant"]);
  const read = readBinding(node.picked(["name", "element", "access"]));
  return { read, length: r.length.text(1000) };
}

function referred(node: Node): KernelData["reference"][number] {
  const r = node.record(["file", "first", "name", "text"]);
  const named = { file: r.file.text(), first: r.first.integer(1), name: r.name.text() };
  return { ...named, text: r.text.text(MAX_TEXT) };
}

function pythonBlock(node: Node): PythonBlock {
  const r = node.record(["file", "name", "first", "text"]);
  const named = { file: r.file.integer(0, MAX_ITEMS), name: r.name.text(), first: r.first.integer(1) };
  return { ...named, text: r.text.text(MAX_TEXT) };
}

function text(node: Node): KernelText {
  const r = node.record([
    "target",
    "text",
    "lines",
    "ir",
    "entry",
    "same",
    "requires",
    "workgroup",
    "grid",
    "grid_text",
    "tolerance",
    "schedule",
    "tiling",
    "alternatives",
  ]);
  return {
    target: r.target.oneOf(TARGETS),
    text: r.text.text(MAX_TEXT),
    lines: lines(r.lines),
    ir: r.ir.integer(0, MAX_ITEMS),
    entry: r.entry.name(),
    same: r.same.optional((item) => item.boolean()),
    requires: readRequires(r.requires),
    workgroup: r.workgroup.integer(1, 65536),
    grid: triple(r.grid, (item) => item.dim(SYMBOLS)),
    gridText: r.grid_text.items((item) => item.text(1000), 3, 3),
    tolerance: tolerance(r.tolerance),
    schedule: r.schedule.mapping(shown, 64),
    tiling: r.tiling.optional(readTiling),
    alternatives: alternatives(r.alternatives),
  };
}

function lines(node: Node): LinkedLines {
  return node.items((line) => line.items((item) => item.integer(0, MAX_ITEMS), 0, 1024), 0, MAX_LINES);
}

function tolerance(node: Node): Tolerance {
  const r = node.record(["relative", "absolute"]);
  return { relative: amount(r.relative) ?? 0, absolute: amount(r.absolute) ?? 0 };
}

function ir(node: Node): KernelIr {
  const r = node.record(["text", "lines", "shared", "shared_bytes", "registers", "stages", "tiles"]);
  return {
    text: r.text.text(MAX_TEXT),
    lines: lines(r.lines),
    shared: r.shared.items(
      (item) => {
        const s = item.record(["name", "type", "length", "row", "bytes"]);
        const named = { name: s.name.text(), type: s.type.text(), length: s.length.integer() };
        return { ...named, row: s.row.integer(), bytes: s.bytes.integer() };
      },
      0,
      256,
    ),
    sharedBytes: r.shared_bytes.integer(),
    registers: r.registers.items(
      (item) => {
        const v = item.record(["name", "type", "bytes"]);
        return { name: v.name.text(), type: v.type.text(), bytes: v.bytes.integer() };
      },
      0,
      MAX_ITEMS,
    ),
    stages: r.stages.items(
      (item) => {
        const s = item.record(["name", "count", "bytes", "parts"]);
        return { name: s.name.text(), count: s.count.integer(), bytes: s.bytes.integer() };
      },
      0,
      64,
    ),
  };
}

/** How a workgroup shares its work. @throws KernelcError for more than is drawn. */
export function readTiling(node: Node): Tiling {
  const size = (item: Node): number => item.integer(1, MAX_THREADS);
  if (node.fields().get("kind") === "tiles") {
    const r = node.record(["kind", "teams", "tiles", "tile", "lanes"]);
    const pairs = { teams: pair(r.teams, size), tiles: pair(r.tiles, size), tile: pair(r.tile, size) };
    const drawn = [...pairs.teams, ...pairs.tiles].reduce((product, each) => product * each, 1);
    if (drawn > MAX_TILES) return node.fail(`at most ${MAX_TILES} tiles`);
    return { kind: "tiles", ...pairs, lanes: size(r.lanes) };
  }
  const r = node.record(["kind", "threads", "team", "rows", "batches"]);
  return {
    kind: "teams",
    threads: size(r.threads),
    team: size(r.team),
    rows: size(r.rows),
    batches: size(r.batches),
  };
}

function alternatives(node: Node): Alternatives {
  const r = node.record(["count", "more", "values", "listed"]);
  return {
    count: r.count.integer(),
    more: r.more.boolean(),
    values: r.values.mapping((item) => item.items(shown, 0, 256), 64),
    listed: r.listed.items((row) => row.items(shown, 0, 64), 0, 256),
  };
}

function layout(node: Node): Layout {
  const r = node.record([
    "format",
    "about",
    "group",
    "words",
    "word",
    "unit_words",
    "bits_per_weight",
    "sides",
  ]);
  return {
    format: r.format.name(),
    about: r.about.text(1000),
    group: r.group.integer(1, 1024),
    words: r.words.integer(1, 256),
    bitsPerWeight: r.bits_per_weight.number(),
    sides: r.sides.items(
      (item) => {
        const s = item.record(["name", "bytes"]);
        return { name: s.name.text(), bytes: s.bytes.integer(0, 64) };
      },
      0,
      8,
    ),
  };
}

function measurement(node: Node): Measurement {
  const r = node.record(
    [
      "step",
      "calls",
      "microseconds",
      "share_of_step",
      "bytes",
      "bytes_per_second",
      "bandwidth",
      "share_of_bandwidth",
    ],
    ["device", "date", "commit", "checked", "bandwidth_note"],
  );
  return {
    device: r.device.optional((item) => item.text(300)) ?? "a device without a name",
    date: r.date.optional((item) => item.text(300)) ?? "",
    step: r.step.text(),
    calls: r.calls.integer(1),
    microseconds: r.microseconds.number(),
    shareOfStep: amount(r.share_of_step),
    bytesPerSecond: amount(r.bytes_per_second),
    shareOfBandwidth: amount(r.share_of_bandwidth),
  };
}
