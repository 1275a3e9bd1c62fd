/** Colours code off the page's thread: some code takes seconds, and only here can that be stopped. */
import { markupOf } from "./grammars.js";
import type { Colouring } from "./highlighter.js";

// The project's types are those of a window, but here the global object is that of a worker.
const worker = globalThis as unknown as DedicatedWorkerGlobalScope;

worker.addEventListener("message", ({ data }: MessageEvent<Colouring>) => {
  worker.postMessage(markupOf(data.code, data.language));
});
