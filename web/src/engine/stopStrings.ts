/** Ends a text before the first of some stop strings, and shows nothing that may still become part of one. */
export class StopMatcher {
  /** Whether a stop string was met; nothing comes after it. */
  stopped = false;
  private readonly stops: readonly string[];
  private held = "";

  constructor(stops: readonly string[]) {
    this.stops = stops.filter((stop) => stop !== "");
  }

  /** The text that may be shown now that `piece` came. */
  push(piece: string): string {
    if (this.stopped) return "";
    const text = this.held + piece;
    const begin = this.firstMatch(text);
    this.stopped = begin !== null;
    const shown = begin ?? text.length - this.heldBack(text);
    this.held = this.stopped ? "" : text.slice(shown);
    return text.slice(0, shown);
  }

  /** What was held back, now that nothing more comes. */
  flush(): string {
    const text = this.held;
    this.held = "";
    return text;
  }

  /** Where the stop string begins that is complete first (of several, the longest), however the text came in pieces. */
  private firstMatch(text: string): number | null {
    let [begin, end]: [number | null, number] = [null, Infinity];
    for (const stop of this.stops) {
      const at = text.indexOf(stop);
      if (at < 0 || at + stop.length > end || (at + stop.length === end && at > (begin ?? 0))) continue;
      [begin, end] = [at, at + stop.length];
    }
    return begin;
  }

  /** Length of the longest end of `text` with which a stop string may begin. */
  private heldBack(text: string): number {
    const most = Math.max(0, ...this.stops.map((stop) => stop.length - 1));
    for (let length = Math.min(most, text.length); length > 0; length -= 1) {
      const end = text.slice(text.length - length);
      if (this.stops.some((stop) => stop.startsWith(end))) return length;
    }
    return 0;
  }
}
