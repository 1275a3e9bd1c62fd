import { putRecord, removeRecord } from "./records.js";
import type { Bytes } from "./sha256.js";
import type { Store, Writer } from "./stores/store.js";
import type { Validator } from "./download/source.js";

/** Whether shards are still being stored. The first failure ends storing for all of them. */
export interface Keeping {
  readonly store: Store;
  readonly on: boolean;
  /** Whether stored shards can be read, even where no more can be written. */
  readonly readable: boolean;
  /** Called when storing failed: nothing more is stored. */
  fail(error: unknown): void;
}

/** What is remembered of a shard that has arrived in part. */
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

  /** Continues after the first `from` bytes; 0 starts a new copy. */
  async open(from: number): Promise<void> {
    await this.attempt(async (store) => {
      this.writer = await store.append("shards", this.sha256, from);
    });
  }

  /** Starts again, as a copy of the server's file with this `validator`. */
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

  /** Closes the copy and keeps what was written. */
  async close(): Promise<void> {
    const writer = this.writer;
    this.writer = undefined;
    if (writer) await this.attempt(() => writer.close());
  }

  /** Marks the copy as complete: the shard has arrived whole and was verified. */
  async finish(): Promise<void> {
    if (!this.keeping.on) return;
    // Stale, but harmless.
    await removeRecord("partial", this.sha256, this.keeping.store).catch(() => undefined);
  }

  /** Removes the copy, because it is damaged. */
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

  /** Frees the space of a copy that could not be finished. */
  private async giveUp(): Promise<void> {
    const writer = this.writer;
    this.writer = undefined;
    try {
      await writer?.close();
    } catch {
      // A write failed before; that is why the copy is given up.
    }
    await this.remove();
  }

  private async remove(): Promise<void> {
    if (!this.keeping.readable) return;
    try {
      await this.keeping.store.remove("shards", this.sha256);
    } catch {
      // A copy that cannot be removed stays, and is found to be damaged again the next time.
    }
  }
}
