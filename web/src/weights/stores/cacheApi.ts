import type { Bytes } from "../sha256.js";
import type { Area, Store, Writer } from "./store.js";

const CACHE = "kernelc-store";
/** The Cache API keeps whole responses only, so a file is kept as a series of responses of this size. */
const PIECE_BYTES = 4 * 2 ** 20;

interface Piece {
  readonly begin: number;
  readonly bytes: number;
  readonly request: Request;
}

/**
 * Files in the Cache API, for browsers without the origin private file system: each is a series of responses
 * under addresses of our own, `<area>/<name>/<begin>-<bytes>`, which are never requested from a server.
 */
export class CacheStore implements Store {
  readonly kind = "cache";
  readonly keepsShards = true;
  private readonly cache: Cache;
  private readonly base: string;

  private constructor(cache: Cache, base: string) {
    this.cache = cache;
    this.base = base;
  }

  /** The store, or undefined where the browser has no Cache API or blocks it. */
  static async open(caches: CacheStorage | undefined = globalThis.caches): Promise<Store | undefined> {
    try {
      const origin = globalThis.location?.origin ?? "https://kernelc.invalid";
      return caches && new CacheStore(await caches.open(CACHE), `${origin}/.kernelc-store/`);
    } catch {
      return undefined; // a private window, or storage is blocked for this site
    }
  }

  async sizes(area: Area): Promise<Map<string, number>> {
    const names = new Set<string>();
    for (const { url } of await this.cache.keys()) {
      const [folder, name] = url.slice(this.base.length).split("/");
      if (folder === area && name !== undefined) names.add(decodeURIComponent(name));
    }
    const sizes = await Promise.all(Array.from(names, (name) => this.size(area, name)));
    return new Map(Array.from(names, (name, i) => [name, sizes[i] ?? 0]));
  }

  async size(area: Area, name: string): Promise<number> {
    return end(await this.pieces(area, name));
  }

  async read(area: Area, name: string, target: Bytes): Promise<number> {
    let position = 0;
    for (const { request, begin } of await this.pieces(area, name)) {
      const response = begin < target.length ? await this.cache.match(request) : undefined;
      if (!response) break;
      const data = new Uint8Array(await response.arrayBuffer()).subarray(0, target.length - begin);
      target.set(data, begin);
      position = begin + data.length;
    }
    return position;
  }

  async append(area: Area, name: string, from: number): Promise<Writer> {
    const kept = await this.pieces(area, name, true);
    for (const piece of kept) if (piece.begin + piece.bytes > from) await this.cache.delete(piece.request);
    const prefix = this.prefix(area, name);
    return new PieceWriter(from, async (begin, data) => {
      await this.cache.put(`${prefix}${begin}-${data.length}`, new Response(data));
    });
  }

  async remove(area: Area, name: string): Promise<void> {
    for (const piece of await this.pieces(area, name, true)) await this.cache.delete(piece.request);
  }

  private prefix(area: Area, name: string): string {
    return `${this.base}${area}/${encodeURIComponent(name)}/`;
  }

  /** The pieces of a file in order, up to the first gap; with `all`, also those after it. */
  private async pieces(area: Area, name: string, all = false): Promise<Piece[]> {
    const prefix = this.prefix(area, name);
    const found: Piece[] = [];
    for (const request of await this.cache.keys()) {
      const range = request.url.startsWith(prefix) && /^(\d+)-(\d+)$/.exec(request.url.slice(prefix.length));
      if (range) found.push({ request, begin: Number(range[1]), bytes: Number(range[2]) });
    }
    found.sort((a, b) => a.begin - b.begin);
    return all ? found : found.filter((piece, i) => piece.begin === end(found.slice(0, i)));
  }
}

function end(pieces: readonly Piece[]): number {
  const last = pieces.at(-1);
  return last ? last.begin + last.bytes : 0;
}

/** Gathers chunks into pieces of PIECE_BYTES. On closing, the rest becomes a piece of its own. */
class PieceWriter implements Writer {
  private readonly put: (begin: number, data: Bytes) => Promise<void>;
  private begin: number;
  private chunks: Bytes[] = [];
  private gathered = 0;

  constructor(begin: number, put: (begin: number, data: Bytes) => Promise<void>) {
    this.begin = begin;
    this.put = put;
  }

  async write(chunk: Bytes): Promise<void> {
    this.chunks.push(chunk.slice()); // the caller may reuse its buffer
    this.gathered += chunk.length;
    if (this.gathered >= PIECE_BYTES) await this.flush();
  }

  async close(): Promise<void> {
    if (this.gathered > 0) await this.flush();
  }

  private async flush(): Promise<void> {
    const data = new Uint8Array(this.gathered);
    let position = 0;
    for (const chunk of this.chunks) {
      data.set(chunk, position);
      position += chunk.length;
    }
    this.chunks = [];
    this.gathered = 0;
    await this.put(this.begin, data);
    this.begin += data.length;
  }
}
