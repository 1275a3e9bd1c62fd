/** What the specs of weights/ run in Chromium, in a page and in a worker alike: plain data in, plain data out. */
import { KernelcError } from "../../../src/artifact/errors.js";
import { type LoadProgress, openShards, type ShardSpec } from "../../../src/weights/load.js";
import { deleteModel, storageEstimate, storedModels } from "../../../src/weights/models.js";
import { defaultStore } from "../../../src/weights/stores/openStore.js";
import { openFiles } from "../../../src/weights/files.js";
import { sha256Hex } from "../../../src/weights/sha256.js";

export interface Loaded {
  /** sha256 of what the sink was given, shard by shard. */
  readonly hashes: string[];
  readonly notices: string[];
  readonly progress: LoadProgress | undefined;
  readonly error: { code: string; message: string } | undefined;
}

export const calls = {
  /** Loads, and asks to stop once `stopAfterBytes` have arrived. */
  async load(url: string, id: string, shards: ShardSpec[], stopAfterBytes = Infinity): Promise<Loaded> {
    const [hashes, notices]: [string[], string[]] = [[], []];
    let progress: LoadProgress | undefined;
    const controller = new AbortController();
    const { signal } = controller;
    const onProgress = (now: LoadProgress): void => {
      progress = now;
      if (now.loadedBytes >= stopAfterBytes) controller.abort();
    };
    const result = (error?: Loaded["error"]): Loaded => ({ hashes, notices, progress, error });
    try {
      const source = await openShards(url, id, shards, { title: "test" });
      const sink = async (_: number, data: Uint8Array<ArrayBuffer>): Promise<void> => {
        hashes.push(await sha256Hex(data));
      };
      await source.stream(sink, { signal, onProgress, onNotice: (n) => notices.push(n.code) });
      return result();
    } catch (error) {
      return result(KernelcError.from(error).toJSON());
    }
  },
  async kind(): Promise<string> {
    return (await defaultStore()).kind;
  },
  async stored(name: string): Promise<number> {
    return (await defaultStore()).size("shards", name);
  },
  async manifest(url: string): Promise<{ id: string; fromStore: boolean }> {
    const { id, fromStore } = await (await openFiles(url)).manifest();
    return { id, fromStore };
  },
  models: () => storedModels(),
  remove: (id: string) => deleteModel(id),
  estimate: () => storageEstimate(),
};

export type Calls = typeof calls;
