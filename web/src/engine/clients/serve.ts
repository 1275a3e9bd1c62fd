/**
 * Engines in a service worker, or in the background of an extension, for all windows of a site.
 *
 *     serveWindows(); // in a worker that is registered with { type: "module" }
 *
 * Such a worker may import nothing later, so what requests load elsewhere is a part of this module.
 */

import * as disk from "../../prefixes/openDisk.js";
import * as warm from "../../prefixes/warm.js";
import * as sentencepiece from "../../text/sentencepiece/coder.js";
import * as culprits from "../diagnosis/culprit.js";
import { provideCulprits } from "../diagnosis/laterCode.js";
import * as grammars from "../masked/grammars.js";
import * as texts from "../answers/textCompletions.js";
import * as embeddings from "../answers/embeddings.js";
import { loadModel } from "../models/loadModel.js";
import { provideCode } from "../laterCode.js";
import type { LogitProcessors } from "../sampling/logitProcessors.js";
import * as processors from "../sampling/ownProcessors.js";
import { Hub, type Reply } from "./hub.js";
import { isOurs, read, written, type ToEngines } from "./messages.js";
import { PORT_NAME, type ExtensionPort } from "./ports.js";
import { SharedEngines } from "./sharedEngines.js";

export type { ExtensionPort };

export interface ServeOptions {
  /** For all engines, by the names that requests use: functions, since modules cannot be imported here. */
  readonly logitProcessors?: LogitProcessors;
}

/** The part of `chrome.runtime` that is used. */
export interface ExtensionRuntime {
  readonly onConnect: { addListener(listener: (port: ExtensionPort) => void): void };
}

/** In a service worker: answer the windows of this site that call `createServiceWorkerEngine`. */
export function serveWindows(options: ServeOptions = {}): void {
  const scope = globalThis as unknown as ServiceWorkerGlobalScope; // the project's types are those of a page
  const hub = hubOf(options);
  /** Which window each connection is from. */
  const windows = new Map<string, string>();
  const dropClosed = async (): Promise<void> => {
    for (const [connection, window] of windows) {
      if (await scope.clients.get(window)) continue;
      windows.delete(connection);
      await hub.drop(connection);
    }
  };
  scope.addEventListener("message", (event: ExtendableMessageEvent) => {
    const { data, source } = event as { data: unknown; source: Client | null };
    if (!isOurs(data) || !source) return;
    windows.set(data.kernelc, source.id);
    const reply: Reply = (message, transfer = []) => source.postMessage(message, transfer);
    // The browser lets the worker live while a call is answered, and for half a minute after a message.
    event.waitUntil(hub.receive(data as ToEngines, reply).then(dropClosed));
  });
}

/** In the background of an extension: answer its windows that call `createExtensionEngine`. */
export function serveExtension(options: ServeOptions & { readonly runtime?: ExtensionRuntime } = {}): void {
  const hub = hubOf(options);
  const { chrome } = globalThis as unknown as { chrome?: { runtime: ExtensionRuntime } };
  (options.runtime ?? chrome?.runtime)?.onConnect.addListener((port) => {
    if (port.name !== PORT_NAME) return;
    const connections = new Set<string>();
    const reply: Reply = (message) => port.postMessage(written(message));
    port.onMessage.addListener((message) => {
      if (!isOurs(message)) return;
      connections.add(message.kernelc);
      void hub.receive(read(message) as ToEngines, reply);
    });
    port.onDisconnect.addListener(() => connections.forEach((each) => void hub.drop(each)));
  });
}

function hubOf({ logitProcessors = {} }: ServeOptions): Hub {
  provideCode({ grammars, embeddings, disk, warm, texts, processors, sentencepiece });
  provideCulprits(culprits);
  const load = new SharedEngines((url, options) => {
    const all = { ...logitProcessors, ...options.logitProcessors };
    return loadModel(url, { ...options, logitProcessors: all });
  });
  return new Hub(load);
}
