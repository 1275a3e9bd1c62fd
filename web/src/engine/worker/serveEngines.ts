/** Makes a worker one that engines run in. */

import { loadModel } from "../models/loadModel.js";
import type { LogitProcessors } from "../sampling/logitProcessors.js";
import type { FromWorker, ToWorker } from "./protocol.js";
import { WorkerHost } from "./workerHost.js";

/** What the code of a worker may bring of its own. */
export interface ServedOptions {
  /** For all its engines, by the names that requests use. */
  readonly logitProcessors?: LogitProcessors;
}

/**
 * Answer the calls of a page in this worker, with as many engines as it opens. A worker of one's own calls
 * this, and is handed to `createWorkerEngine` or `EngineWorker` as `worker`.
 */
export function serveEngines({ logitProcessors = {} }: ServedOptions = {}): void {
  // The project's types are those of a page.
  const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
  const send = (message: FromWorker, transfer: Transferable[] = []): void =>
    scope.postMessage(message, transfer);
  const host = new WorkerHost(send, (url, options) => {
    const all = { ...logitProcessors, ...options.logitProcessors };
    return loadModel(url, { ...options, logitProcessors: all });
  });
  scope.addEventListener("message", (event: MessageEvent<ToWorker>) => void host.receive(event.data));
}
