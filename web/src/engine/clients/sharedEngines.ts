/** Models that several windows use: each is loaded once, and released when nobody uses it any more. */

import { unlessAborted } from "../../artifact/signals.js";
import type { EngineOptions, LoadedModel } from "../api.js";
import type { Open } from "../models/reloading.js";

type Listener = Pick<EngineOptions, "onProgress" | "onNotice" | "onBusy">;

interface Shared {
  readonly model: Promise<LoadedModel>;
  readonly listeners: Set<Listener>;
  readonly stopping: AbortController;
  users: number;
}

export class SharedEngines {
  private readonly shared = new Map<string, Shared>();

  constructor(private readonly load: Open) {}

  /** Windows that ask for a model with the same options share it, in the memory that the first gave. */
  readonly create: Open = async (url, options) => {
    const { signal, onProgress, onNotice, onBusy, memoryBytes, ...plain } = options;
    const key = JSON.stringify([url, Object.entries(plain).sort()]);
    const shared =
      this.shared.get(key) ?? this.begin(key, url, { ...plain, ...(memoryBytes && { memoryBytes }) });
    const listener: Listener = options;
    shared.listeners.add(listener);
    shared.users += 1;
    let used = true;
    const release = async (): Promise<void> => {
      if (!used) return;
      used = false;
      shared.listeners.delete(listener);
      shared.users -= 1;
      if (!shared.users) await this.end(key, shared);
    };
    try {
      return leaseOf(await unlessAborted(shared.model, signal), release);
    } catch (error) {
      await release();
      throw error;
    }
  };

  private begin(key: string, url: string, options: EngineOptions): Shared {
    const listeners = new Set<Listener>();
    const stopping = new AbortController();
    const model = this.load(url, {
      ...options,
      signal: stopping.signal,
      onProgress: (progress) => listeners.forEach((each) => each.onProgress?.(progress)),
      onNotice: (notice) => listeners.forEach((each) => each.onNotice?.(notice)),
      onBusy: (busy) => listeners.forEach((each) => each.onBusy?.(busy)),
    });
    const shared = { model, listeners, stopping, users: 0 };
    this.shared.set(key, shared);
    return shared;
  }

  private async end(key: string, shared: Shared): Promise<void> {
    if (this.shared.get(key) === shared) this.shared.delete(key);
    shared.stopping.abort();
    await shared.model.then((model) => model.dispose()).catch(() => undefined);
  }
}

/** A model as one of its users has it: disposing of it gives it back. */
function leaseOf(model: LoadedModel, release: () => Promise<void>): LoadedModel {
  return {
    model: model.model,
    chat: model.chat,
    completions: model.completions,
    embeddings: model.embeddings,
    tokens: model.tokens,
    stats: () => model.stats(),
    plan: (contextLength) => model.plan(contextLength),
    reset: () => model.reset(),
    simulateLoss: () => model.simulateLoss(),
    dispose: release,
  };
}
