/**
 * Runs a pushdown automaton over bytes, all of its ways at once, with every state and step remembered.
 *
 * A *configuration* is a node and a set of stacks of nodes to return to (`stacks.ts`). A *state* is a set of
 * configurations with different nodes, numbered when it is first met; 0 is the empty one, from which nothing
 * goes on. So a state's next state for each byte is one row of a table, and runs over many bytes are
 * look-ups.
 *
 * Stacks have an unknown rest below them: its number is 0, and a configuration that returns below what is
 * known becomes END. Who knows the rest (`matcher.ts` does) says where to go on (`resume`). That is why a
 * state inside the tenth nested list is the same state as inside the first, and why masks are shared between
 * them: the idea of Dong et al., XGrammar (2024), section 3.1, whose context-independent tokens are those
 * that never return below. The port of `runtime/grammar/machine.py`.
 */

import type { ByteEdge } from "./grammar.js";
import { partition } from "./partition.js";
import type { Pushdown } from "./pushdown.js";
import { GrammarError } from "./refusal.js";
import { keyOf, NOTHING, Stacks } from "./stacks.js";

export const DEAD = 0;
const MOST_PLACES = 4_000;
const MOST_STATES = 60_000;

/**
 * A state without what all of its stacks go through below, and that: sets of stacks, the lowest first. Each
 * has the one before it, or the unknown rest, below it.
 */
export interface Split {
  readonly state: number;
  readonly below: readonly number[];
}

/** The states of one pushdown automaton. `epoch` counts how often all states were forgotten. */
export class Machine {
  epoch = 0;
  configurations: (readonly number[])[] = [];
  /** The state after each byte, 256 entries for each state whose next ones somebody asked for. */
  table = new Int32Array(0);
  /** By state, where its entries begin; -1 where nobody asked. */
  private rows = new Int32Array(0);
  private tableEnd = 0;
  /** By state, whether it has END. */
  ends = new Uint8Array(0);
  private readonly stride: number;
  /** By node, whether it reads a byte and does nothing else. */
  private readonly reads: Uint8Array;
  /** The node of END. */
  private readonly end: number;
  private readonly stacks: Stacks;
  private states = new Map<string | number, number>();
  private closures = new Map<string | number, number>();
  private resumed = new Map<string, number>();
  private splits = new Map<number, Split>();

  constructor(readonly pushdown: Pushdown) {
    this.end = pushdown.ranges.length;
    this.stride = this.end + 1;
    const { ranges, empty, calls, isExit } = pushdown;
    this.reads = Uint8Array.from(ranges, (own, node) =>
      Number(own.length && !isExit[node] && !empty[node]?.length && !calls[node]?.length ? 1 : 0),
    );
    this.stacks = new Stacks(pushdown.cost);
    this.forget();
  }

  /** What errors call the grammar. */
  get where(): string {
    return this.pushdown.start.where;
  }

  private forget(): void {
    this.configurations = [];
    this.states = new Map();
    this.closures = new Map();
    this.resumed = new Map();
    this.splits = new Map();
    this.table = new Int32Array(64 * 256);
    this.tableEnd = 0;
    this.rows = new Int32Array(64).fill(-1);
    this.ends = new Uint8Array(64);
    this.row(this.intern([]));
  }

  /** Forget all states where there are too many of them. Their numbers mean nothing any more then. */
  tidy(): void {
    if (this.configurations.length <= MOST_STATES) return;
    this.epoch += 1;
    this.forget();
  }

  /** The number of a state, given as its configurations in order. */
  intern(configurations: readonly number[]): number {
    const key = keyOf(configurations);
    const known = this.states.get(key);
    if (known !== undefined) return known;
    const state = this.configurations.length;
    if (state === this.ends.length) this.grow();
    this.states.set(key, state);
    this.configurations.push(configurations);
    if (configurations.includes(this.end)) this.ends[state] = 1;
    return state;
  }

  private grow(): void {
    const { rows, ends } = this;
    this.rows = new Int32Array(2 * rows.length).fill(-1);
    this.rows.set(rows);
    this.ends = new Uint8Array(2 * ends.length);
    this.ends.set(ends);
  }

  /** The state before the first byte. */
  begin(): number {
    return this.closed([this.pushdown.start.entry]);
  }

  /** The state of going on where a set of stacks returns to. */
  returned(below: number): number {
    return this.closed(this.popped(below));
  }

  /** The state after a byte. */
  step(state: number, byte: number): number {
    const row = this.row(state); // which may replace the table
    return this.table[row + byte] ?? DEAD;
  }

  /** The byte that must come next; null where several may, or none. */
  onlyByte(state: number): number | null {
    const row = this.row(state);
    let found: number | null = null;
    for (let byte = 0; byte < 256; byte += 1) {
      if (this.table[row + byte] === DEAD) continue;
      if (found !== null) return null;
      found = byte;
    }
    return found;
  }

  /**
   * Where in `table`, which this may replace, the next states of a state begin.
   *
   * @throws GrammarError where the grammar is too ambiguous.
   */
  row(state: number): number {
    const known = this.rows[state] as number;
    return known >= 0 ? known : this.filled(state);
  }

  /** Find out a state's next states. */
  private filled(state: number): number {
    const moves: ByteEdge[] = [];
    for (const configuration of this.configurations[state] ?? []) {
      const node = configuration % this.stride;
      if (node === this.end) continue;
      const stack = configuration - node;
      for (const [low, high, to] of this.pushdown.ranges[node] ?? []) moves.push([low, high, to + stack]);
    }
    const row = this.tableEnd;
    if (row === this.table.length) {
      const larger = new Int32Array(2 * row);
      larger.set(this.table);
      this.table = larger;
    }
    for (const [low, high, configurations] of partition(moves)) {
      this.table.fill(this.closed(configurations), row + low, row + high + 1);
    }
    this.tableEnd += 256;
    return (this.rows[state] = row);
  }

  /** A state whose unknown rest has turned out to be a set of stacks, with a rest of its own. */
  resume(state: number, below: number): number {
    const key = `${state},${below}`;
    const known = this.resumed.get(key);
    if (known !== undefined) return known;
    const { stride, stacks } = this;
    const configurations = this.configurations[state] ?? [];
    const begin = configurations.includes(this.end) ? this.popped(below) : [];
    const found = this.close(begin);
    for (const configuration of configurations) {
      const node = configuration % stride;
      if (node === this.end) continue;
      const stack = stacks.appended(Math.floor(configuration / stride), below);
      found.set(node, stacks.union(found.get(node) ?? stack, stack));
    }
    const resumed = this.interned(found);
    this.resumed.set(key, resumed);
    return resumed;
  }

  /** A state with another node in the place of each: `nodes` tells which. */
  replaced(state: number, nodes: Int32Array): number {
    const { stride, stacks, end } = this;
    const found = new Map<number, number>();
    for (const configuration of this.configurations[state] ?? []) {
      const node = configuration % stride;
      const [to, stack] = [node === end ? node : (nodes[node] ?? node), Math.floor(configuration / stride)];
      found.set(to, stacks.union(found.get(to) ?? stack, stack));
    }
    return this.interned(found);
  }

  split(state: number): Split {
    const known = this.splits.get(state);
    if (known) return known;
    const split = this.splitNow(state);
    this.splits.set(state, split);
    return split;
  }

  private splitNow(state: number): Split {
    const { stride, stacks } = this;
    const configurations = this.configurations[state] ?? [];
    const joints = stacks.joints(new Set(configurations.map((each) => Math.floor(each / stride))));
    const [first = 0, ...rests] = joints;
    if (!rests.length) return { state, below: [] };
    const shorter = configurations.map(
      (each) => [each % stride, stacks.above(Math.floor(each / stride), first)] as const,
    );
    const below = rests.map((rest, at) => stacks.above(joints[at] ?? rest, rest)).reverse();
    return { state: this.interned(shorter), below };
  }

  /** The fewest bytes to the end of what is known of the stacks. */
  cost(state: number): number {
    const { cost } = this.pushdown;
    let best = Infinity;
    for (const configuration of this.configurations[state] ?? []) {
      const node = configuration % this.stride;
      const own = node === this.end ? 0 : (cost[node] ?? 0);
      best = Math.min(best, own + this.stacks.cost(Math.floor(configuration / this.stride)));
    }
    return best;
  }

  private closed(configurations: readonly number[]): number {
    const key = keyOf(configurations);
    const known = this.closures.get(key);
    if (known !== undefined) return known;
    const isPlain = typeof key === "number" && this.reads[key % this.stride] === 1;
    const state = isPlain ? this.intern(configurations) : this.interned(this.close(configurations));
    this.closures.set(key, state);
    return state;
  }

  private interned(stacks: Iterable<readonly [node: number, stack: number]>): number {
    const configurations = Array.from(stacks, ([node, stack]) => node + stack * this.stride);
    return this.intern(configurations.sort((a, b) => a - b));
  }

  /** The configurations after a return to where a set of stacks says. */
  private popped(stack: number): number[] {
    return this.stacks
      .frames(stack)
      .map(([node, rest]) => (node === NOTHING ? this.end : node + rest * this.stride));
  }

  /**
   * What is reached without a byte: the nodes that read one, and END, with their stacks.
   *
   * Stacks that a node has in addition are followed from there once more. First in, first out: so no node
   * comes up more often than a way to it has edges.
   */
  private close(configurations: readonly number[]): Map<number, number> {
    const { pushdown, stride, stacks, end } = this;
    const seen = new Map<number, number>();
    const pending: number[] = [];
    const add = (node: number, stack: number): void => {
      const known = seen.get(node);
      const both = known === undefined ? stack : stacks.union(known, stack);
      if (both === known) return;
      seen.set(node, both);
      pending.push(node);
    };
    for (const each of configurations) add(each % stride, Math.floor(each / stride));
    for (const node of pending) { // grows
      if (pending.length > 8 * MOST_PLACES) throw this.tooAmbiguous();
      const stack = seen.get(node) ?? 0;
      if (node === end) continue;
      for (const to of pushdown.empty[node] ?? []) add(to, stack);
      for (const [rule, to] of pushdown.calls[node] ?? []) {
        const inside = pushdown.returns[to] ? stack : stacks.push(to, stack);
        add(pushdown.rules[rule]?.entry ?? 0, inside);
      }
      if (!pushdown.isExit[node]) continue;
      for (const [back, rest] of stacks.frames(stack)) add(back === NOTHING ? end : back, rest);
    }
    for (const node of seen.keys()) if (node !== end && !pushdown.ranges[node]?.length) seen.delete(node);
    if (seen.size > MOST_PLACES) throw this.tooAmbiguous();
    return seen;
  }

  private tooAmbiguous(): GrammarError {
    const reason = `the text so far may be at more than ${MOST_PLACES} places of the grammar at once`;
    return new GrammarError(reason, this.where, "make alternatives begin differently");
  }
}
