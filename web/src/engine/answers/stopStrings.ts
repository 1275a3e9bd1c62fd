/** Ends a text before the first stop string, and holds back what may still become part of one. */
export class StopMatcher {
  /** Whether a stop string was found; no text is shown after it. */
  stopped = false;
  private readonly stops: readonly string[];
  private held = "";

  constructor(stops: readonly string[]) {
    this.stops = stops.filter((stop) => stop !== "");
  }

  /** The text that may be shown after `piece` has arrived. */
  push(piece: string): string {
    if (this.stopped) return "";
    const text = this.held + piece;
    const begin = this.firstMatch(text);
    this.stopped = begin !== null;
    const shown = begin ?? text.length - this.heldBack(text);
    this.held = this.stopped ? "" : text.slice(shown);
    return text.slice(0, shown);
  }

  /** The text that was held back, once no more is to come. */
  flush(): string {
    const text = this.held;
    this.held = "";
    return text;
  }

  /**
   * Start of the stop string that is complete first (the longest of several), however the text was cut into
   * pieces.
   */
  private firstMatch(text: string): number | null {
    let [begin, end]: [number | null, number] = [null, Infinity];
    for (const stop of this.stops) {
      const at = text.indexOf(stop);
      if (at < 0 || at + stop.length > end || (at + stop.length === end && at > (begin ?? 0))) continue;
      [begin, end] = [at, at + stop.length];
    }
    return begin;
  }

  /** Length of the longest end of `text` that a stop string begins with. */
  private heldBack(text: string): number {
    const most = Math.max(0, ...this.stops.map((stop) => stop.length - 1));
    for (let length = Math.min(most, text.length); length > 0; length -= 1) {
      const end = text.slice(text.length - length);
      if (this.stops.some((stop) => stop.startsWith(end))) return length;
    }
    return 0;
  }
}
