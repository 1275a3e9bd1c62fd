/** What running a changed kernel showed: complaints, the error in numbers, and how long it took. */

import type { KernelBinding } from "../../artifact/schema.js";
import { h } from "../../page/dom.js";
import { formatCount } from "../../page/format.js";
import type { Comparison } from "../run/compare.js";
import type { Complaint, Outcome } from "../run/tile.js";
import { LEAST_PAIRS, type Times } from "../run/timing.js";

const MOST_COMPLAINTS = 20;

export function outcomeView(
  { complaints, comparison, times, device }: Outcome,
  bindings: readonly KernelBinding[],
  unchanged: boolean,
  goTo: (line: number) => void,
): HTMLElement {
  if (complaints.length) return refused(complaints, goTo);
  return h("div", {}, comparison && verdict(comparison, bindings, unchanged), times && timing(times, device));
}

function refused(complaints: readonly Complaint[], goTo: (line: number) => void): HTMLElement {
  const items = complaints.slice(0, MOST_COMPLAINTS).map(({ line, column, message }) => {
    const place = `Line ${line}, column ${column}`;
    const button = h(
      "button",
      { class: "button small quiet", type: "button", on: { click: () => goTo(line) } },
      place,
    );
    return h("li", {}, line > 0 && button, ` ${message}`);
  });
  return h(
    "div",
    { class: "flow" },
    h("h3", { class: "bad" }, "It does not compile"),
    h("ul", { class: "complaints" }, ...items),
  );
}

function verdict(found: Comparison, bindings: readonly KernelBinding[], unchanged: boolean): HTMLElement {
  const { right, count, wrong, maxAbsolute, maxRelative, first } = found;
  const said = right
    ? `Right: all ${formatCount(count)} numbers are within the tolerance`
    : `Wrong: ${formatCount(wrong)} of ${formatCount(count)} numbers are outside of the tolerance`;
  const where = first && `${bindings[first.binding]?.name ?? "?"}[${first.element}]`;
  return h(
    "div",
    { "data-right": String(right) },
    h("h3", { class: right ? "good" : "bad" }, unchanged ? `${said} (the original text)` : said),
    h(
      "dl",
      { class: "facts" },
      fact("Largest error", short(maxAbsolute)),
      fact("Largest error of a number’s own size", short(maxRelative)),
      first && fact("First wrong", `${where}: got ${short(first.got)}, wanted ${short(first.wanted)}`),
    ),
  );
}

function timing(times: Times, device: string): HTMLElement {
  const { original, changed, dispatches, pairs, clock } = times;
  const whose = clock === "device" ? "device’s" : "page’s";
  const each = `${pairs} pair${pairs > 1 ? "s" : ""} of ${dispatches} dispatch${dispatches > 1 ? "es" : ""}`;
  return h(
    "dl",
    { class: "facts" },
    fact("Time", `${micro(changed)}, the original ${micro(original)}: ${comparedTimes(times)}`),
    fact("Measured as", `the fastest of ${each} by the ${whose} clock, ${device}`),
  );
}

/** Which is faster, where all pairs agree about it, or all but one of nine: by chance they rarely do. */
export function comparedTimes({ original, changed, faster, pairs }: Times): string {
  if (pairs < LEAST_PAIRS) return `too slow here to be compared in ${LEAST_PAIRS} pairs or more`;
  const [agreed, ratio] = [pairs - Math.floor(pairs / 9), changed / original];
  if (faster >= agreed && ratio < 1) return `${(1 / ratio).toFixed(2)} times as fast as the original`;
  if (pairs - faster >= agreed && ratio > 1) return `${ratio.toFixed(2)} times as long as the original`;
  return `no clear difference (it was faster in ${faster} of ${pairs} pairs)`;
}

function fact(term: string, is: string): HTMLElement {
  return h("div", {}, h("dt", {}, term), h("dd", {}, is));
}

function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}

function micro(value: number): string {
  return value >= 1000 ? `${(value / 1000).toFixed(2)} ms` : `${value.toFixed(value < 10 ? 2 : 1)} µs`;
}
