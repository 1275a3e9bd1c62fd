import type { Area, Store, Writer } from "./store.js";
import type { Bytes } from "../sha256.js";

/**
 * Files in memory, for as long as the page lives: the last resort where the browser keeps nothing on disk.
 */
export class MemoryStore implements Store {
  readonly kind = "memory";
  readonly keepsShards: boolean;
  private readonly areas: Record<Area, Map<string, Bytes>> = {
    shards: new Map(),
    files: new Map(),
    records: new Map(),
    prefixes: new Map(),
  };

  /** @param keepsShards - true where shards may stay in memory too (tests). */
  constructor(keepsShards = false) {
    this.keepsShards = keepsShards;
  }

  sizes(area: Area): Promise<Map<string, number>> {
    return Promise.resolve(new Map(Array.from(this.areas[area], ([name, bytes]) => [name, bytes.length])));
  }

  size(area: Area, name: string): Promise<number> {
    return Promise.resolve(this.areas[area].get(name)?.length ?? 0);
  }

  read(area: Area, name: string, target: Bytes): Promise<number> {
    const bytes = this.areas[area].get(name)?.subarray(0, target.length) ?? new Uint8Array(0);
    target.set(bytes);
    return Promise.resolve(bytes.length);
  }

  append(area: Area, name: string, from: number): Promise<Writer> {
    const files = this.areas[area];
    files.set(name, files.get(name)?.slice(0, from) ?? new Uint8Array(0));
    return Promise.resolve({
      write: (chunk) => {
        const before = files.get(name) ?? new Uint8Array(0);
        const after = new Uint8Array(before.length + chunk.length);
        after.set(before);
        after.set(chunk, before.length);
        files.set(name, after);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  }

  remove(area: Area, name: string): Promise<void> {
    this.areas[area].delete(name);
    return Promise.resolve();
  }
}
