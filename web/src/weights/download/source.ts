import { KernelcError, throwIfAborted } from "../../artifact/errors.js";
import { Exchange, type Fetch, named, refuseWebPage } from "./http.js";
import { Retries, Transient, type Wait } from "./retry.js";
import type { Bytes } from "../sha256.js";

/**
 * Identifies a version of a file on the server, so that a partial download can continue: an ETag or a date.
 */
export type Validator = string;

/** One file to download, of known size. */
export interface Download {
  readonly url: string;
  /** The file's name in the artifact, for messages. */
  readonly file: string;
  /** Size of the whole file. */
  readonly bytes: number;
  /** Receives the file. Its first `have` bytes are there already. */
  readonly target: Bytes;
  readonly have: number;
  readonly validator: Validator | undefined;
}

/** How to download, and callbacks that follow it. */
export interface DownloadOptions {
  readonly fetch: Fetch;
  readonly signal?: AbortSignal | undefined;
  readonly wait?: Wait | undefined;
  /** A chunk has arrived and is in the target, starting at `offset`. */
  onChunk(chunk: Bytes, offset: number): Promise<void> | void;
  /** The download starts again at the first byte, of the version `validator`. */
  onStart(validator: Validator | undefined): Promise<void> | void;
}

/**
 * Downloads a file into its target, continuing where a broken connection or an earlier visit stopped (HTTP
 * Range).
 *
 * It starts again where the server ignores Range or its file has changed. Where the answer to Range is wrong,
 * it asks again without Range.
 *
 * @throws KernelcError "network" after MAX_ATTEMPTS attempts without progress, or for an answer that will not
 *   change; "corrupt-shard" where the server's file has another size; "aborted".
 */
export async function download(job: Download, options: DownloadOptions): Promise<void> {
  const transfer = new Transfer(job, options);
  const retries = new Retries(job.file, options.wait);
  while (!transfer.done) {
    try {
      await transfer.attempt();
    } catch (error) {
      await retries.after(error, transfer.received, options.signal);
    }
  }
}

const MOST_FAILED_RANGES = 2;

class Transfer {
  received: number;
  private readonly job: Download;
  private readonly options: DownloadOptions;
  private validator: Validator | undefined;
  private rangeWorks = true;
  private failedRanges = 0;

  constructor(job: Download, options: DownloadOptions) {
    this.job = job;
    this.options = options;
    this.received = job.have;
    this.validator = job.validator;
  }

  get done(): boolean {
    return this.received === this.job.bytes;
  }

  /** Makes one request, and takes as much of the answer as arrives. */
  async attempt(): Promise<void> {
    const exchange = new Exchange(this.options.signal);
    try {
      const request = this.request();
      const sent = exchange.send(this.options.fetch, this.job.url, request, [416]);
      const response = await sent.catch((error: unknown) => this.unanswered(error, request));
      await this.begin(response);
      for await (const chunk of exchange.chunks(response)) await this.take(chunk);
      if (!this.done)
        throw new Transient(`the connection ended at byte ${this.received} of ${this.job.bytes}`);
    } catch (error) {
      throw named(this.job.file, error);
    } finally {
      exchange.close();
    }
  }

  private request(): RequestInit {
    // Shards are kept in the store: a second copy in the browser's cache would only take space.
    const init = { cache: "no-store" } as const;
    if (this.received === 0 || !this.rangeWorks) return init;
    const headers = new Headers({ range: `bytes=${this.received}-` });
    // Another origin would have to permit If-Range first (CORS). There, begin() compares the validators
    // instead.
    if (this.validator !== undefined && this.sameOrigin()) headers.set("if-range", this.validator);
    return { ...init, headers };
  }

  /**
   * Another site may allow requests, but none with Range, which looks as if it did not answer: where that was
   * asked for twice in vain, it is not asked for any more.
   */
  private unanswered(error: unknown, { headers }: RequestInit): never {
    if (headers && !this.sameOrigin() && error instanceof Transient) this.failedRanges += 1;
    if (this.failedRanges >= MOST_FAILED_RANGES) this.rangeWorks = false;
    throw error;
  }

  private sameOrigin(): boolean {
    return new URL(this.job.url).origin === globalThis.location?.origin;
  }

  /** Reads the head of the answer, and continues the download or starts it again. */
  private async begin(response: Response): Promise<void> {
    refuseWebPage(response);
    if (response.status === 416)
      return this.refuseRange("the server cannot continue in the middle of the file");
    const validator = validatorOf(response);
    if (response.status === 206) {
      if (!this.continues(response)) {
        const range = response.headers.get("content-range") ?? "no Content-Range";
        return this.refuseRange(`asked from byte ${this.received} on, the server sent "${range}"`);
      }
      if (this.received > 0 && differ(this.validator, validator)) {
        return this.refuseRange("the file changed on the server");
      }
      return;
    }
    this.checkLength(response);
    await this.restart(validator);
  }

  private async restart(validator: Validator | undefined): Promise<void> {
    this.received = 0;
    this.validator = validator;
    await this.options.onStart(validator);
  }

  private async refuseRange(why: string): Promise<never> {
    if (!this.rangeWorks)
      throw new KernelcError("network", why, { help: "The server does not serve files well." });
    this.rangeWorks = false;
    await this.restart(undefined);
    throw new Transient(why);
  }

  /**
   * Whether an answer goes on where the download is. Another site's answer may not show its Content-Range:
   * then its length must be that of the rest, and the sha256 decides in the end.
   */
  private continues(response: Response): boolean {
    const { headers, type } = response;
    const { bytes } = this.job;
    if (type === "cors" && !headers.has("content-range"))
      return Number(headers.get("content-length")) === bytes - this.received;
    return continues(response, this.received, bytes);
  }

  /** Another site's answer shows its length, but mostly not that it is compressed, which is another one. */
  private checkLength({ headers, type }: Response): void {
    const length = headers.get("content-length");
    const encoded = (headers.get("content-encoding") ?? "identity") !== "identity";
    if (length !== null && !encoded && type !== "cors" && Number(length) !== this.job.bytes)
      throw wrongSize(length, this.job.bytes);
  }

  private async take(chunk: Bytes): Promise<void> {
    throwIfAborted(this.options.signal);
    const offset = this.received;
    if (offset + chunk.length > this.job.bytes) throw wrongSize("more", this.job.bytes);
    this.job.target.set(chunk, offset);
    this.received += chunk.length;
    await this.options.onChunk(chunk, offset);
  }
}

function continues(response: Response, from: number, bytes: number): boolean {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  if (!range) return false;
  const [first, last, total] = [Number(range[1]), Number(range[2]), range[3]];
  return first === from && last >= first && last < bytes && (total === "*" || Number(total) === bytes);
}

/** A strong ETag, else the date. Weak ETags do not guarantee equal bytes. */
function validatorOf(response: Response): Validator | undefined {
  const etag = response.headers.get("etag");
  if (etag?.startsWith('"')) return etag;
  return response.headers.get("last-modified") ?? undefined;
}

/** Whether two validators of the same kind differ. Where one is missing, the sha256 decides in the end. */
function differ(before: Validator | undefined, now: Validator | undefined): boolean {
  if (before === undefined || now === undefined) return false;
  return before.startsWith('"') === now.startsWith('"') && before !== now;
}

function wrongSize(got: string, wanted: number): KernelcError {
  const message = `the server's file has ${got} bytes, the manifest says ${wanted}`;
  return new KernelcError("corrupt-shard", message, { help: "Put the artifact on the server again, whole." });
}
