import { KernelcError, throwIfAborted } from "../../artifact/errors.js";
import { retryAfterMs, Transient } from "./retry.js";
import type { Bytes } from "../sha256.js";

/** After this long without any data, a connection is closed and tried again. */
export const STALL_MS = 30_000;

/** The part of `fetch` that downloads use. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** An HTTP exchange that ends when it stalls or is stopped. Its connection is closed however it ends. */
export class Exchange {
  private readonly controller = new AbortController();
  private readonly signal: AbortSignal | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stalled = false;
  private readonly stop = (): void => this.controller.abort(this.signal?.reason);

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal;
    signal?.addEventListener("abort", this.stop, { once: true });
  }

  /** Sends the request; resolves with a response whose status is 2xx or one of `accept`. */
  async send(
    fetcher: Fetch,
    url: string,
    init: RequestInit,
    accept: readonly number[] = [],
  ): Promise<Response> {
    throwIfAborted(this.signal);
    const response = await this.guard(fetcher(url, { ...init, signal: this.controller.signal }));
    if (response.ok || accept.includes(response.status)) return response;
    throw statusError(response);
  }

  /** The body, chunk by chunk. */
  async *chunks(response: Response): AsyncGenerator<Bytes> {
    const reader = response.body?.getReader();
    if (!reader) return;
    for (;;) {
      const { done, value } = await this.guard(reader.read());
      if (done) return;
      yield value;
    }
  }

  /** Ends the exchange and ignores what the server still sends. */
  close(): void {
    clearTimeout(this.timer);
    this.signal?.removeEventListener("abort", this.stop);
    this.controller.abort();
  }

  /** Awaits a network operation. An abort is passed on; every other failure becomes Transient. */
  private async guard<T>(step: Promise<T>): Promise<T> {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => ((this.stalled = true), this.controller.abort()), STALL_MS);
    try {
      return await step;
    } catch (error) {
      throwIfAborted(this.signal);
      if (this.stalled) throw new Transient(`nothing arrived for ${STALL_MS / 1000} seconds`);
      throw new Transient(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(this.timer);
    }
  }
}

/**
 * Servers of single-page apps answer every address that they do not know with their start page, and a public
 * network answers with its login page.
 *
 * @throws KernelcError "network" where the answer is a web page.
 */
export function refuseWebPage(response: Response): void {
  if (!/^text\/html\b/i.test(response.headers.get("content-type") ?? "")) return;
  throw new KernelcError("network", "the server sent a web page in its place", {
    help: "Is the file on the server? Some answer what they do not have with their start page.",
  });
}

function statusError(response: Response): Error {
  const { status, statusText } = response;
  const said = `the server answered ${status}${statusText ? ` ${statusText}` : ""}`;
  if (status === 408 || status === 429 || status >= 500) return new Transient(said, retryAfterMs(response));
  return new KernelcError("network", said, {
    help: "Is the model's folder complete on the server, and open to this page?",
  });
}

/** The error with the file's name before its message, where the message does not begin with it yet. */
export function named(file: string, error: unknown): unknown {
  if (!(error instanceof KernelcError) || error.code === "aborted") return error;
  const help = error.help === undefined ? {} : { help: error.help };
  return new KernelcError(error.code, `${file}: ${error.message}`, { ...help, cause: error.cause });
}
