/**
 * Cross-Origin Storage: files that sites share by the hashes of their contents, so that what one site has
 * downloaded is there for others whom the browser's user lets ask for it.
 *
 * Source: WICG, Cross-Origin Storage (https://wicg.github.io/cross-origin-storage/). No browser has it yet
 * but by an extension. Drafts until the spring of 2026 asked for a list of hashes at a time; both forms are
 * understood.
 */

import type { Bytes } from "../sha256.js";
import { orLetGo } from "./store.js";

interface Hash {
  readonly algorithm: "SHA-256";
  readonly value: string;
}

interface CreateOptions {
  readonly create?: boolean;
}

/** `navigator.crossOriginStorage`, which the project's types do not have. */
export interface CrossOriginStorage {
  requestFileHandle?(hash: Hash, options?: CreateOptions): Promise<FileSystemFileHandle>;
  requestFileHandles?(hashes: readonly Hash[], options?: CreateOptions): Promise<FileSystemFileHandle[]>;
}

/** Files by the sha256 of their contents. What it says is untrusted: callers verify what they read. */
export class SharedFiles {
  /** After a refusal nobody is asked again. */
  private refused = false;

  constructor(private readonly storage: CrossOriginStorage) {}

  /** Those of this browser; null where it has none. */
  static here(): SharedFiles | null {
    const { crossOriginStorage } = (globalThis.navigator ?? {}) as {
      crossOriginStorage?: CrossOriginStorage;
    };
    return crossOriginStorage ? new SharedFiles(crossOriginStorage) : null;
  }

  /** Fills `target` with a file of exactly its length; false where there is none. It never throws. */
  async read(sha256: string, target: Bytes): Promise<boolean> {
    const file = await this.tried(async () => (await this.handle(sha256, {}))?.getFile());
    if (file?.size !== target.length) return false;
    const bytes = await this.tried(() => file.arrayBuffer());
    if (bytes) target.set(new Uint8Array(bytes));
    return bytes !== undefined;
  }

  /** Lets other sites have a file. It never throws: where it fails, they download it. */
  async offer(sha256: string, bytes: Bytes): Promise<void> {
    await this.tried(async () => {
      const handle = await this.handle(sha256, { create: true });
      const writer = await handle?.createWritable();
      if (writer) await orLetGo(writer, writer.write(bytes));
      if (writer) await orLetGo(writer, writer.close());
    });
  }

  private async handle(value: string, options: CreateOptions): Promise<FileSystemFileHandle | undefined> {
    const hash: Hash = { algorithm: "SHA-256", value };
    const { storage } = this;
    if (storage.requestFileHandle) return storage.requestFileHandle(hash, options);
    return (await storage.requestFileHandles?.([hash], options))?.[0];
  }

  private async tried<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.refused) return undefined;
    try {
      return await work();
    } catch (error) {
      // Others that were asked for at the same time may fail otherwise: a refusal stays one.
      if (error instanceof Error && error.name === "NotAllowedError") this.refused = true;
      return undefined;
    }
  }
}
