/** Helpers for AbortSignals: waiting for a promise or a signal, and joining several signals. */

import { aborted } from "./errors.js";

/** `promise`, or the "aborted" error as soon as `signal` is triggered. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(aborted(signal.reason));
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    if (signal.aborted) stop();
  });
}

/** A controller that any of `signals` aborts too. (AbortSignal.any is more recent than WebGPU.) */
export class LinkedAbort extends AbortController {
  private readonly unlinks: (() => void)[] = [];

  constructor(...signals: readonly (AbortSignal | undefined)[]) {
    super();
    for (const signal of signals) if (signal) this.link(signal);
  }

  private link(signal: AbortSignal): void {
    const stop = (): void => this.abort(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    this.unlinks.push(() => signal.removeEventListener("abort", stop));
  }

  /** Remove the listeners from the signals, which may live longer. */
  unlink(): void {
    for (const unlink of this.unlinks.splice(0)) unlink();
  }
}
