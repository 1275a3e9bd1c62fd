import { aborted, KernelcError, throwIfAborted } from "../artifact/errors.js";
import {
  forgetEarlierVersions,
  rememberedModels,
  rememberModel,
  removeOrphans,
  storedShardBytes,
} from "./catalog.js";
import type { Keeping } from "./copy.js";
import type { Fetch } from "./download/http.js";
import { type Notice, notPersistent, storageBlocked, storageFull } from "./notice.js";
import { requestPersistence, roomBytes } from "./persist.js";
import { type LoadProgress, ProgressMeter } from "./progress.js";
import type { Wait } from "./download/retry.js";
import { type Bytes, isSha256 } from "./sha256.js";
import { type Loading, ShardLoad, type ShardSpec } from "./shard.js";
import { SharedFiles } from "./stores/crossOrigin.js";
import { defaultStore } from "./stores/openStore.js";
import { isQuotaError, type Store } from "./stores/store.js";
import { fileUrl, folderUrl } from "./download/url.js";

export type { LoadProgress, Notice, ShardSpec };

const MAX_SHARD_BYTES = 64 * 2 ** 20;

/**
 * Takes one verified shard. `data` is a view of a buffer that is reused: it is valid until the returned
 * promise resolves.
 */
export type ShardSink = (index: number, data: Bytes) => Promise<void> | void;

export interface StreamOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  onNotice?: ((notice: Notice) => void) | undefined;
}

/** The shards of one artifact. */
export interface ShardSource {
  /**
   * Calls `sink` once for every shard, in order, while the next one is already arriving: at most two are in
   * memory. Each comes from this device's storage where it is there. Otherwise it is downloaded, continuing
   * where an earlier visit stopped, and stored. Where storing fails, loading continues without it, and a
   * notice says so.
   *
   * @throws KernelcError "corrupt-shard", "network", "aborted", or what `sink` threw.
   */
  stream(sink: ShardSink, options?: StreamOptions): Promise<void>;
}

export interface ShardOptions {
  /** The default is the browser's own storage. */
  store?: Store | undefined;
  fetch?: Fetch | undefined;
  /** The model's name in lists of stored models. */
  title?: string | undefined;
  /** How to wait between attempts (tests). */
  wait?: Wait | undefined;
  /** Whether the files that sites share are asked for; which (tests). */
  shared?: boolean | SharedFiles | undefined;
  /** Bytes that may still be stored, undefined where unknown (tests). */
  room?: (() => Promise<number | undefined>) | undefined;
}

/**
 * Opens the shards of the artifact at `baseUrl`; nothing is downloaded yet.
 *
 * @param artifactId - sha256 of the artifact's manifest.json.
 * @throws KernelcError "bad-artifact" for shards that no build would write.
 */
export async function openShards(
  baseUrl: string,
  artifactId: string,
  shards: readonly ShardSpec[],
  options: ShardOptions = {},
): Promise<ShardSource> {
  const folder = folderUrl(baseUrl);
  const urls = shards.map((spec) => (checkShard(spec), fileUrl(folder, spec.file)));
  const store = options.store ?? (await defaultStore());
  const artifact = { id: artifactId, folder, shards, urls, title: options.title };
  return { stream: (sink, streaming = {}) => new Stream(artifact, store, options, streaming).run(sink) };
}

function checkShard({ file, bytes, sha256 }: ShardSpec): void {
  if (!isSha256(sha256))
    throw new KernelcError("bad-artifact", `The manifest's sha256 of ${file} is not one.`);
  if (Number.isSafeInteger(bytes) && bytes > 0 && bytes <= MAX_SHARD_BYTES) return;
  const limit = `shards have 1 to ${MAX_SHARD_BYTES}`;
  throw new KernelcError("bad-artifact", `The manifest gives ${file} ${bytes} bytes; ${limit}.`);
}

interface Artifact {
  readonly id: string;
  readonly folder: string;
  readonly shards: readonly ShardSpec[];
  readonly urls: readonly string[];
  readonly title: string | undefined;
}

/** One run through an artifact's shards. */
class Stream implements Keeping {
  readonly store: Store;
  on: boolean;
  private readonly artifact: Artifact;
  private readonly options: ShardOptions;
  private readonly streaming: StreamOptions;
  private readonly inner = new AbortController();
  private readonly loading: Loading;
  /** Room for two shards: one is being consumed while the other arrives. */
  private readonly buffers: [Bytes, Bytes] = [new Uint8Array(0), new Uint8Array(0)];
  private readonly largest: number;
  /** Bytes that were to be downloaded when loading began. */
  private missing = 0;

  constructor(artifact: Artifact, store: Store, options: ShardOptions, streaming: StreamOptions) {
    this.artifact = artifact;
    this.store = store;
    this.on = store.keepsShards;
    this.options = options;
    this.streaming = streaming;
    this.largest = Math.max(0, ...artifact.shards.map((spec) => spec.bytes));
    this.loading = {
      keeping: this,
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      wait: options.wait,
      signal: this.inner.signal,
      meter: new ProgressMeter(
        artifact.shards.map((spec) => spec.bytes),
        streaming.onProgress,
      ),
      shared: options.shared === true ? SharedFiles.here() : options.shared || null,
      notify: (notice) => streaming.onNotice?.(notice),
    };
  }

  get readable(): boolean {
    return this.store.keepsShards;
  }

  fail(error: unknown): void {
    if (this.on) this.loading.notify(isQuotaError(error) ? storageFull(this.missing) : storageBlocked());
    this.on = false;
  }

  async run(sink: ShardSink): Promise<void> {
    const { signal } = this.streaming;
    throwIfAborted(signal);
    const stop = (): void => this.inner.abort(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await this.prepare();
      await this.pump(sink);
      await this.conclude();
    } catch (error) {
      throw signal?.aborted ? aborted(signal.reason) : error;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Remembers the model and sees whether there is room for it. */
  private async prepare(): Promise<void> {
    if (!this.store.keepsShards) return this.loading.notify(storageBlocked());
    try {
      await this.remember();
      this.missing = await this.missingBytes();
      if (this.missing > 0) await this.makeRoom();
    } catch (error) {
      this.fail(error);
    }
  }

  private async makeRoom(): Promise<void> {
    await requestPersistence();
    const { folder, id } = this.artifact;
    const room = this.options.room ?? roomBytes;
    let left = await room();
    if (left === undefined || left >= this.missing) return;
    // Make room by removing earlier versions of this model.
    if (await forgetEarlierVersions(this.store, folder, id)) left = await room();
    if (left === undefined || left >= this.missing) return;
    this.on = false;
    this.loading.notify(storageFull(this.missing, left));
  }

  private async missingBytes(): Promise<number> {
    const { shards } = this.artifact;
    const all = new Map(shards.map((spec) => [spec.sha256, spec.bytes]));
    const total = Array.from(all.values()).reduce((sum, bytes) => sum + bytes, 0);
    return total - storedShardBytes(shards, await this.store.sizes("shards"));
  }

  private async remember(): Promise<void> {
    const { id, folder, shards, title } = this.artifact;
    const known = (await rememberedModels(this.store)).find((model) => model.id === id);
    await rememberModel(this.store, {
      id,
      url: folder,
      title: title ?? known?.title ?? folder,
      shards: shards.map(({ bytes, sha256 }) => ({ bytes, sha256 })),
      files: known?.files ?? [],
      openedMs: Date.now(),
    });
  }

  /** Passes on one shard after the other, while the next one is loading. */
  private async pump(sink: ShardSink): Promise<void> {
    const { signal } = this.loading;
    let next = this.start(0);
    try {
      for (let index = 0; index < this.artifact.shards.length; index++) {
        const data = await next;
        next = this.start(index + 1);
        await sink(index, data);
        throwIfAborted(signal);
      }
    } catch (error) {
      this.inner.abort(); // stops the one that is still loading
      await next.catch(() => undefined);
      throw error;
    }
  }

  /** Starts to load shard number `index` into the buffer that the previous shard does not use. */
  private start(index: number): Promise<Bytes> {
    const spec = this.artifact.shards[index];
    const url = this.artifact.urls[index];
    if (!spec || url === undefined) return Promise.resolve(new Uint8Array(0));
    const target = this.room(index % 2 === 0 ? 0 : 1, spec.bytes);
    const data = new ShardLoad(this.loading, index, spec, url, target).run().then(() => target);
    data.catch(() => undefined); // it is awaited later, perhaps after another error
    return data;
  }

  private room(which: 0 | 1, bytes: number): Bytes {
    // As large as the largest shard, so that it is allocated once. If a sink has transferred it, a new one is
    // made.
    if (this.buffers[which].length < bytes) this.buffers[which] = new Uint8Array(this.largest);
    return this.buffers[which].subarray(0, bytes);
  }

  /**
   * The model is complete: removes the versions that it replaces, and checks whether the browser will keep
   * it.
   */
  private async conclude(): Promise<void> {
    this.loading.meter.emit();
    if (!this.on) return;
    const { folder, id } = this.artifact;
    try {
      await forgetEarlierVersions(this.store, folder, id);
      await removeOrphans(this.store);
    } catch {
      // One of them is being loaded; it is removed the next time.
    }
    if (this.missing > 0 && (await requestPersistence()) === false) this.loading.notify(notPersistent());
  }
}
