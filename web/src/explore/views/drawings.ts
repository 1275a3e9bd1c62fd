/** Pictures of a kernel: a workgroup's memory, how its work is shared, and how weights are stored. */

import { h } from "../../page/dom.js";
import { formatBytes, formatCount } from "../../page/format.js";
import type { KernelIr, Layout, Tiling } from "../data/types.js";
import { box, picture, s, words } from "../svg.js";
import { table } from "../tables.js";

const WIDTH = 640;
/** Invocations of the subgroups that have tiles. */
const SUBGROUP = 32;

/** The arrays that a workgroup shares and the registers of one invocation, as bars of their bytes. */
export function workgroupMemory(ir: KernelIr): HTMLElement {
  const { shared, sharedBytes, registers, stages } = ir;
  const rows = shared.map(({ name, type, length, row, bytes }) => [
    name,
    row ? `${length / row} rows of ${row} ${type}` : `${length} ${type}`,
    formatCount(bytes),
  ]);
  const rings = stages.map(({ name, count, bytes }) => {
    const of = `${count} stages of ${formatCount(bytes)} bytes`;
    return `${name}: a ring of ${of}, which are copied ahead of their use.`;
  });
  return h(
    "div",
    { class: "flow" },
    shared.length ? bar(`${formatBytes(sharedBytes)} of shared memory`, sharedBytes, shared) : null,
    shared.length ? table("Shared memory", ["Array", "Elements", "Bytes"], rows) : null,
    ...rings.map((said) => h("p", {}, said)),
    shared.length || registers.length ? null : h("p", { class: "muted" }, "Neither arrays nor registers."),
    registers.length ? registersOf(registers) : null,
  );
}

/** What an invocation keeps in variables; other values live as long as the compiler of the device likes. */
function registersOf(registers: KernelIr["registers"]): HTMLElement {
  const bytes = registers.reduce((sum, each) => sum + each.bytes, 0);
  const named = [...new Set(registers.map(({ name, type }) => `${name}: ${type}`))];
  return h(
    "div",
    { class: "flow" },
    bytes > 0 && bar(`${formatCount(bytes)} bytes of variables in each invocation`, bytes, registers),
    h(
      "p",
      {},
      `Variables of an invocation (${registers.length}): `,
      h("code", { class: "list" }, named.join(", ")),
    ),
  );
}

interface Held {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly length?: number;
}

/** A bar, cut into what is held, each as wide as its bytes. */
function bar(said: string, all: number, held: readonly Held[]): HTMLElement {
  let x = 0;
  const drawn = held.map(({ name, type, bytes, length }, at) => {
    const width = (WIDTH * bytes) / Math.max(1, all);
    const elements = length === undefined ? type : `${length} × ${type}`;
    const title = `${name}: ${elements}, ${formatCount(bytes)} bytes`;
    const gap = width > 3 ? 1 : 0;
    const rect = box(x, 6, width - gap, 34, `share share-${at % 4}`, title);
    const label = width > 7 * name.length + 8 ? words(x + 6, 27, name, "on-share") : null;
    x += width;
    return s("g", {}, rect, label);
  });
  const label = `${said}: ${held.map(({ name }) => name).join(", ")}`;
  const caption = h("figcaption", { class: "muted" }, said);
  return h("figure", { class: "flow" }, caption, picture(WIDTH, 46, label, ...drawn));
}

/** A workgroup's tile, cut into what teams compute, or its invocations in teams. */
export function tilingPicture(tiling: Tiling): SVGElement {
  return tiling.kind === "tiles" ? tilesPicture(tiling) : teamsPicture(tiling);
}

function tilesPicture({ teams, tiles, tile, lanes }: Extract<Tiling, { kind: "tiles" }>): SVGElement {
  const [down, across] = [teams[0] * tiles[0], teams[1] * tiles[1]];
  const cell = Math.max(5, Math.min(28, 420 / across, 300 / down));
  const drawn: SVGElement[] = [];
  for (let y = 0; y < down; y += 1) {
    for (let x = 0; x < across; x += 1) {
      const team = Math.floor(y / tiles[0]) * teams[1] + Math.floor(x / tiles[1]);
      const row = Math.floor(y / tiles[0]) + Math.floor(x / tiles[1]);
      const title = `${group(lanes)} ${team}: a tile of ${tile[0]} × ${tile[1]}`;
      drawn.push(
        box(40 + x * cell, 22 + y * cell, cell - 1, cell - 1, `share share-${row % 2 ? 1 : 0}`, title),
      );
    }
  }
  const [width, height] = [40 + across * cell + 230, 22 + down * cell + 8];
  const who = group(lanes, teams[0] * teams[1]);
  const label =
    `A workgroup's tile of ${down * tile[0]} by ${across * tile[1]}: ${teams[0]} by ${teams[1]} ${who}, ` +
    `each with ${tiles[0]} by ${tiles[1]} tiles of ${tile[0]} by ${tile[1]}`;
  return picture(
    Math.max(width, 420),
    Math.max(height, 60),
    label,
    words(40, 14, `${across * tile[1]} across`, "axis"),
    words(34, 22 + (down * cell) / 2, `${down * tile[0]}`, "axis", "end"),
    ...drawn,
    words(48 + across * cell, 34, `${teams[0]} × ${teams[1]} ${who}`, "axis"),
    words(48 + across * cell, 50, `${tiles[0]} × ${tiles[1]} tiles of ${tile[0]} × ${tile[1]}`, "axis"),
  );
}

/** Who holds a tile: one invocation, a subgroup, or several subgroups together. */
function group(lanes: number, count = 1): string {
  const ending = count > 1 ? "s" : "";
  if (lanes <= SUBGROUP) return `${lanes === 1 ? "invocation" : "subgroup"}${ending}`;
  return `group${ending} of ${lanes} invocations`;
}

function teamsPicture({ threads, team, rows, batches }: Extract<Tiling, { kind: "teams" }>): SVGElement {
  const [columns, cell] = [32, 17];
  const lines = Math.ceil(threads / columns);
  const drawn = Array.from({ length: threads }, (_, at) => {
    const number = Math.floor(at / team);
    const title = `invocation ${at}: team ${number}, rows ${number * rows} to ${number * rows + rows - 1}`;
    const [x, y] = [(at % columns) * cell, Math.floor(at / columns) * cell];
    return box(x, 4 + y, cell - 1, cell - 1, `share share-${number % 4}`, title);
  });
  const teams = Math.max(1, Math.floor(threads / team));
  const times = batches > 1 ? `, ${batches} times` : "";
  const each = `${rows} row${rows > 1 ? "s" : ""}${times}`;
  const said = `${teams} teams of ${team} invocations; each computes ${each}`;
  const height = 4 + lines * cell + 22;
  return picture(
    Math.max(420, Math.min(threads, columns) * cell),
    height,
    said,
    ...drawn,
    words(0, height - 6, said, "axis"),
  );
}

/** One group of a stored matrix: its words, and what stands beside it. */
export function layoutPicture(layout: Layout): SVGElement {
  const { group, words: count, sides } = layout;
  const each = Math.min(64, 460 / Math.max(1, count));
  const perWord = group / count;
  const drawn = Array.from({ length: count }, (_, at) =>
    box(
      at * each,
      24,
      each - 1,
      30,
      "share share-0",
      `word ${at}: weights ${at * perWord} to ${(at + 1) * perWord - 1}`,
    ),
  );
  const marks = Array.from({ length: count * Math.min(8, perWord) }, (_, at) =>
    box((at * each) / Math.min(8, perWord), 24, 0.75, 30, "mark"),
  );
  let x = count * each + 24;
  const beside = sides.flatMap((side) => {
    const width = Math.max(56, 14 * side.bytes);
    const found = [
      box(x, 24, width, 30, "share share-1", `${side.bytes} bytes`),
      words(x + width / 2, 43, side.name, "on-share", "middle"),
    ];
    x += width + 8;
    return found;
  });
  const label =
    `A group of ${group} weights is ${count} words` +
    (sides.length
      ? `, and ${sides.map(({ name, bytes }) => `${name} of ${bytes} bytes`).join(" and ")} beside it`
      : "");
  const bits = `${layout.bitsPerWeight} bits a weight`;
  return picture(
    Math.max(x, 420),
    78,
    label,
    words(0, 14, `${layout.format}: ${label}`, "axis"),
    ...drawn,
    ...marks,
    ...beside,
    words(0, 72, bits, "axis"),
  );
}
