/** What a kernel is held to, and how it was chosen: bindings, reference, schedule, alternatives and times. */

import { h } from "../../page/dom.js";
import { formatCount } from "../../page/format.js";
import { CodeList } from "../codeList.js";
import { LANGUAGE, type KernelData, type KernelText, type Measurement } from "../data/types.js";
import { Links } from "../links.js";
import { scroller, section, table } from "../tables.js";
import { layoutPicture, tilingPicture, workgroupMemory } from "./drawings.js";

/** The parts that are the same for every variant. */
export function contract(data: KernelData): HTMLElement[] {
  const bindings = data.bindings.map(({ name, element, access }, at) => [
    name,
    element,
    data.lengths[at] ?? "",
    access === "read" ? "reads" : "writes",
  ]);
  const { relative, absolute } = data.tolerance;
  const held =
    absolute || relative
      ? `Every number must be within ${absolute} + ${relative} × |wanted| of the reference.`
      : "Every number must be exactly the reference’s.";
  const alone = new Links();
  const reference = data.reference.map(({ file, first, name, text }) => {
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line, at) => ({ text: line, number: `${first + at}`, lines: [] }));
    const list = new CodeList(`${name} in ${file}`, "python", lines, alone);
    list.element.classList.add("whole");
    return h("div", { class: "flow" }, h("p", { class: "muted" }, `${file} · ${name}`), list.element);
  });
  return [
    section(
      "What it computes",
      h("p", {}, data.about || data.spec),
      table("Bindings", ["Binding", "Element", "Length", "Access"], bindings),
    ),
    section("Reference in numpy", h("p", {}, held), ...reference),
    section("Problem", h("pre", { class: "json", tabindex: 0 }, data.problem)),
    ...(data.layout
      ? [section("Stored weights", scroller("Stored weights", layoutPicture(data.layout)))]
      : []),
    section("Measured", measured(data.measured)),
  ];
}

/** The parts that differ between variants. */
export function scheduled(data: KernelData, text: KernelText | undefined): HTMLElement[] {
  if (!text) return [];
  const ir = data.irs[text.ir];
  const { count, more, values, listed } = text.alternatives;
  const fields = [...text.schedule.keys()];
  const rows = [...text.schedule].map(([field, value]) => [
    field,
    value,
    (values.get(field) ?? []).join(", "),
  ]);
  const others = listed.map((row) => [...row]);
  const grid = text.gridText.join(" × ");
  const name = `${LANGUAGE[text.target]}, ${text.workgroup} invocations a workgroup, a grid of ${grid}`;
  return [
    section("A workgroup’s memory", ir ? workgroupMemory(ir) : null),
    ...(text.tiling
      ? [section("How the work is shared", scroller("How the work is shared", tilingPicture(text.tiling)))]
      : []),
    section(
      "Schedule and alternatives",
      h("p", { class: "muted" }, name),
      table("Schedule", ["Field", "Chosen", "In legal schedules"], rows),
      h(
        "details",
        {},
        h("summary", {}, `${formatCount(count)}${more ? " or more" : ""} legal schedules; some others`),
        table("Alternatives", fields, others),
      ),
    ),
  ];
}

function measured(all: readonly Measurement[]): HTMLElement {
  if (!all.length) {
    const command = h("code", {}, "kernelc bench ARTIFACT --profile --json");
    return h(
      "p",
      { class: "muted" },
      "No times were handed in. ",
      command,
      " writes some for the option --measured.",
    );
  }
  const share = (value: number | null): string => (value === null ? "–" : `${(100 * value).toFixed(1)} %`);
  const rows = all.map((each) => [
    `${each.device}${each.date ? `, ${each.date}` : ""}`,
    each.step,
    `${each.calls}`,
    `${(each.microseconds / each.calls).toFixed(2)} µs`,
    share(each.shareOfStep),
    each.bytesPerSecond === null ? "–" : `${(each.bytesPerSecond / 1e9).toFixed(1)} GB/s`,
    share(each.shareOfBandwidth),
  ]);
  const heads = ["Device", "Step", "Calls", "Each", "Of the step", "Moves", "Of the bandwidth"];
  return table("Measured", heads, rows);
}
