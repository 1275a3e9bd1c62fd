import type { Bytes } from "../sha256.js";
import { orLetGo, type Area, type Store, type Writer } from "./store.js";

const ROOT = "kernelc";
/**
 * Without sync handles, written bytes are kept in steps of this size: a page that dies loses less than one
 * step.
 */
const COMMIT_BYTES = 16 * 2 ** 20;
const READ_BYTES = 8 * 2 ** 20;
/** A tab that died may still hold its files for a moment. */
const BUSY_RETRIES = 20;
const BUSY_WAIT_MS = 100;

/**
 * Files in the origin private file system, `kernelc/<area>/<name>`. A worker writes through sync access
 * handles, so that bytes are kept at once. A page has none and writes through streams, which keep what was
 * written only when they are closed, so they are closed and opened again from time to time.
 */
export class OpfsStore implements Store {
  readonly kind = "opfs";
  readonly keepsShards = true;
  private readonly folders: Record<Area, FileSystemDirectoryHandle>;

  private constructor(folders: Record<Area, FileSystemDirectoryHandle>) {
    this.folders = folders;
  }

  /**
   * The store, or undefined where the browser has no such file system, blocks it, or cannot write to it here.
   */
  static async open(
    storage: StorageManager | undefined = globalThis.navigator?.storage,
  ): Promise<Store | undefined> {
    if (!storage?.getDirectory || !(hasSyncHandles() || hasWritable())) return undefined;
    try {
      const root = await (await storage.getDirectory()).getDirectoryHandle(ROOT, { create: true });
      const open = (area: Area) => root.getDirectoryHandle(area, { create: true });
      const areas = ["shards", "files", "records", "prefixes"] as const;
      const [shards, files, records, prefixes] = await Promise.all(areas.map(open));
      if (!shards || !files || !records || !prefixes) return undefined;
      return new OpfsStore({ shards, files, records, prefixes });
    } catch {
      return undefined; // a private window, or storage is blocked for this site
    }
  }

  async sizes(area: Area): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    for await (const name of this.folders[area].keys()) sizes.set(name, await this.size(area, name));
    return sizes;
  }

  async size(area: Area, name: string): Promise<number> {
    const handle = await this.find(area, name);
    return handle ? (await handle.getFile()).size : 0;
  }

  async read(area: Area, name: string, target: Bytes): Promise<number> {
    const handle = await this.find(area, name);
    if (!handle) return 0;
    // Sync handles read about twice as fast, but only one may be open per file. A shard is read under its
    // lock.
    if (area === "shards" && hasSyncHandles()) {
      const read = await readSync(handle, target);
      if (read !== undefined) return read;
    }
    return readFile(await handle.getFile(), target);
  }

  async append(area: Area, name: string, from: number): Promise<Writer> {
    const handle = await this.folders[area].getFileHandle(name, { create: true });
    return hasSyncHandles() ? openSync(handle, from) : StreamWriter.open(handle, from);
  }

  async remove(area: Area, name: string): Promise<void> {
    try {
      await whenFree(() => this.folders[area].removeEntry(name));
    } catch (error) {
      if (!isNamed(error, "NotFoundError")) throw error;
    }
  }

  private async find(area: Area, name: string): Promise<FileSystemFileHandle | undefined> {
    try {
      return await this.folders[area].getFileHandle(name);
    } catch (error) {
      if (isNamed(error, "NotFoundError")) return undefined;
      throw error;
    }
  }
}

/** Whether this realm has sync access handles: workers do, pages do not. */
function hasSyncHandles(): boolean {
  return (
    has("createSyncAccessHandle") && typeof (globalThis as { document?: unknown }).document === "undefined"
  );
}

function hasWritable(): boolean {
  return has("createWritable");
}

function has(method: string): boolean {
  return typeof FileSystemFileHandle !== "undefined" && method in FileSystemFileHandle.prototype;
}

async function readSync(handle: FileSystemFileHandle, target: Bytes): Promise<number | undefined> {
  let access: FileSystemSyncAccessHandle;
  try {
    access = await handle.createSyncAccessHandle();
  } catch {
    return undefined; // it is open elsewhere: read it as a file instead
  }
  try {
    return access.read(target, { at: 0 });
  } finally {
    access.close();
  }
}

async function readFile(file: File, target: Bytes): Promise<number> {
  const bytes = Math.min(file.size, target.length);
  for (let begin = 0; begin < bytes; begin += READ_BYTES) {
    const part = file.slice(begin, Math.min(bytes, begin + READ_BYTES));
    target.set(new Uint8Array(await part.arrayBuffer()), begin);
  }
  return bytes;
}

async function openSync(handle: FileSystemFileHandle, from: number): Promise<Writer> {
  const access = await whenFree(() => handle.createSyncAccessHandle());
  let position = from;
  try {
    access.truncate(from);
  } catch (error) {
    access.close(); // nobody else gets it: it would hold the file
    throw error;
  }
  const write = (chunk: Bytes): void => {
    const written = access.write(chunk, { at: position });
    // Fewer bytes; or, in Chromium's private windows, an error code of some 4 billion in place of an
    // exception.
    if (written !== chunk.length) throw new DOMException("the disk took only a part", "QuotaExceededError");
    position += written;
  };
  // Errors of the synchronous calls become rejections, as in the other stores.
  return {
    write: async (chunk) => write(chunk),
    close: async () => access.close(),
  };
}

/** Writes through a stream that is closed and opened again every COMMIT_BYTES. */
class StreamWriter implements Writer {
  private readonly handle: FileSystemFileHandle;
  private stream: FileSystemWritableFileStream;
  private position: number;
  private uncommitted = 0;

  private constructor(handle: FileSystemFileHandle, stream: FileSystemWritableFileStream, position: number) {
    this.handle = handle;
    this.stream = stream;
    this.position = position;
  }

  static async open(handle: FileSystemFileHandle, from: number): Promise<Writer> {
    const stream = await openStream(handle, from);
    await orLetGo(stream, stream.truncate(from));
    return new StreamWriter(handle, stream, from);
  }

  async write(chunk: Bytes): Promise<void> {
    await this.stream.write(chunk);
    this.position += chunk.length;
    this.uncommitted += chunk.length;
    if (this.uncommitted < COMMIT_BYTES) return;
    await this.close();
    this.stream = await openStream(this.handle, this.position);
    this.uncommitted = 0;
  }

  close(): Promise<void> {
    return orLetGo(this.stream, this.stream.close());
  }
}

async function openStream(handle: FileSystemFileHandle, at: number): Promise<FileSystemWritableFileStream> {
  const stream = await whenFree(() => handle.createWritable({ keepExistingData: true }));
  await orLetGo(stream, stream.seek(at));
  return stream;
}

/** Runs `work`, and repeats it for up to two seconds while another tab holds the file. */
async function whenFree<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isNamed(error, "NoModificationAllowedError") || attempt === BUSY_RETRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
    }
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
