import { aborted, KernelcError, throwIfAborted } from "../artifact/errors.js";

/** Attempts in a row that bring nothing before a download is given up. */
export const MAX_ATTEMPTS = 5;
/** What an attempt must add to a download to start the count again. */
const PROGRESS_BYTES = 64 * 2 ** 10;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** A failure that may pass: no connection, a connection that broke, a busy server. */
export class Transient extends Error {
  override readonly name = "Transient";
  /** When the server asked to be called again, if it did. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Waits, or rejects as soon as `signal` is triggered. */
export type Wait = (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;

export const wait: Wait = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    throwIfAborted(signal);
    const stop = (): void => (clearTimeout(timer), reject(aborted(signal?.reason)));
    const timer = setTimeout(() => (signal?.removeEventListener("abort", stop), resolve()), milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });

/** Counts attempts that failed; one that brought a download further than any before starts the count again. */
export class Retries {
  private readonly what: string;
  private readonly wait: Wait;
  private failed = 0;
  private furthest = 0;

  /** @param what - what is being fetched, as messages name it. */
  constructor(what: string, waiting: Wait = wait) {
    this.what = what;
    this.wait = waiting;
  }

  /** Waits before the next attempt; throws where `error` cannot pass, or has not for MAX_ATTEMPTS. */
  async after(error: unknown, reached: number, signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    if (!(error instanceof Transient)) throw error;
    if (reached >= this.furthest + PROGRESS_BYTES) {
      this.failed = 0;
      this.furthest = reached;
    }
    this.failed += 1;
    if (this.failed >= MAX_ATTEMPTS) throw this.giveUp(error);
    const backoff = FIRST_WAIT_MS * 2 ** (this.failed - 1);
    await this.wait(Math.min(Math.max(backoff, error.retryAfterMs ?? 0), LONGEST_WAIT_MS), signal);
  }

  private giveUp(cause: Transient): KernelcError {
    const offline = globalThis.navigator?.onLine === false;
    const message = `${this.what}: ${cause.message} (${MAX_ATTEMPTS} attempts in a row)`;
    return new KernelcError("network", offline ? `${message}; this device is offline` : message, {
      help: "Check the connection and load the model again: what has arrived is kept and not fetched twice.",
      cause,
    });
  }
}

/** Milliseconds of a Retry-After header in seconds; undefined where there is none or it names a date. */
export function retryAfterMs(response: Response): number | undefined {
  const text = response.headers.get("retry-after");
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined;
}
