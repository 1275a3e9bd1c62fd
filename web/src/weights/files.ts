import { KernelcError, throwIfAborted } from "../artifact/errors.js";
import { LinkedAbort } from "../artifact/signals.js";
import { rememberedModels, rememberModel } from "./catalog.js";
import { contentsOf, isManifest } from "./contents.js";
import { Exchange, type Fetch, named, refuseWebPage } from "./download/http.js";
import { Retries, type Wait } from "./download/retry.js";
import { type Bytes, isSha256, sha256Hex } from "./sha256.js";
import { defaultStore } from "./stores/openStore.js";
import { getBytes, putBytes, type Store } from "./stores/store.js";
import { fileUrl, folderUrl } from "./download/url.js";

const MANIFEST = "manifest.json";
const MAX_MANIFEST_BYTES = 32 * 2 ** 20;
const MAX_FILE_BYTES = 64 * 2 ** 20;
/** How long to wait for the network where a copy of the manifest is stored. */
const PATIENCE_MS = 4_000;

/** What a manifest says of a file. */
export interface FileSpec {
  readonly sha256: string;
  /** Its exact size, where the manifest gives it. */
  readonly bytes?: number | undefined;
}

/** A manifest.json, and where it comes from. */
export interface FoundManifest {
  readonly bytes: Bytes;
  /** sha256 of the bytes: the artifact's id. */
  readonly id: string;
  /** Whether it is the stored copy, used because the network gave none. */
  readonly fromStore: boolean;
}

export interface FileOptions {
  store?: Store | undefined;
  fetch?: Fetch | undefined;
  signal?: AbortSignal | undefined;
  wait?: Wait | undefined;
}

/** Opens the artifact whose folder (or manifest.json) is at `url`. */
export async function openFiles(url: string, options: FileOptions = {}): Promise<ArtifactFiles> {
  return new ArtifactFiles(folderUrl(url), options.store ?? (await defaultStore()), options);
}

/**
 * The small files of an artifact: manifest, kernels, tokenizer, template. They are kept like the shards, by
 * their sha256, so a model that was loaded once starts without a network in any page that embeds the engine.
 * (The service worker keeps only the page itself.)
 */
export class ArtifactFiles {
  /** Absolute address of the artifact's folder. */
  readonly folder: string;
  private readonly store: Store;
  private readonly options: FileOptions;

  constructor(folder: string, store: Store, options: FileOptions) {
    this.folder = folder;
    this.store = store;
    this.options = options;
  }

  /**
   * The manifest: the server's, so that a new build is noticed, else the one that was stored last. With
   * `build` (an id), that build's where this device has it, without asking the server.
   *
   * @throws KernelcError "network" where there is neither; "bad-artifact" where the server sends something
   *   else.
   */
  async manifest(build?: string): Promise<FoundManifest> {
    const wanted = build === undefined ? undefined : await this.storedBuild(build);
    if (wanted) return { ...wanted, fromStore: true };
    const stored = await this.storedManifest();
    try {
      const bytes = await this.fetchManifest(stored !== undefined);
      const id = await sha256Hex(bytes);
      if (id !== stored?.id) await this.keep(id, bytes);
      await this.remember(id, bytes);
      return { bytes, id, fromStore: false };
    } catch (error) {
      throwIfAborted(this.options.signal);
      if (stored) return { ...stored, fromStore: true };
      throw error;
    }
  }

  /**
   * A file that the manifest names, verified. It is taken from the store, else fetched and then stored.
   *
   * @throws KernelcError "bad-artifact" where it is still wrong after being fetched twice; "network";
   *   "aborted".
   */
  async file(name: string, spec: FileSpec): Promise<Bytes> {
    if (!isSha256(spec.sha256))
      throw new KernelcError("bad-artifact", `The manifest's sha256 of ${name} is not one.`);
    const stored = await this.read(spec.sha256);
    if (stored && (await sha256Hex(stored)) === spec.sha256) return stored;
    let got = "";
    for (const cache of ["default", "reload"] as const) {
      const bytes = await this.fetch(name, cache, spec.bytes ?? MAX_FILE_BYTES);
      got = bytes ? await sha256Hex(bytes) : "that of a larger file";
      if (!bytes || got !== spec.sha256) continue;
      await this.keep(spec.sha256, bytes);
      return bytes;
    }
    throw damaged(name, spec, got);
  }

  /** Notes that more files belong to a build of this address, so that they go when it is deleted. */
  async belong(build: string, sha256: readonly string[]): Promise<void> {
    const models = await rememberedModels(this.store);
    const known = models.find(({ id }) => id === build);
    if (!known) return;
    const files = [...new Set([...known.files, ...sha256])];
    await rememberModel(this.store, { ...known, files });
  }

  /** The server's manifest. With `hurry`, it may take PATIENCE_MS at most. */
  private async fetchManifest(hurry: boolean): Promise<Bytes> {
    const url = fileUrl(this.folder, MANIFEST);
    const late = hurry ? AbortSignal.timeout(PATIENCE_MS) : undefined;
    const bytes = await this.fetch(MANIFEST, "no-cache", MAX_MANIFEST_BYTES, late);
    if (bytes && isManifest(bytes)) return bytes;
    throw new KernelcError("bad-artifact", `${url} is not the manifest of a model.`, {
      help: "Is this the folder that `kernelc build` wrote, with every file in it?",
    });
  }

  /** A file as the server sends it; undefined where it has more than `most` bytes. */
  private async fetch(
    name: string,
    cache: RequestCache,
    most: number,
    late?: AbortSignal,
  ): Promise<Bytes | undefined> {
    const { signal, wait } = this.options;
    const linked = new LinkedAbort(late, signal);
    try {
      return await this.fetchUnless(
        linked.signal,
        name,
        { cache },
        most,
        late ? null : new Retries(name, wait),
      );
    } finally {
      linked.unlink();
    }
  }

  /** Does the same until `signal` stops it; without `retries`, in a single attempt. */
  private async fetchUnless(
    signal: AbortSignal,
    name: string,
    init: RequestInit,
    most: number,
    retries: Retries | null,
  ): Promise<Bytes | undefined> {
    for (;;) {
      const exchange = new Exchange(signal);
      try {
        const send = this.options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));
        const response = await exchange.send(send, fileUrl(this.folder, name), init);
        if (name !== MANIFEST) refuseWebPage(response); // a manifest is read, and then found to be none
        return await gather(exchange, response, most);
      } catch (error) {
        if (!retries) throw error; // a copy is stored: no second attempt
        await retries.after(named(name, error), 0, signal);
      } finally {
        exchange.close();
      }
    }
  }

  /** The manifest of a build of this address, as it is stored. */
  private async storedBuild(id: string): Promise<{ bytes: Bytes; id: string } | undefined> {
    const models = await rememberedModels(this.store).catch(() => []);
    const known = models.find((model) => model.id === id && model.url === this.folder);
    const bytes = known && (await this.read(id));
    if (!bytes || (await sha256Hex(bytes)) !== id) return undefined;
    await rememberModel(this.store, { ...known, openedMs: Date.now() }).catch(() => undefined);
    return { bytes, id };
  }

  private async storedManifest(): Promise<{ bytes: Bytes; id: string } | undefined> {
    try {
      const models = (await rememberedModels(this.store)).filter((model) => model.url === this.folder);
      const sizes = models.length > 1 ? await this.store.sizes("shards") : new Map<string, number>();
      const whole = (model: (typeof models)[number]): boolean =>
        model.shards.every((shard) => sizes.get(shard.sha256) === shard.bytes);
      // Where a newer build was looked at but not loaded, the earlier one is complete and works.
      for (const { id } of [...models.filter(whole), ...models]) {
        const bytes = await this.read(id);
        if (bytes && (await sha256Hex(bytes)) === id) return { bytes, id };
      }
    } catch {
      // Storage is blocked: there is no copy.
    }
    return undefined;
  }

  private async read(sha256: string): Promise<Bytes | undefined> {
    try {
      return await getBytes(this.store, "files", sha256);
    } catch {
      return undefined;
    }
  }

  private async keep(sha256: string, bytes: Bytes): Promise<void> {
    try {
      await putBytes(this.store, "files", sha256, bytes);
    } catch {
      // Storage is blocked or full: loading the shards reports it.
    }
  }

  /** Records which files belong to the model, so that it can be found offline and deleted. */
  private async remember(id: string, bytes: Bytes): Promise<void> {
    const { title, shards, files } = contentsOf(bytes);
    const record = { id, url: this.folder, title: title ?? this.folder, shards, files, openedMs: Date.now() };
    await rememberModel(this.store, record);
  }
}

async function gather(exchange: Exchange, response: Response, most: number): Promise<Bytes | undefined> {
  const chunks: Bytes[] = [];
  let size = 0;
  for await (const chunk of exchange.chunks(response)) {
    size += chunk.length;
    if (size > most) return undefined;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let position = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return bytes;
}

function damaged(name: string, { sha256 }: FileSpec, got: string): KernelcError {
  const message = `${name} is not what the manifest says: its sha256 should be ${sha256} and is ${got}.`;
  return new KernelcError("bad-artifact", message, {
    help: "It was fetched twice. Put the artifact on the server again, whole.",
  });
}
