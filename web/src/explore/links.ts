/** Which lines of Python are lit. Panes tell of the line that pointer or keyboard is at, and hear of all. */

/** Lines of Python by their numbers; the first is the statement's own. */
export type Lit = readonly number[];

export interface Light {
  /** What was chosen with a click or a key; it stays. */
  readonly chosen: Lit;
  /** What the pointer is over. */
  readonly near: Lit;
  /** Who said so, and needs not scroll. */
  readonly from: object | null;
}

/** Joins the panes of one kernel. */
export class Links {
  private light: Light = { chosen: [], near: [], from: null };
  private readonly listeners = new Set<(light: Light, moved: boolean) => void>();

  /** Call `listener` after each change; `moved` where what is chosen changed. Returns how to stop. */
  follow(listener: (light: Light, moved: boolean) => void): () => void {
    this.listeners.add(listener);
    listener(this.light, false);
    return () => this.listeners.delete(listener);
  }

  choose(lines: Lit, from: object): void {
    this.tell({ chosen: lines, near: [], from }, true);
  }

  pointAt(lines: Lit, from: object): void {
    if (same(lines, this.light.near)) return;
    this.tell({ ...this.light, near: lines, from }, false);
  }

  private tell(light: Light, moved: boolean): void {
    this.light = light;
    for (const listener of this.listeners) listener(light, moved);
  }
}

function same(a: Lit, b: Lit): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}

/** For each number of a line of Python, the lines of a text that come from it, in order. */
export function reversed(lines: readonly Lit[]): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>();
  lines.forEach((numbers, line) => {
    for (const number of numbers) {
      const known = found.get(number);
      if (known) known.push(line);
      else found.set(number, [line]);
    }
  });
  return found;
}
