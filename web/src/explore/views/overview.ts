/** The model at a glance: its facts, what memory it takes, and its kernels by what they are used for. */

import { formatBytes, formatCount } from "../../page/format.js";
import { h } from "../../page/dom.js";
import type { View } from "../view.js";
import type { Overview } from "../data/types.js";
import { facts, section, table } from "../tables.js";

const KINDS = [
  ["weight", "Weights"],
  ["state", "States: caches, tokens, logits"],
  ["slot", "Slots: what lives within a step"],
] as const;

export function overviewView(overview: Overview): View {
  const memory = KINDS.map(([kind, name]) => {
    const buffers = overview.buffers.filter((buffer) => buffer.kind === kind);
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.bytes, 0);
    return [name, formatCount(buffers.length), formatBytes(bytes)];
  });
  const programs = overview.programs.map(({ name, role, seq, past, dispatches }) => [
    link(`/program/${name}`, name),
    role,
    seq[0] === seq[1] ? `${seq[0]}` : `${seq[0]} to ${seq[1]}`,
    `${past[0]} to ${past[1]}`,
    formatCount(dispatches.length),
  ]);
  const kernels = overview.kernels.map(({ name, spec, uses }) => [
    link(`/kernel/${name}`, name),
    spec,
    `${uses}`,
  ]);
  const element = h(
    "article",
    {},
    h("h1", {}, overview.name),
    h(
      "p",
      { class: "lead" },
      "Every kernel of this model is a Python function that runs once and leaves its operations behind. " +
        "Here they stand beside the text that each device gets, line by line; a changed kernel runs on " +
        "your own device and is compared with numpy.",
    ),
    ...overview.notes.map((note) => h("p", { class: "note" }, note)),
    section("The model", facts(overview.facts)),
    section("Memory at the longest context", table("Memory", ["Kind", "Buffers", "Bytes"], memory)),
    section("Programs", table("Programs", ["Program", "Role", "Rows", "After", "Dispatches"], programs)),
    section("Kernels", table("Kernels", ["Kernel", "Family", "Dispatches"], kernels)),
  );
  return { element, title: "Overview" };
}

/** A link to a part of the page. */
export function link(address: string, text: string): HTMLElement {
  return h("a", { href: `#${address}` }, text);
}
