/** One kernel: its texts side by side, a bench to change it on, and what it is held to. */

import { h } from "../../page/dom.js";
import type { View } from "../view.js";
import type { Files } from "../data/load.js";
import type { KernelData, Overview } from "../data/types.js";
import { Links } from "../links.js";
import type { DeviceHolder } from "../run/device.js";
import { section } from "../tables.js";
import { contract, scheduled } from "./contract.js";
import { Origin } from "./origin.js";
import { link } from "./overview.js";
import { Panes } from "./panes.js";
import { Workbench } from "./workbench.js";

export function kernelView(data: KernelData, overview: Overview, files: Files, devices: DeviceHolder): View {
  const links = new Links();
  const bench = new Workbench(data, overview.params, files, devices);
  const variant = h("div", {});
  const panes = new Panes(
    data,
    links,
    (text) => text.target === "wgsl" && bench.take(text),
    (text) => variant.replaceChildren(...scheduled(data, text)),
  );
  const origin = new Origin(data, links);
  const first = panes.text("wgsl");
  if (first) bench.take(first);
  variant.replaceChildren(...scheduled(data, panes.lead));
  void firstThatRuns(panes, devices);
  const element = h(
    "article",
    { class: "kernel" },
    h("h1", {}, data.name),
    h("p", { class: "lead" }, ...usedIn(data.name, overview)),
    section(
      "Line by line",
      h(
        "p",
        { class: "muted" },
        "Choose a line, with the pointer or the arrow keys: whatever comes from the same Python lights up, " +
          "in every text.",
      ),
      panes.element,
      origin.element,
    ),
    section(
      "Change it and run it",
      first && data.check
        ? bench.element
        : h(
            "p",
            { class: "muted" },
            "There is no WGSL of this kernel, or no golden tile, so it cannot run here.",
          ),
    ),
    variant,
    ...contract(data),
  );
  const close = (): void => {
    panes.close();
    origin.close();
  };
  return { element, title: data.name, close };
}

/** Take the first variant that the visitor's device has all for, where something is known of it. */
async function firstThatRuns(panes: Panes, devices: DeviceHolder): Promise<void> {
  for (const [number, text] of panes.texts("wgsl").entries()) {
    const lacking = await devices.lacking(text);
    if (lacking === null) return;
    if (!lacking.length) return panes.choose("wgsl", number);
  }
}

function usedIn(name: string, { kernels, programs }: Overview): (string | HTMLElement)[] {
  const number = kernels.findIndex((kernel) => kernel.name === name);
  const used = programs.flatMap((program) => {
    const times = program.dispatches.filter(({ kernel }) => kernel === number).length;
    return times ? [{ program: program.name, times }] : [];
  });
  if (!used.length) return ["No program runs it."];
  return used.flatMap(({ program, times }, at) => [
    at ? ", " : "Runs ",
    `${times}× in `,
    link(`/program/${program}`, program),
  ]);
}
