/**
 * Sets of stacks of nodes to return to, as graphs that share their parts; each distinct set is kept once.
 *
 * A text that can be read in several ways has a stack for each, often as many as two to the power of its
 * depth. So what a configuration has is a *set* of stacks: the nodes that they return to, each with the set
 * of what may be below it. The same set always has the same number, so a set is a minimal automaton that
 * reads stacks from the top, and its size is the number of its different parts, not of its stacks. The port
 * of `runtime/grammar/stacks.py`. Source: M. Tomita, An Efficient Augmented Context-Free Parsing Algorithm
 * (1987), whose graph-structured stacks are these, but for that equal parts are one here whichever text they
 * came from.
 */

import { MOST_NODES } from "./grammar.js";
import { GrammarError } from "./refusal.js";

/** The set of the one stack of which nothing is known. */
export const UNKNOWN = 0;
/** The node of a frame that stands for no frame: the stacks of a set may go on right where it begins. */
export const NOTHING = -1;
const MOST_STACKS = 200_000; // which take some 130 MB in Python

/** A node to return to, and the number of the set below it. */
export type Frame = readonly [node: number, rest: number];

/** Sets of stacks by number. What a set has below it always has a lesser number. */
export class Stacks {
  /** By set: its frames, in order of their nodes. */
  private readonly all: (readonly Frame[])[] = [[[NOTHING, UNKNOWN]]];
  /** By set: the uppermost part, but for itself, that all of its stacks go through. */
  private readonly nextJoints: number[] = [UNKNOWN];
  private readonly costs: number[] = [0];
  private readonly single = new Map<number, number>();
  private readonly sets = new Map<string, number>();
  private readonly unions = new Map<number, number>();

  /** `nodeCosts` are the fewest bytes from each node to the end of its rule. */
  constructor(
    private readonly nodeCosts: Float64Array,
    private readonly most = MOST_STACKS,
  ) {}

  frames(stack: number): readonly Frame[] {
    return this.all[stack] ?? [];
  }

  /** The fewest bytes to the end of what is known of some stack of a set. */
  cost(stack: number): number {
    return this.costs[stack] ?? 0;
  }

  /** A set with a node to return to on top of all of its stacks. @throws GrammarError for too many sets. */
  push(node: number, rest: number): number {
    const key = rest * MOST_NODES + node;
    const known = this.single.get(key);
    if (known !== undefined) return known;
    const made = this.added([[node, rest]]);
    this.single.set(key, made);
    return made;
  }

  /** The set of the stacks of both. @throws GrammarError where there are too many sets. */
  union(a: number, b: number): number {
    if (a === b) return a;
    if (this.unions.size > MOST_STACKS) this.unions.clear();
    const pending = [inOrder(a, b)];
    for (let pair = pending.at(-1); pair; pair = pending.at(-1)) {
      const missing = this.unions.has(pairKey(pair)) ? [] : this.unionOfKnown(pair);
      if (missing.length) pending.push(...missing);
      else pending.pop();
    }
    return this.unions.get(pairKey(inOrder(a, b))) ?? a;
  }

  /** Make a union of the unions of what is below it, or return which of these are missing. */
  private unionOfKnown(pair: Frame): Frame[] {
    const joined = new Map(this.frames(pair[0]));
    const missing: Frame[] = [];
    for (const [node, rest] of this.frames(pair[1])) {
      const other = joined.get(node);
      if (other === undefined) joined.set(node, rest);
      if (other === undefined || other === rest) continue;
      const inner = inOrder(other, rest);
      const both = this.unions.get(pairKey(inner));
      if (both === undefined) missing.push(inner);
      else joined.set(node, both);
    }
    if (!missing.length) {
      const frames = [...joined].sort(([a], [b]) => a - b);
      this.unions.set(pairKey(pair), this.of(frames));
    }
    return missing;
  }

  /** A set with another one for its unknown rest. */
  appended(stack: number, below: number): number {
    return this.replaced(stack, UNKNOWN, below);
  }

  /** A set with an unknown rest for one of its parts, through which all of its stacks go. */
  above(stack: number, joint: number): number {
    return this.replaced(stack, joint, UNKNOWN);
  }

  /**
   * The parts that all stacks of all of these sets go through, the uppermost first; the last is the unknown
   * rest.
   */
  joints(stacks: Iterable<number>): number[] {
    let joint: number | null = null;
    for (const stack of stacks) joint = joint === null ? stack : this.common(joint, stack);
    const found: number[] = [];
    for (let at = joint ?? UNKNOWN; at !== UNKNOWN; at = this.nextJoints[at] ?? UNKNOWN) found.push(at);
    return [...found, UNKNOWN];
  }

  /** The uppermost part that all stacks of both sets go through. */
  private common(a: number, b: number): number {
    let [one, other] = [a, b];
    while (one !== other) {
      if (one > other) one = this.nextJoints[one] ?? UNKNOWN;
      else other = this.nextJoints[other] ?? UNKNOWN;
    }
    return one;
  }

  /** A set with another one for a part; what is below the part does not occur beside it. */
  private replaced(stack: number, part: number, by: number): number {
    const known = new Map([[part, by]]);
    const pending = [stack];
    for (let at = pending.at(-1); at !== undefined; at = pending.at(-1)) {
      if (known.has(at)) {
        pending.pop();
        continue;
      }
      const frames = this.frames(at).filter(([node]) => node !== NOTHING);
      const missing = frames.map(([, rest]) => rest).filter((rest) => !known.has(rest));
      if (missing.length) {
        pending.push(...missing);
        continue;
      }
      const found = this.of(frames.map(([node, rest]): Frame => [node, known.get(rest) ?? rest]));
      // A stack that ends here goes on with what the unknown rest is replaced by.
      known.set(at, frames.length < this.frames(at).length ? this.union(found, by) : found);
    }
    return known.get(stack) ?? stack;
  }

  private of(frames: readonly Frame[]): number {
    const [first] = frames;
    if (first && frames.length === 1 && first[0] !== NOTHING) return this.push(...first);
    const key = frames.join();
    const known = this.sets.get(key);
    if (known !== undefined) return known;
    const made = this.added(frames);
    this.sets.set(key, made);
    return made;
  }

  private added(frames: readonly Frame[]): number {
    if (this.all.length > this.most) {
      const reason = "the text so far is nested too deeply, or may be read in too many ways";
      throw new GrammarError(reason, "", "make alternatives of the grammar begin differently");
    }
    let [joint, cost] = [frames[0]?.[1] ?? UNKNOWN, Infinity];
    for (const [node, rest] of frames) {
      joint = this.common(joint, rest);
      cost = Math.min(cost, node === NOTHING ? 0 : (this.nodeCosts[node] ?? 0) + this.cost(rest));
    }
    this.nextJoints.push(joint);
    this.costs.push(cost);
    return this.all.push(frames) - 1;
  }
}

function inOrder(a: number, b: number): Frame {
  return a < b ? [a, b] : [b, a];
}

function pairKey([a, b]: Frame): number {
  return a * 2 ** 21 + b;
}

/** A number where there is one configuration, which is found sooner than a text. */
export function keyOf(configurations: readonly number[]): number | string {
  return configurations.length === 1 ? (configurations[0] ?? 0) : configurations.join();
}
