import { unlessAborted } from "../artifact/signals.js";

/** Lets one caller in at a time, in the order in which they came. */
export class Mutex {
  private last: Promise<void> = Promise.resolve();

  /**
   * Wait for all earlier callers. Call the returned function when done.
   *
   * @throws KernelcError "aborted" by `signal`.
   */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    const before = this.last;
    let release = (): void => undefined;
    this.last = new Promise((resolve) => {
      release = resolve;
    });
    try {
      await unlessAborted(before, signal);
    } catch (error) {
      void before.then(release); // later callers still wait for the earlier ones
      throw error;
    }
    return release;
  }

  /** Run `work` alone. */
  async alone<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const release = await this.acquire(signal);
    try {
      return await work();
    } finally {
      release();
    }
  }
}
