/** A worker that helps with tables of launches until it is ended: see `threads.ts`. */

import { instantiate, type KernelFunction } from "./module.js";
import { FAILED, GENERATION, INSIDE, OPEN, workThrough } from "./table.js";
import type { ThreadStart } from "./threads.js";

/** After its last work a thread looks for more this often before it sleeps. */
const SPINS = 20_000;

const scope = globalThis as unknown as DedicatedWorkerGlobalScope; // the project's types are those of a page

scope.addEventListener("message", (event: MessageEvent<ThreadStart>) => {
  // Thrown in a task of its own, an error is one of the worker, which the page's side hears of.
  start(event.data).catch((error: unknown) => setTimeout(() => {
    throw error;
  }));
});

async function start({ module, memory, stackEnd, entries, table }: ThreadStart): Promise<void> {
  const functions = await instantiate(module, memory, stackEnd, entries);
  scope.postMessage("ready");
  try {
    help(new Int32Array(table), functions);
  } catch (error) {
    Atomics.store(new Int32Array(table), FAILED, 1);
    throw error;
  }
}

function help(table: Int32Array, functions: readonly KernelFunction[]): void {
  for (let seen = 0; ; ) {
    for (let spins = 0; spins < SPINS && Atomics.load(table, GENERATION) === seen; spins += 1);
    Atomics.wait(table, GENERATION, seen);
    seen = Atomics.load(table, GENERATION);
    Atomics.add(table, INSIDE, 1);
    if (Atomics.load(table, OPEN)) workThrough(table, functions, () => !Atomics.load(table, OPEN), true);
    Atomics.sub(table, INSIDE, 1);
  }
}
