/** A program: its dispatches in order, and what happens in memory while they run. */

import { h } from "../../page/dom.js";
import type { View } from "../view.js";
import type { Overview, ProgramEntry } from "../data/types.js";
import { section, table } from "../tables.js";
import { memoryPicture } from "./memoryPicture.js";
import { link } from "./overview.js";

export function programView(program: ProgramEntry, overview: Overview): View {
  const rows = program.dispatches.map(({ kernel, origin, buffers }, at) => {
    const { name = "?", bindings = [] } = overview.kernels[kernel] ?? {};
    const bound = buffers.map((number, index) => {
      const binding = bindings[index];
      const star = binding?.access === "read_write" ? "*" : "";
      return `${star}${binding?.name}=${overview.buffers[number]?.name}`;
    });
    return [
      `${at + 1}`,
      link(`/kernel/${name}`, name),
      origin,
      h("span", { class: "bound" }, bound.join(", ")),
    ];
  });
  const title = `Program ${program.name}`;
  const element = h(
    "article",
    {},
    h("h1", {}, title),
    h(
      "p",
      { class: "lead" },
      `${program.dispatches.length} dispatches for ${said(program.seq)} new ` +
        `${program.seq[1] === 1 ? "position" : "positions"} after ${said(program.past)}.`,
    ),
    section(
      "Memory over time",
      h(
        "p",
        { class: "muted" },
        "A row for each buffer, a column for each dispatch. A slot holds one tensor after the other: the " +
          "line runs from the dispatch that writes one to the last that reads it.",
      ),
      memoryPicture(program, overview),
    ),
    section("Dispatches", table("Dispatches", ["Number", "Kernel", "Computes", "Binds (* writes)"], rows)),
  );
  return { element, title };
}

function said([low, high]: readonly [number, number]): string {
  return low === high ? `${low}` : `${low} to ${high}`;
}
