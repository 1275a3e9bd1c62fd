import { KernelcError } from "../artifact/errors.js";
import { unlessAborted } from "../artifact/signals.js";
import { shardLock } from "./catalog.js";
import { type Keeping, type PartialRecord, StoredCopy } from "./copy.js";
import type { Fetch } from "./download/http.js";
import { withLock } from "./locks.js";
import { type Notice, refetched } from "./notice.js";
import type { ProgressMeter } from "./progress.js";
import { getRecord } from "./records.js";
import type { Wait } from "./download/retry.js";
import { type Bytes, sha256Hex } from "./sha256.js";
import { download, type Validator } from "./download/source.js";
import type { SharedFiles } from "./stores/crossOrigin.js";

/** One shard of an artifact, as the manifest names it. */
export interface ShardSpec {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What all shards share while an artifact is loading. */
export interface Loading {
  readonly keeping: Keeping;
  readonly fetch: Fetch;
  readonly wait: Wait | undefined;
  readonly signal: AbortSignal;
  readonly meter: ProgressMeter;
  /** Files that other sites downloaded; null where they are not asked for. */
  readonly shared: SharedFiles | null;
  notify(notice: Notice): void;
}

/**
 * Brings one shard into memory, from the store or from the server; or a part from one and the rest from the
 * other.
 */
export class ShardLoad {
  private readonly loading: Loading;
  private readonly index: number;
  private readonly spec: ShardSpec;
  private readonly url: string;
  private readonly target: Bytes;
  private readonly copy: StoredCopy;

  /** @param target - receives the shard; exactly as long as the shard. */
  constructor(loading: Loading, index: number, spec: ShardSpec, url: string, target: Bytes) {
    this.loading = loading;
    this.index = index;
    this.spec = spec;
    this.url = url;
    this.target = target;
    this.copy = new StoredCopy(loading.keeping, spec.sha256, url);
  }

  /**
   * Fills the target with the verified shard. The lock makes a second tab wait until the shard is stored.
   *
   * @throws KernelcError "corrupt-shard" where it is still wrong after being fetched again; see also
   *   `download`.
   */
  async run(): Promise<void> {
    await withLock(shardLock(this.spec.sha256), this.loading.signal, () => this.load());
  }

  private async load(): Promise<void> {
    const have = await this.readStored();
    const { shared } = this.loading;
    if (have < this.spec.bytes && shared && (await this.readShared(shared, have))) return;
    const wrong = have === this.spec.bytes ? await this.verify() : await this.fetch(have);
    if (wrong) {
      this.loading.notify(refetched(this.spec.file));
      const again = await this.fetch(0);
      if (again) throw again;
    }
    if (have < this.spec.bytes && shared)
      await unlessAborted(shared.offer(this.spec.sha256, this.target), this.loading.signal);
  }

  /** Takes the shard from what sites share. It is not stored here again: it stays where it is. */
  private async readShared(shared: SharedFiles, have: number): Promise<boolean> {
    const { spec, target, loading } = this;
    const begun = target.slice(0, have); // what arrived of it is not to be lost to another file
    // The browser may be asking its user, who need not answer to stop loading.
    const found = await unlessAborted(shared.read(spec.sha256, target), loading.signal);
    if (found && (await sha256Hex(target)) === spec.sha256) {
      loading.meter.stored(this.index, spec.bytes);
      return true;
    }
    target.set(begun);
    return false;
  }

  /** Reads the stored part of the shard; returns its length. */
  private async readStored(): Promise<number> {
    const { keeping, meter } = this.loading;
    if (!keeping.readable) return 0;
    try {
      if ((await keeping.store.size("shards", this.spec.sha256)) > this.spec.bytes) return 0;
      const have = await keeping.store.read("shards", this.spec.sha256, this.target);
      meter.stored(this.index, have);
      return have;
    } catch {
      return 0; // a shard that cannot be read is downloaded
    }
  }

  /** Downloads the shard from byte `have` on. Returns what is wrong with it; undefined where it is right. */
  private async fetch(have: number): Promise<KernelcError | undefined> {
    if (have > 0) await this.copy.open(have);
    try {
      await this.download(have, have > 0 ? await this.validator() : undefined);
      await this.copy.close();
      return await this.verify();
    } catch (error) {
      if (!(error instanceof KernelcError) || error.code !== "corrupt-shard") throw error;
      await this.discard();
      return error;
    } finally {
      await this.copy.close(); // keeps what has arrived, however the download ended
    }
  }

  private async download(have: number, validator: Validator | undefined): Promise<void> {
    const { spec, url, target, loading } = this;
    await download(
      { url, file: spec.file, bytes: spec.bytes, target, have, validator },
      {
        fetch: loading.fetch,
        signal: loading.signal,
        wait: loading.wait,
        onStart: async (now) => {
          loading.meter.stored(this.index, 0);
          await this.copy.restart(now);
        },
        onChunk: async (chunk, offset) => {
          loading.meter.arrived(this.index, chunk.length, offset + chunk.length);
          await this.copy.write(chunk);
        },
      },
    );
  }

  /** The validator of the partial download, where it came from the same address. */
  private async validator(): Promise<Validator | undefined> {
    const record = await getRecord("partial", this.spec.sha256, this.loading.keeping.store);
    const { url, validator } = (record ?? {}) as Partial<PartialRecord>;
    return url === this.url && typeof validator === "string" ? validator : undefined;
  }

  private async verify(): Promise<KernelcError | undefined> {
    const got = await sha256Hex(this.target);
    if (got === this.spec.sha256) {
      await this.copy.finish();
      return undefined;
    }
    await this.discard();
    const message = `${this.spec.file} is damaged: its sha256 should be ${this.spec.sha256} and is ${got}.`;
    return new KernelcError("corrupt-shard", message, {
      help: "It was downloaded twice. Put the artifact on the server again, whole.",
    });
  }

  private async discard(): Promise<void> {
    this.loading.meter.stored(this.index, 0);
    await this.copy.discard();
  }
}
