/**
 * Nodes of an automaton that are alike for as long as any token is, so that they share masks.
 *
 * What reads up to 200 characters has a node for each number of characters, and no two of them are equal:
 * they differ in what may come 200 characters later. A mask looks no further than its longest token, so as
 * long as more than that may come, all of these nodes have the same mask. Source: E. F. Moore,
 * Gedanken-experiments on Sequential Machines (1956): after round n of the refinement, the nodes of one class
 * cannot be told apart by n bytes. The port of `runtime/grammar/alike.py`.
 */

import type { Pushdown } from "./pushdown.js";

/**
 * For each number of `rounds`, in order, and each node the first one like it for so many bytes.
 *
 * After as many bytes they are not told apart by what may come next, either. Edges without a byte are not
 * looked through: nodes are alike only if these lead to the same places.
 */
export function alike({ ranges, isExit, empty, calls }: Pushdown, rounds: readonly number[]): Int32Array[] {
  const targets = ranges.map((own) => own.map(([, , to]) => to));
  const before = targets.map(() => new Set<number>());
  targets.forEach((own, node) => own.forEach((to) => before[to]?.add(node)));
  const named = ranges.map((own, node) => {
    const bytes = own.map(([low, high]) => `${low}-${high}`).join();
    return `${bytes};${isExit[node]};${empty[node]?.join()};${calls[node]?.join()}`;
  });
  const classes = new Classes(named);
  const found: Int32Array[] = [];
  let affected: Iterable<number> = targets.keys();
  let [done, changed] = [0, targets.length];
  for (const wanted of rounds) {
    for (; done < wanted && changed; done += 1) {
      const said = new Map<number, string>();
      for (const node of affected) {
        said.set(node, (targets[node] ?? []).map((to) => classes.of[to]).join());
      }
      const moved = classes.split(said);
      affected = new Set(moved.flatMap((node) => [...(before[node] ?? [])]));
      changed = moved.length;
    }
    found.push(classes.firsts());
  }
  return found;
}

/** Numbers from 0 on, sorted into classes by what is said of them: `of` has the class of each. */
class Classes {
  readonly of: Int32Array;
  private readonly sizes: number[] = [];

  constructor(said: readonly string[]) {
    const names = new Map<string, number>();
    this.of = Int32Array.from(said, (each) => {
      const own = names.get(each) ?? names.size;
      names.set(each, own);
      this.sizes[own] = (this.sizes[own] ?? 0) + 1;
      return own;
    });
  }

  /**
   * Take apart what has other things said of it, and return what is in another class now.
   *
   * What nothing is said of stays together, and apart from what something is said of. The most numerous keep
   * the class where all of it is told apart, so that little changes.
   */
  split(said: ReadonlyMap<number, string>): number[] {
    const groups = new Map<number, Map<string, number[]>>();
    for (const [each, what] of said) {
      const own = groups.get(this.of[each] ?? 0) ?? new Map<string, number[]>();
      groups.set(this.of[each] ?? 0, own);
      const part = own.get(what);
      if (part) part.push(each);
      else own.set(what, [each]);
    }
    const changed: number[] = [];
    for (const [number, byWhat] of groups) {
      const parts = [...byWhat.values()].sort((a, b) => a.length - b.length);
      const size = parts.reduce((sum, { length }) => sum + length, 0);
      if (size === this.sizes[number]) parts.pop();
      for (const part of parts) {
        for (const each of part) this.of[each] = this.sizes.length;
        this.sizes[number] = (this.sizes[number] ?? 0) - part.length;
        this.sizes.push(part.length);
        changed.push(...part);
      }
    }
    return changed;
  }

  /** For each number the least of its class. */
  firsts(): Int32Array {
    const first = new Map<number, number>();
    return this.of.map((own, each) => {
      const least = first.get(own) ?? each;
      first.set(own, least);
      return least;
    });
  }
}
