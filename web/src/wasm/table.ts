/**
 * A table of launches that threads work through together: each takes workgroups a chunk at a time, and goes
 * on to the next launch when all chunks of this one are done, whoever did them. Which thread takes a
 * workgroup decides nothing about its results. The table is no part of the memory that kernels see.
 *
 *     header       generation, open, inside, failed, count
 *     per launch   function, buffers, grid, total, chunk, next, done
 */

import type { KernelFunction } from "./module.js";

export const MOST_LAUNCHES = 1024;
const HEADER = 16;
const STRIDE = 16; // a cache line of 64 bytes
export const TABLE_BYTES = 4 * (HEADER + STRIDE * MOST_LAUNCHES);

export const [GENERATION, OPEN, INSIDE, FAILED, COUNT] = [0, 1, 2, 3, 4] as const;
const [FUNCTION, BUFFERS, GRID, TOTAL, CHUNK, NEXT, DONE] = [0, 1, 2, 3, 4, 5, 6] as const;
const SPINS = 2000;
const NAP_MS = 1;

/** One launch of the table: the number of its function, two addresses, and how many workgroups there are. */
export interface TableLaunch {
  readonly function: number;
  readonly buffers: number;
  readonly grid: number;
  readonly total: number;
  readonly chunk: number;
}

/** Write the launches, with nothing of them done. Nobody may be working on the table. */
export function fillTable(table: Int32Array, launches: readonly TableLaunch[]): void {
  launches.forEach((launch, index) => {
    const at = HEADER + STRIDE * index;
    table[at + FUNCTION] = launch.function;
    table[at + BUFFERS] = launch.buffers;
    table[at + GRID] = launch.grid;
    table[at + TOTAL] = launch.total;
    table[at + CHUNK] = launch.chunk;
    table[at + NEXT] = table[at + DONE] = 0;
  });
  table[COUNT] = launches.length;
}

/**
 * Work on the table until all is done, or until `pause` says so between two chunks. Waits for other threads
 * where these have the rest of a launch; `mayBlock` where this thread may sleep meanwhile.
 *
 * @returns whether all is done. @throws what a kernel throws.
 */
export function workThrough(
  table: Int32Array,
  functions: readonly KernelFunction[],
  pause: () => boolean,
  mayBlock: boolean,
): boolean {
  const count = table[COUNT] ?? 0;
  for (let at = HEADER; at < HEADER + STRIDE * count; at += STRIDE) {
    const total = table[at + TOTAL] ?? 0;
    if (!takeChunks(table, at, total, functions, pause)) return false;
    for (let spins = 0; Atomics.load(table, at + DONE) < total; spins += 1) {
      if (Atomics.load(table, FAILED)) throw new Error("a thread failed");
      if (spins < SPINS) continue;
      if (pause()) return false;
      const done = Atomics.load(table, at + DONE);
      if (mayBlock && done < total) Atomics.wait(table, at + DONE, done, NAP_MS);
    }
  }
  return true;
}

function takeChunks(
  table: Int32Array,
  at: number,
  total: number,
  functions: readonly KernelFunction[],
  pause: () => boolean,
): boolean {
  const chunk = table[at + CHUNK] ?? 1;
  while (Atomics.load(table, at + NEXT) < total) {
    const first = Atomics.add(table, at + NEXT, chunk);
    if (first >= total) break;
    const last = Math.min(total, first + chunk);
    functions[table[at + FUNCTION] ?? -1]?.(table[at + BUFFERS] ?? 0, table[at + GRID] ?? 0, first, last);
    if (Atomics.add(table, at + DONE, last - first) + last - first === total)
      Atomics.notify(table, at + DONE);
    if (pause()) return false; // after the last chunk too: a step may consist of launches of a single one
  }
  return true;
}
