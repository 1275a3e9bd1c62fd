/**
 * The file server of the browser tests: static files with Range, on 127.0.0.1, and faults on request.
 *
 * A site must work from any file server, so this one does no more than files do; what it adds can only make
 * things worse: broken connections, flipped bytes, slow lines, refusals.
 */
import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";
import { Transform, type TransformCallback } from "node:stream";

/** One thing that goes wrong, for requests whose path contains `path`, `times` times (default: always). */
export interface Fault {
  readonly path: string;
  times?: number;
  /** Break the connection after so many bytes of the body. */
  readonly cutAfterBytes?: number;
  /** Send nothing more after so many bytes of the body, and leave the connection open. */
  readonly stallAfterBytes?: number;
  /** Flip the lowest bit of the file's byte at this offset. */
  readonly flipByteAt?: number;
  /** Answer with this status and no body. */
  readonly status?: number;
  /** Send no faster than this. */
  readonly bytesPerSecond?: number;
  /** Pretend not to know Range: answer 200 with the whole file. */
  readonly ignoreRange?: boolean;
}

/** A request that came in, in order of arrival. `sentBytes` grows while the body is sent. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  status: number;
  sentBytes: number;
}

/** What a path prefix is served from: a folder, or a handler of its own (vite's, say). */
export type Mount = string | RequestListener;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".wgsl": "text/plain; charset=utf-8",
};

/** A running server. Mounts are tried longest prefix first; `faults` and `seen` may be changed at any time. */
export class TestServer {
  readonly seen: Seen[] = [];
  faults: Fault[] = [];
  /** Sent with every file besides its own. */
  headers: Readonly<Record<string, string>> = {};
  /** While true every connection is broken at once, as with the network off. */
  offline = false;

  readonly #mounts: [string, Mount][];
  readonly #server = createServer((request, response) => {
    this.#answer(request, response);
  });

  constructor(mounts: Readonly<Record<string, Mount>>) {
    this.#mounts = Object.entries(mounts).sort(([a], [b]) => b.length - a.length);
  }

  /** Listen on a free port (or `port`, to come back where a server was before). */
  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return this;
  }

  /** Such as "http://127.0.0.1:4711". */
  get origin(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Requests whose path contains `part`. */
  requests(part: string): Seen[] {
    return this.seen.filter((seen) => seen.path.includes(part));
  }

  /** Forget faults and requests. */
  reset(): void {
    this.faults = [];
    this.seen.length = 0;
    this.offline = false;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname);
    const seen: Seen = {
      method: request.method ?? "",
      path,
      range: request.headers.range,
      status: 0,
      sentBytes: 0,
    };
    this.seen.push(seen);
    response.on("close", () => (seen.status ||= response.statusCode));
    if (this.offline) {
      request.socket.destroy();
      return;
    }
    const [prefix, mount] = this.#mounts.find(([each]) => path.startsWith(each)) ?? [];
    if (prefix === undefined || mount === undefined) {
      refuse(response, 404);
    } else if (typeof mount === "string") {
      this.#file(mount, path.slice(prefix.length), request, response, seen);
    } else {
      mount(request, response);
    }
  }

  #file(folder: string, rest: string, request: IncomingMessage, response: ServerResponse, seen: Seen): void {
    const fault = this.#take(seen.path);
    const file = found(folder, rest);
    if (fault?.status !== undefined || file === undefined) {
      refuse(response, fault?.status ?? 404);
      return;
    }
    const range = fault?.ignoreRange === true ? undefined : parsed(request.headers.range, file.bytes);
    if (range === null) {
      response.setHeader("Content-Range", `bytes */${String(file.bytes)}`);
      refuse(response, 416);
      return;
    }
    const [first, last] = range ?? [0, file.bytes - 1];
    seen.status = range === undefined ? 200 : 206;
    response.writeHead(seen.status, {
      "Content-Type": TYPES[extname(file.path)] ?? "application/octet-stream",
      "Content-Length": last - first + 1,
      "Accept-Ranges": "bytes",
      "Cache-Control": "no-cache",
      ...this.headers,
      ETag: file.etag,
      ...(range && { "Content-Range": `bytes ${String(first)}-${String(last)}/${String(file.bytes)}` }),
    });
    if (request.method === "HEAD" || file.bytes === 0) {
      response.end();
      return;
    }
    const source = createReadStream(file.path, { start: first, end: last, highWaterMark: 16384 });
    const line = new Line(fault, first, seen, () => request.socket.destroy());
    source.pipe(line).pipe(response);
    response.on("close", () => source.destroy());
  }

  /** The first fault that fits, one use of it spent. */
  #take(path: string): Fault | undefined {
    const fault = this.faults.find((each) => path.includes(each.path) && each.times !== 0);
    if (fault?.times !== undefined) fault.times -= 1;
    return fault;
  }
}

/** What a body goes through on its way: counted, spoilt, slowed down or cut off. */
class Line extends Transform {
  readonly #fault: Fault | undefined;
  readonly #seen: Seen;
  readonly #cut: () => void;
  #position: number;

  constructor(fault: Fault | undefined, position: number, seen: Seen, cut: () => void) {
    super({ highWaterMark: 16384 });
    this.#fault = fault;
    this.#position = position;
    this.#seen = seen;
    this.#cut = cut;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const at = (this.#fault?.flipByteAt ?? -1) - this.#position;
    const byte = chunk[at];
    if (byte !== undefined) chunk[at] = byte ^ 1;
    const room = (this.#fault?.cutAfterBytes ?? Infinity) - this.#seen.sentBytes;
    const piece = chunk.subarray(0, Math.max(0, room));
    this.#position += piece.length;
    this.#seen.sentBytes += piece.length;
    if (piece.length < chunk.length) {
      this.push(piece);
      setTimeout(this.#cut, 20); // what was written may reach the browser first
      return;
    }
    if (this.#seen.sentBytes >= (this.#fault?.stallAfterBytes ?? Infinity)) {
      this.push(piece); // and never done: the next chunk is not asked for
      return;
    }
    const rate = this.#fault?.bytesPerSecond;
    if (rate === undefined) done(null, piece);
    else setTimeout(() => done(null, piece), (1000 * piece.length) / rate);
  }
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "Content-Length": 0 }).end();
}

/** The regular file that `rest` names in `folder` (its index.html for a folder), undefined for none. */
function found(folder: string, rest: string): { path: string; bytes: number; etag: string } | undefined {
  const path = normalize(join(folder, rest));
  if (path !== folder && !path.startsWith(folder + sep)) return undefined;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return found(path, "index.html");
  return stat?.isFile() ? { path, bytes: stat.size, etag: `"${stat.size.toString(16)}-${stat.mtimeMs.toString(16)}"` } : undefined;
}

/** A Range header as [first, last]: undefined for the whole file, null for what cannot be satisfied. */
function parsed(header: string | undefined, bytes: number): [number, number] | undefined | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const suffix = match[1] === "";
  const first = suffix ? Math.max(0, bytes - Number(match[2])) : Number(match[1]);
  const last = suffix || match[2] === "" ? bytes - 1 : Math.min(Number(match[2]), bytes - 1);
  return first <= last && first < bytes ? [first, last] : null;
}
