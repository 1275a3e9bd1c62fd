/** A server and stores that go wrong on request, for the tests of weights/. */
import { createHash } from "node:crypto";
import type { Fetch } from "../../src/weights/download/http.js";
import { MemoryStore } from "../../src/weights/stores/memory.js";
import type { Bytes } from "../../src/weights/sha256.js";
import type { ShardSpec } from "../../src/weights/shard.js";
import type { Area, Writer } from "../../src/weights/stores/store.js";

export const ORIGIN = "https://models.test";
export const FOLDER = `${ORIGIN}/models/demo/`;
const CHUNK_BYTES = 1000;

/** What goes wrong with one request; requests without one go well. */
export interface Fault {
  /** Answer with this status and these headers, and no body. */
  status?: number;
  headers?: Record<string, string>;
  /** Break the connection after so many bytes of the body. */
  cutAfter?: number;
  /** Send nothing any more after so many bytes, without end. */
  stallAfter?: number;
  /** Flip the lowest bit of the file's byte at this offset. */
  flipAt?: number;
  /** Answer 200 with everything. */
  ignoreRange?: boolean;
  /** Say that the body has this length, as it has while it is compressed. */
  contentLength?: number;
  /** Another Content-Range than the true one; null: none. */
  contentRange?: string | null;
  /** No Content-Length, and a body of this length: the file, then zeros. */
  bodyBytes?: number;
  /** No connection at all. */
  unreachable?: boolean;
}

/** What another site lets a page see of its answers, as browsers do (CORS). */
export function acrossOrigins(fetch: Fetch): Fetch {
  return async (url, init) => {
    const answer = await fetch(url, init);
    for (const name of [...answer.headers.keys()]) {
      if (!["content-length", "content-type", "last-modified"].includes(name)) answer.headers.delete(name);
    }
    return Object.defineProperty(answer, "type", { value: "cors" });
  };
}

export interface Seen {
  readonly path: string;
  readonly range: string | null;
  readonly ifRange: string | null;
  readonly cache: RequestCache | undefined;
}

/** Serves files by path under ORIGIN, with Range and ETag. */
export class FakeServer {
  readonly seen: Seen[] = [];
  /** Faults of a path, for its next requests in turn. */
  readonly faults = new Map<string, Fault[]>();
  /** Bytes of bodies that somebody took. */
  sentBytes = 0;
  etags = true;
  readonly files: Map<string, Bytes>;

  constructor(files: Iterable<readonly [string, Bytes]>) {
    this.files = new Map(files);
  }

  readonly fetch: Fetch = (url, init) => {
    const path = new URL(url).pathname;
    const headers = new Headers(init.headers);
    const [range, ifRange] = [headers.get("range"), headers.get("if-range")];
    this.seen.push({ path, range, ifRange, cache: init.cache });
    const fault = this.faults.get(path)?.shift() ?? {};
    if (init.signal?.aborted) return Promise.reject(init.signal.reason as Error);
    if (fault.unreachable) return Promise.reject(new TypeError("Failed to fetch"));
    const file = this.files.get(path);
    if (fault.status !== undefined || !file) {
      const options = { status: fault.status ?? 404, headers: fault.headers ?? {} };
      return Promise.resolve(new Response(null, options));
    }
    return Promise.resolve(this.answer(file, range, ifRange, fault, init.signal ?? undefined));
  };

  requests(part: string): Seen[] {
    return this.seen.filter((seen) => seen.path.includes(part));
  }

  private answer(file: Bytes, range: string | null, ifRange: string | null, fault: Fault, signal?: AbortSignal) {
    const etag = `"${sha256(file).slice(0, 16)}"`;
    const asked = fault.ignoreRange || (ifRange !== null && ifRange !== etag) ? null : range;
    const first = Number(/^bytes=(\d+)-$/.exec(asked ?? "")?.[1] ?? 0);
    const headers = new Headers(this.etags ? { etag } : {});
    const content = fault.contentRange === undefined ? contentRange(first, file.length) : fault.contentRange;
    if (asked !== null && content !== null) headers.set("content-range", content);
    const whole = new Uint8Array(fault.bodyBytes ?? file.length);
    whole.set(file.subarray(0, whole.length));
    if (fault.flipAt !== undefined) whole.set([(whole[fault.flipAt] ?? 0) ^ 1], fault.flipAt);
    if (fault.bodyBytes === undefined)
      headers.set("content-length", String(fault.contentLength ?? file.length - first));
    const body = this.body(whole.slice(first), fault, signal);
    return new Response(body, { status: asked === null ? 200 : 206, headers });
  }

  private body(bytes: Bytes, fault: Fault, signal: AbortSignal | undefined): ReadableStream<Bytes> {
    let position = 0;
    const end = fault.cutAfter ?? fault.stallAfter ?? Infinity;
    return new ReadableStream<Bytes>(
      {
        start: (controller) => {
          signal?.addEventListener("abort", () => controller.error(signal.reason), { once: true });
        },
        pull: (controller) => {
          const chunk = bytes.slice(position, Math.min(position + CHUNK_BYTES, end));
          position += chunk.length;
          this.sentBytes += chunk.length;
          if (chunk.length > 0) controller.enqueue(chunk);
          else if (position < end) controller.close();
          else if (fault.cutAfter !== undefined) controller.error(new TypeError("network error"));
          else return new Promise<void>(() => undefined);
          return undefined;
        },
      },
      { highWaterMark: 0 },
    );
  }
}

export function contentRange(first: number, total: number): string {
  return `bytes ${first}-${total - 1}/${total}`;
}

/** Bytes that look random, the same for the same seed. */
export function someBytes(count: number, seed: number): Bytes {
  const bytes = new Uint8Array(count);
  let state = seed * 2654435761 + 1;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export interface Model {
  readonly server: FakeServer;
  readonly shards: ShardSpec[];
  readonly data: Bytes[];
  readonly id: string;
}

/** A server with the shards of one model, of these sizes. */
export function model(sizes: readonly number[], seed = 1): Model {
  const data = sizes.map((size, index) => someBytes(size, seed * 100 + index));
  const name = (index: number): string => `weights/${String(index).padStart(4, "0")}.bin`;
  const shards = data.map((bytes, index) => ({ file: name(index), bytes: bytes.length, sha256: sha256(bytes) }));
  const server = new FakeServer(data.map((bytes, index) => [`/models/demo/${name(index)}`, bytes]));
  return { server, shards, data, id: sha256(new TextEncoder().encode(`model ${seed}`)) };
}

/** The path of a shard on the server of `model`. */
export function shardPath(index: number): string {
  return `/models/demo/weights/${String(index).padStart(4, "0")}.bin`;
}

/** A disk that is full, or broken, after so many bytes of shards. */
export class FailingStore extends MemoryStore {
  written = 0;
  private readonly most: number;
  private readonly error: string;

  constructor(most: number, error: string) {
    super(true);
    this.most = most;
    this.error = error;
  }

  override async append(area: Area, name: string, from: number): Promise<Writer> {
    const writer = await super.append(area, name, from);
    return { ...writer, write: (chunk) => this.check(area, chunk.length).then(() => writer.write(chunk)) };
  }

  private check(area: Area, bytes: number): Promise<void> {
    if (area !== "shards") return Promise.resolve();
    this.written += bytes;
    return this.written > this.most ? Promise.reject(new DOMException("no", this.error)) : Promise.resolve();
  }
}

/** Changes one bit of a stored file. */
export async function flip(store: MemoryStore, area: Area, name: string, at: number): Promise<void> {
  const bytes = new Uint8Array(await store.size(area, name));
  await store.read(area, name, bytes);
  bytes.set([(bytes[at] ?? 0) ^ 1], at);
  const writer = await store.append(area, name, 0);
  await writer.write(bytes);
  await writer.close();
}
