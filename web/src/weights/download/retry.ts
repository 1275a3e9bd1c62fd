import { aborted, KernelcError, throwIfAborted } from "../../artifact/errors.js";

/** A download is given up after this many attempts in a row without progress. */
export const MAX_ATTEMPTS = 5;
/** The progress that makes the count of attempts start again. */
const PROGRESS_BYTES = 64 * 2 ** 10;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** A failure that may pass: no connection, a connection that broke, a busy server. */
export class Transient extends Error {
  override readonly name = "Transient";
  /** How long the server asked to wait, where it did. */
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

/** Counts failed attempts. One that got further than any before starts the count again. */
export class Retries {
  private readonly what: string;
  private readonly wait: Wait;
  private failed = 0;
  private furthest = 0;

  /** @param what - name of what is being fetched, for messages. */
  constructor(what: string, waiting: Wait = wait) {
    this.what = what;
    this.wait = waiting;
  }

  /** Waits before the next attempt. Throws where `error` is not Transient, or after MAX_ATTEMPTS. */
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

/** The milliseconds of a Retry-After header; undefined where there is none or it gives a date. */
export function retryAfterMs(response: Response): number | undefined {
  const text = response.headers.get("retry-after");
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined;
}
