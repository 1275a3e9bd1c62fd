/** Holds a state that only the reducer changes, and tells listeners about changes. */
export class Store<State, Action> {
  private readonly listeners = new Set<(state: State, previous: State) => void>();

  constructor(
    private current: State,
    private readonly reduce: (state: State, action: Action) => State,
  ) {}

  get state(): State {
    return this.current;
  }

  dispatch(action: Action): void {
    const previous = this.current;
    this.current = this.reduce(previous, action);
    if (this.current === previous) return;
    for (const listener of this.listeners) listener(this.current, previous);
  }

  /** Calls `listener` after every change, until the returned function is called. */
  subscribe(listener: (state: State, previous: State) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
