/** Pictures of a kernel: a workgroup's memory, how its work is shared, and how weights are stored. */

import { h } from "../../page/dom.js";
import { formatBytes, formatCount } from "../../page/format.js";
import type { KernelIr, Layout, Tiling } from "../data/types.js";
import { box, picture, s, words } from "../svg.js";
import { table } from "../tables.js";

const WIDTH = 640;
/** Invocations of the subgroups that have tiles. */
const SUBGROUP = 32;

/** Shared arrays as a bar, each as wide as its bytes, and registers as a list. */
export function workgroupMemory(ir: KernelIr): HTMLElement {
  const { shared, sharedBytes, registers } = ir;
  let x = 0;
  const drawn = shared.map((array, at) => {
    const width = (WIDTH * array.bytes) / Math.max(1, sharedBytes);
    const title = `${array.name}: ${array.length} × ${array.type}, ${formatCount(array.bytes)} bytes`;
    const rect = box(x, 6, width - 1, 34, `share share-${at % 4}`, title);
    const name = width > 7 * array.name.length ? words(x + 6, 27, array.name, "on-share") : null;
    x += width;
    return s("g", {}, rect, name);
  });
  const label = `${formatBytes(sharedBytes)} of shared memory: ${shared.map(({ name }) => name).join(", ")}`;
  const rows = shared.map(({ name, type, length, row, bytes }) => [
    name,
    row ? `${length / row} rows of ${row} ${type}` : `${length} ${type}`,
    formatCount(bytes),
  ]);
  const named = [...new Set(registers.map(({ name, type }) => `${name}: ${type}`))];
  return h(
    "div",
    { class: "flow" },
    shared.length ? picture(WIDTH, 46, label, ...drawn) : h("p", { class: "muted" }, "No shared memory."),
    shared.length > 0 && table("Shared memory", ["Array", "Elements", "Bytes"], rows),
    registers.length > 0 &&
      h(
        "p",
        {},
        `Registers that change (${registers.length}): `,
        h("code", { class: "list" }, named.join(", ")),
      ),
  );
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
