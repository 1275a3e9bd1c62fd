/** Values from a callback as something to iterate over, of which only the newest counts. */
export class Latest<T> implements AsyncIterable<T> {
  private waiting: { value: T } | null = null;
  private over = false;
  private wake: () => void = () => undefined;

  /** Replaces a value that nobody has taken yet. */
  put(value: T): void {
    this.waiting = { value };
    this.wake();
  }

  /** The iteration ends after the newest value. */
  end(): void {
    this.over = true;
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const { waiting } = this;
      this.waiting = null;
      if (waiting) yield waiting.value;
      else if (this.over) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
