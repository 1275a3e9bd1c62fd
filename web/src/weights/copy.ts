import { putRecord, removeRecord } from "./records.js";
import type { Bytes } from "./sha256.js";
import type { Store, Writer } from "./stores/store.js";
import type { Validator } from "./source.js";

/** Whether shards are still being stored; the first failure ends it for all of them. */
export interface Keeping {
  readonly store: Store;
  readonly on: boolean;
  /** Whether there may be shards stored, even where no more can be. */
  readonly readable: boolean;
  /** Storing failed: no more of it. */
  fail(error: unknown): void;
}

/** What is remembered of a shard that has not arrived whole. */
export interface PartialRecord {
  readonly url: string;
  readonly validator?: string;
}

/** The stored copy of one shard while it is being downloaded. Failures to store never stop the download. */
export class StoredCopy {
  private readonly keeping: Keeping;
  private readonly sha256: string;
  private readonly url: string;
  private writer: Writer | undefined;

  constructor(keeping: Keeping, sha256: string, url: string) {
    this.keeping = keeping;
    this.sha256 = sha256;
    this.url = url;
  }

  /** Goes on behind the first `from` bytes, or begins. */
  async open(from: number): Promise<void> {
    await this.attempt(async (store) => {
      this.writer = await store.append("shards", this.sha256, from);
    });
  }

  /** Begins again, as a copy of the server's file `validator`. */
  async restart(validator: Validator | undefined): Promise<void> {
    await this.close();
    if (!this.keeping.on) return;
    const partial: PartialRecord = validator === undefined ? { url: this.url } : { url: this.url, validator };
    await putRecord("partial", this.sha256, partial, this.keeping.store);
    await this.open(0);
  }

  async write(chunk: Bytes): Promise<void> {
    await this.attempt(async () => this.writer?.write(chunk));
  }

  /** Keeps what was written. */
  async close(): Promise<void> {
    const writer = this.writer;
    this.writer = undefined;
    if (writer) await this.attempt(() => writer.close());
  }

  /** The shard arrived whole and was verified. */
  async finish(): Promise<void> {
    if (!this.keeping.on) return;
    await removeRecord("partial", this.sha256, this.keeping.store).catch(() => undefined); // stale, but harmless
  }

  /** Forgets the copy: it is damaged. */
  async discard(): Promise<void> {
    await this.close();
    await this.remove();
  }

  private async attempt(work: (store: Store) => Promise<void>): Promise<void> {
    if (!this.keeping.on) return;
    try {
      await work(this.keeping.store);
    } catch (error) {
      this.keeping.fail(error);
      await this.giveUp();
    }
  }

  /** Frees what a copy took that could not be finished. */
  private async giveUp(): Promise<void> {
    const writer = this.writer;
    this.writer = undefined;
    try {
      await writer?.close();
    } catch {
      // It failed before: that is why it is given up.
    }
    await this.remove();
  }

  private async remove(): Promise<void> {
    if (!this.keeping.readable) return;
    try {
      await this.keeping.store.remove("shards", this.sha256);
    } catch {
      // What cannot be removed stays, and is found damaged again the next time.
    }
  }
}
