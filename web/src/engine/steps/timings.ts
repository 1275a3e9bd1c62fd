/** Measures where the time of a request goes. */
export class Timings {
  readonly beganMs = performance.now();
  promptTokens = 0;
  prefillMs = 0;
  generatedTokens = 0;
  decodeMs = 0;
  /** From the beginning to the first token received. */
  firstTokenMs: number | null = null;
  /** Time that JavaScript takes to submit decode steps. */
  hostMs = 0;
  steps = 0;
  dispatches = 0;

  /** Count a token that arrived now; the one before it arrived at `sinceMs`. Returns the time. */
  countToken(sinceMs: number): number {
    const now = performance.now();
    this.generatedTokens += 1;
    this.decodeMs += now - sinceMs;
    this.firstTokenMs ??= now - this.beganMs;
    return now;
  }

  get prefillRate(): number {
    return this.prefillMs > 0 ? (1000 * this.promptTokens) / this.prefillMs : 0;
  }

  get decodeRate(): number {
    return this.decodeMs > 0 ? (1000 * this.generatedTokens) / this.decodeMs : 0;
  }

  get hostUsPerDispatch(): number {
    return this.dispatches ? (1000 * this.hostMs) / this.dispatches : 0;
  }
}
