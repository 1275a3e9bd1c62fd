/** The browser's storage as far as weights/ uses it: a file system with handles, and a cache of responses. */
import type { Bytes } from "../../src/weights/sha256.js";

/** A file, and whether somebody has it open for writing. */
interface Node {
  bytes: Uint8Array;
  open: boolean;
}

/** A handle with both ways of writing; which of them a realm has is FileSystemFileHandle's to say. */
export class FakeFileHandle {
  /** What a file may hold, and what writing through a sync handle says when that is not enough. */
  static room = Infinity;
  static whenFull = 0;
  /** The step of a writer that fails, such as "seek"; "" for none. */
  static failing = "";
  private readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  getFile(): Promise<Blob> {
    return Promise.resolve(new Blob([this.node.bytes.slice()]));
  }

  createSyncAccessHandle(): Promise<object> {
    const { node } = this;
    acquire(node);
    return Promise.resolve({
      read: (target: Uint8Array, { at }: { at: number }): number => {
        const part = node.bytes.subarray(at, at + target.length);
        target.set(part);
        return part.length;
      },
      write: (chunk: Uint8Array, { at }: { at: number }): number => {
        if (at + chunk.length > FakeFileHandle.room) return FakeFileHandle.whenFull;
        node.bytes = joined(node.bytes.subarray(0, at), chunk);
        return chunk.length;
      },
      truncate: (bytes: number): void => (failIf("truncate"), void (node.bytes = node.bytes.slice(0, bytes))),
      close: (): void => void (node.open = false),
    });
  }

  /** What is written shows when the stream is closed. */
  createWritable({ keepExistingData }: { keepExistingData: boolean }): Promise<object> {
    const { node } = this;
    acquire(node);
    let [bytes, position] = [keepExistingData ? node.bytes : new Uint8Array(0), 0];
    return Promise.resolve({
      seek: async (to: number) => (failIf("seek"), void (position = to)),
      truncate: async (to: number) => (failIf("truncate"), void (bytes = bytes.slice(0, to))),
      write: async (chunk: Uint8Array) => {
        failIf("write");
        bytes = joined(bytes.subarray(0, position), chunk);
        position += chunk.length;
      },
      close: async () => (failIf("close"), (node.bytes = bytes), void (node.open = false)),
      abort: async () => void (node.open = false),
    });
  }
}

function failIf(step: string): void {
  if (FakeFileHandle.failing === step) throw new DOMException(`${step} was made to fail`, "UnknownError");
}

function acquire(node: Node): void {
  if (node.open) throw new DOMException("open elsewhere", "NoModificationAllowedError");
  node.open = true;
}

function joined(before: Uint8Array, chunk: Uint8Array): Uint8Array {
  const all = new Uint8Array(before.length + chunk.length);
  all.set(before);
  all.set(chunk, before.length);
  return all;
}

class FakeFolder {
  readonly folders = new Map<string, FakeFolder>();
  readonly files = new Map<string, Node>();

  getDirectoryHandle(name: string): Promise<FakeFolder> {
    const folder = this.folders.get(name) ?? new FakeFolder();
    this.folders.set(name, folder);
    return Promise.resolve(folder);
  }

  async getFileHandle(name: string, options?: { create?: boolean }): Promise<FakeFileHandle> {
    const node = this.files.get(name) ?? (options?.create ? { bytes: new Uint8Array(0), open: false } : undefined);
    if (!node) throw new DOMException("none", "NotFoundError");
    this.files.set(name, node);
    return new FakeFileHandle(node);
  }

  async removeEntry(name: string): Promise<void> {
    const node = this.files.get(name);
    if (!node) throw new DOMException("none", "NotFoundError");
    acquire(node);
    this.files.delete(name);
  }

  async *keys(): AsyncGenerator<string> {
    for (const name of this.files.keys()) yield await Promise.resolve(name);
  }
}

/** navigator.storage with an empty file system. */
export function fakeFileSystem(): StorageManager {
  const root = new FakeFolder();
  return { getDirectory: () => Promise.resolve(root) } as unknown as StorageManager;
}

interface Entry {
  readonly body: Bytes;
  readonly headers: Headers;
  readonly status: number;
}

/** `caches`, with responses by address. */
export class FakeCaches {
  readonly all = new Map<string, Map<string, Entry>>();

  open(name: string): Promise<Cache> {
    const entries = this.all.get(name) ?? new Map<string, Entry>();
    this.all.set(name, entries);
    const at = (request: RequestInfo | URL): string => (request instanceof Request ? request.url : String(request));
    const cache = {
      keys: () => Promise.resolve(Array.from(entries.keys(), (url) => new Request(url))),
      match: (request: RequestInfo) => {
        const entry = entries.get(at(request));
        return Promise.resolve(entry && new Response(entry.body, { headers: entry.headers, status: entry.status }));
      },
      put: async (request: RequestInfo, response: Response) => {
        const body = new Uint8Array(await response.arrayBuffer());
        entries.set(at(request), { body, headers: response.headers, status: response.status });
      },
      delete: (request: RequestInfo) => Promise.resolve(entries.delete(at(request))),
    };
    return Promise.resolve(cache as unknown as Cache);
  }

  keys(): Promise<string[]> {
    return Promise.resolve([...this.all.keys()]);
  }

  delete(name: string): Promise<boolean> {
    return Promise.resolve(this.all.delete(name));
  }

  asStorage(): CacheStorage {
    return this as unknown as CacheStorage;
  }
}
