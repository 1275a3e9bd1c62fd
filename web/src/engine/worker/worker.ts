/** The worker that `createWorkerEngine` starts. */

import { createEngine } from "../createEngine.js";
import type { FromWorker, ToWorker } from "./protocol.js";
import { WorkerHost } from "./workerHost.js";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope; // the project's types are those of a page
const send = (message: FromWorker, transfer: Transferable[] = []): void =>
  scope.postMessage(message, transfer);
const host = new WorkerHost(send, createEngine);

scope.addEventListener("message", (event: MessageEvent<ToWorker>) => void host.receive(event.data));
