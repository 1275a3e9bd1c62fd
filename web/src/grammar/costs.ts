/**
 * The fewest bytes from each node of a grammar to the end of its rule, part of `runtime/grammar/pushdown.py`.
 *
 * Source: D. E. Knuth, A Generalization of Dijkstra's Algorithm (1977): the cheapest text of each
 * nonterminal.
 */

import { MOST_NODES, type ByteEdge, type Grammar } from "./grammar.js";

/** Where a cost comes from, and what it adds: bytes, a rule, or the node after a call. */
type Backward = readonly [from: number, by: number];

/** Infinity where there is no way, or where it is longer than `most`. */
export function costsOf(
  grammar: Grammar,
  ranges: readonly (readonly ByteEdge[])[],
  most: number,
): Float64Array {
  const steps: Backward[][] = ranges.map(() => []); // by target: where from, and bytes
  const callsTo: Backward[][] = ranges.map(() => []); // by target: where from, and the rule
  const callsOf: Backward[][] = grammar.rules.map(() => []); // by rule: where from, and the target
  ranges.forEach((own, node) => {
    for (const to of new Set(own.map((edge) => edge[2]))) steps[to]?.push([node, 1]);
    for (const to of grammar.empty[node] ?? []) steps[to]?.push([node, 0]);
    for (const [rule, to] of grammar.calls[node] ?? []) {
      callsTo[to]?.push([node, rule]);
      callsOf[rule]?.push([node, to]);
    }
  });
  const rulesAt = new Map(grammar.rules.map(({ entry }, number) => [entry, number]));
  const cost = new Float64Array(ranges.length).fill(Infinity);
  const pending = new Heap();
  for (const { exit } of grammar.rules) pending.push(0, exit);
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [own, node] = next;
    if ((cost[node] ?? 0) < Infinity || own > most) continue;
    cost[node] = own;
    for (const [before, bytes] of steps[node] ?? []) pending.push(own + bytes, before);
    for (const [before, rule] of callsTo[node] ?? []) {
      const inside = cost[grammar.rule(rule).entry] ?? Infinity;
      if (inside < Infinity) pending.push(own + inside, before);
    }
    const rule = rulesAt.get(node);
    for (const [before, to] of rule === undefined ? [] : (callsOf[rule] ?? [])) {
      const after = cost[to] ?? Infinity;
      if (after < Infinity) pending.push(own + after, before);
    }
  }
  return cost;
}

const RADIX = MOST_NODES;

/** A binary heap of costs with nodes, each pair as one number. */
class Heap {
  private readonly items: number[] = [];

  push(cost: number, node: number): void {
    const { items } = this;
    const item = cost * RADIX + node;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as number;
      if (above <= item) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  /** The least cost, of equal ones that of the first node. */
  pop(): readonly [cost: number, node: number] | null {
    const { items } = this;
    const [least] = items;
    const last = items.pop();
    if (least === undefined || last === undefined) return null;
    if (items.length) this.sink(last);
    return [Math.floor(least / RADIX), least % RADIX];
  }

  private sink(item: number): void {
    const { items } = this;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) child += 1;
      const below = items[child] as number;
      if (below >= item) break;
      items[at] = below;
      at = child;
    }
    items[at] = item;
  }
}
