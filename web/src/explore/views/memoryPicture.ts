/** The memory of a program as a picture: buffers by dispatches, with what is read and written when. */

import { h } from "../../page/dom.js";
import { formatBytes, formatCount } from "../../page/format.js";
import type { BufferEntry, Overview, ProgramEntry } from "../data/types.js";
import { box, picture, s, words } from "../svg.js";
import { scroller } from "../tables.js";

const [LEFT, ROW, TOP, BOTTOM] = [190, 20, 6, 26];
const LEAST_COLUMN = 4;
const USUAL_WIDTH = 900;

/** What a dispatch does with a row: "read", "write" or both. */
interface Touch {
  readonly at: number;
  readonly writes: boolean;
  readonly title: string;
}

interface Row {
  readonly name: string;
  readonly kind: BufferEntry["kind"];
  readonly bytes: number;
  readonly touches: readonly Touch[];
}

/** A picture that scrolls where it is wide, and the same in words. */
export function memoryPicture(program: ProgramEntry, overview: Overview): HTMLElement {
  const rows = rowsOf(program, overview);
  const count = program.dispatches.length;
  const column = Math.max(LEAST_COLUMN, Math.min(40, (USUAL_WIDTH - LEFT) / count));
  const [width, height] = [LEFT + column * count + 8, TOP + ROW * rows.length + BOTTOM];
  const label = `${rows.length} buffers over ${count} dispatches of ${program.name}`;
  const drawn = rows.map((row, at) => drawnRow(row, TOP + ROW * at, column));
  const axis = [1, ...ticks(count)].map((number) =>
    words(LEFT + column * (number - 0.5), height - 8, `${number}`, "axis", "middle"),
  );
  return h(
    "div",
    { class: "flow" },
    scroller(`Memory of ${program.name} over time`, picture(width, height, label, ...drawn, ...axis)),
    h(
      "p",
      { class: "legend" },
      h("span", { class: "key written" }),
      "written ",
      h("span", { class: "key read" }),
      "read ",
      h("span", { class: "key held" }),
      "held",
    ),
  );
}

/** Slots alone, states of all layers together, and all weights in one row. */
function rowsOf(program: ProgramEntry, overview: Overview): Row[] {
  const rows = new Map<
    string,
    { kind: BufferEntry["kind"]; bytes: number; touches: Touch[]; seen: Set<number> }
  >();
  program.dispatches.forEach(({ kernel, origin, buffers }, at) => {
    const entry = overview.kernels[kernel];
    buffers.forEach((number, index) => {
      const buffer = overview.buffers[number];
      if (!buffer) return;
      const name = rowName(buffer);
      const row = rows.get(name) ?? { kind: buffer.kind, bytes: 0, touches: [], seen: new Set<number>() };
      if (!row.seen.has(number)) row.bytes += buffer.bytes;
      row.seen.add(number);
      const writes = entry?.bindings[index]?.access === "read_write";
      row.touches.push({
        at,
        writes,
        title: `${at + 1}: ${entry?.name} (${origin}) ${writes ? "writes" : "reads"} ${buffer.name}`,
      });
      rows.set(name, row);
    });
  });
  const order = ["slot", "state", "weight"];
  const found = [...rows].map(([name, row]) => ({ name, ...row }));
  return found.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || compareNames(a.name, b.name));
}

function compareNames(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

function rowName({ name, kind }: BufferEntry): string {
  return kind === "weight" ? "weights" : kind === "slot" ? name : name.replace(/^layers\.\d+\./, "layers.*.");
}

function drawnRow(row: Row, y: number, column: number): SVGElement {
  const x = (at: number): number => LEFT + column * at;
  const held =
    row.kind === "slot"
      ? lifetimes(row.touches)
      : [[row.touches[0]?.at ?? 0, row.touches.at(-1)?.at ?? 0] as const];
  const title = `${row.name}, ${formatCount(row.bytes)} bytes`;
  return s(
    "g",
    {},
    s("title", {}, title),
    words(LEFT - 8, y + 14, `${row.name} · ${formatBytes(row.bytes)}`, "label", "end"),
    ...held.map(([from, to]) => box(x(from), y + 8, column * (to - from + 1), 4, "held")),
    ...row.touches.map(({ at, writes, title: said }) =>
      box(x(at) + 0.5, y + 3, column - 1, 14, writes ? "written" : "read", said),
    ),
  );
}

/** From each write to the last read before the next write. */
function lifetimes(touches: readonly Touch[]): (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (const { at, writes } of touches) {
    const last = found.at(-1);
    if (writes && last?.[0] !== at) found.push([at, at]);
    else if (last) last[1] = at;
    else found.push([at, at]);
  }
  return found;
}

function ticks(count: number): number[] {
  const step = [10, 20, 50, 100, 200, 500].find((each) => count / each <= 12) ?? 1000;
  return Array.from({ length: Math.floor(count / step) }, (_, at) => step * (at + 1));
}
