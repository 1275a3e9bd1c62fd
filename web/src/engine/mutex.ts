/** Lets one caller in at a time, in the order in which they came. */
export class Mutex {
  private last: Promise<void> = Promise.resolve();

  /** Wait for all who came before; call what is returned when done. */
  async acquire(): Promise<() => void> {
    const before = this.last;
    let release = (): void => undefined;
    this.last = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return release;
  }

  /** Run `work` alone. */
  async alone<T>(work: () => T | Promise<T>): Promise<T> {
    const release = await this.acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }
}
