/** Thompson's construction, the class `_Nfa` of `runtime/grammar/dfa.py`. */

import type { Ranges } from "./chars.js";
import type { Repeat, Tree } from "./syntax.js";

export const MOST_NFA = 40_000;

/** State 0 is the first, 1 the last. A state has empty moves or moves by sets. */
export class Nfa {
  readonly empty: number[][] = [[], []];
  readonly moves: (readonly [of: Ranges, to: number])[][] = [[], []];

  /** Add paths from one state to another that read what the tree accepts. */
  add(tree: Tree, begin: number, end: number): void {
    if (tree.kind === "chars") this.moves[begin]?.push([tree.of, end]);
    else if (tree.kind === "either") for (const part of tree.parts) this.add(part, begin, end);
    else if (tree.kind === "concat") this.chain(tree.parts, begin, end);
    else this.repeat(tree, begin, end);
  }

  private chain(parts: readonly Tree[], begin: number, end: number): void {
    let at = begin;
    for (const part of parts) {
      const after = this.state();
      this.add(part, at, after);
      at = after;
    }
    this.empty[at]?.push(end);
  }

  private repeat({ part, low, high }: Repeat, begin: number, end: number): void {
    let at = begin;
    for (let count = 0; count < low; count += 1) {
      const after = this.state();
      this.add(part, at, after);
      at = after;
    }
    if (high === null) {
      const [loop, again] = [this.state(), this.state()];
      this.empty[at]?.push(loop);
      this.add(part, loop, again);
      this.empty[again]?.push(loop);
      this.empty[loop]?.push(end);
      return;
    }
    for (let count = low; count < high; count += 1) {
      const [inside, after] = [this.state(), this.state()];
      this.empty[at]?.push(end, inside);
      this.add(part, inside, after);
      at = after;
    }
    this.empty[at]?.push(end);
  }

  private state(): number {
    this.empty.push([]);
    this.moves.push([]);
    return this.empty.length - 1;
  }
}
