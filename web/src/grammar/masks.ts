/**
 * Which tokens may come next: the trie of the vocabulary walked with the machine, all tokens at once.
 *
 * A walk takes the state of a prefix along for all prefixes of one length together. Where the machine reaches
 * the end of what is known of the stacks, the prefix *escapes*: what may follow depends on where the stack
 * goes on. So a mask belongs to a state alone where nothing escapes, else to the state and the uppermost
 * returns, as many as there are escapes for. Each is computed once. When walks have looked at half as
 * many prefixes as there are, the trie is folded (`folded.ts`), so that later ones look at few. The port of
 * `runtime/grammar/masks.py`.
 * Source: see `machine.ts`; Willard and Louf, Efficient Guided Generation for Large Language Models (2023),
 * for the idea of a mask per state.
 */

import { alike } from "./alike.js";
import { folded } from "./folded.js";
import { DEAD, type Machine } from "./machine.js";
import { longestOf, type Level, type Vocabulary } from "./vocabulary.js";

/** A bit per token, the lowest bit of the first word for token 0. */
export type Mask = Uint32Array<ArrayBuffer>;

const MOST_BYTES = 64 * 2 ** 20;

/** Nodes of the trie, by level. */
type Prefixes = ReadonlyMap<number, Int32Array>;

/** Prefixes of one length that are alive, each with its state. */
interface Alive {
  readonly nodes: Int32Array;
  readonly states: Int32Array;
}

/** The levels that are walked. `longest` has, by level and node, the length of the longest token there. */
interface Trie {
  readonly levels: readonly Level[];
  readonly longest: readonly Int32Array[];
}

/** The tokens that a state allows as far as its stacks are known, and the prefixes that escape. */
interface Walk {
  readonly mask: Mask;
  /** Null where nobody asked for them, since there is nothing below the state. */
  readonly escapes: Prefixes | null;
  readonly nexts: Map<number, Walk>;
}

const NONE: Alive = { nodes: new Int32Array(0), states: new Int32Array(0) };
const ROOT: Prefixes = new Map([[0, new Int32Array(1)]]);

/** The masks of one machine and one vocabulary. */
export class Masks {
  /** How often the trie was walked. */
  walks = 0;
  private readonly known = new Map<number, Walk>();
  private bytes = 0;
  private epoch: number;
  /** The nodes that short tokens do not tell from each, and those that no token does. */
  private readonly nearly: Int32Array;
  private readonly wholly: Int32Array;
  /** A bit for each short token. */
  private readonly short: Uint32Array;
  private trie: Trie;
  /** How many prefixes may still be looked at before the trie is folded; null where it is. */
  private unfolded: number | null;

  constructor(
    private readonly machine: Machine,
    private readonly vocabulary: Vocabulary,
  ) {
    this.epoch = machine.epoch;
    // What comes after the last byte of the longest token is nobody's concern.
    const rounds = [vocabulary.long.length, vocabulary.levels.length - 2];
    [this.nearly, this.wholly] = alike(machine.pushdown, rounds) as [Int32Array, Int32Array];
    this.short = vocabulary.upTo(vocabulary.long.length);
    this.trie = { levels: vocabulary.levels, longest: vocabulary.long.longest };
    this.unfolded = vocabulary.levels.reduce((sum, { byte }) => sum + byte.length / 2, 0);
  }

  /**
   * The mask of a state, not to be changed. `below` are the sets of stacks under the state's own, the lowest
   * first (`Machine.split`).
   */
  mask(state: number, below: readonly number[]): Mask {
    if (this.epoch !== this.machine.epoch || this.bytes > MOST_BYTES) this.forget();
    let walk = this.known.get(state);
    if (!walk || (walk.escapes === null && below.length)) {
      walk = this.shared(state, below.length > 0);
      this.known.set(state, walk);
    }
    for (let at = below.length - 1; walk.escapes?.size && at >= 0; at -= 1) {
      const stacks = below[at] ?? 0;
      let following = walk.nexts.get(stacks);
      if (!following) {
        following = this.walked(walk.escapes, this.machine.returned(stacks), walk.mask, true);
        walk.nexts.set(stacks, following);
      }
      walk = following;
    }
    return walk.mask;
  }

  /**
   * The walk of a state, which is that of any other that no token tells from it. Where only long tokens do,
   * what the short ones do is taken over from another state, too.
   */
  private shared(state: number, watched: boolean): Walk {
    const { machine } = this;
    const [nearly, wholly] = [machine.replaced(state, this.nearly), machine.replaced(state, this.wholly)];
    const known = this.knownWalk(wholly, watched);
    if (known) return known;
    if (this.unfolded !== null && this.unfolded <= 0) this.fold();
    if (nearly === wholly) return this.fromStart(wholly, watched);
    const short = this.knownWalk(nearly, watched) ?? this.fromStart(nearly, watched);
    const walk = this.withLong(wholly, short);
    this.known.set(wholly, walk);
    return walk;
  }

  private knownWalk(state: number, watched: boolean): Walk | null {
    const walk = this.known.get(state);
    return !walk || (walk.escapes === null && watched) ? null : walk;
  }

  private fromStart(state: number, watched: boolean): Walk {
    const walk = this.walked(ROOT, state, null, watched);
    this.known.set(state, walk);
    return walk;
  }

  private forget(): void {
    this.known.clear();
    this.bytes = 0;
    this.epoch = this.machine.epoch;
  }

  /** Fold the trie. What is known names prefixes that are gone then, and is soon found again. */
  private fold(): void {
    this.forget();
    const levels = folded(this.vocabulary, this.machine.pushdown);
    this.trie = { levels, longest: longestOf(levels) };
    this.unfolded = null;
  }

  /** What the long tokens do in a state, and the short ones in one that they do not tell from it. */
  private withLong(state: number, { mask, escapes }: Walk): Walk {
    const { long } = this.vocabulary;
    const walk = this.walked(ROOT, state, null, escapes !== null, long.length);
    walk.mask.forEach((word, at) => {
      walk.mask[at] = word | ((mask[at] as number) & (this.short[at] as number));
    });
    const byLevel = [...(escapes ?? [])].filter(([depth]) => depth <= long.length);
    const longer = [...(walk.escapes ?? [])].filter(([depth]) => depth > long.length);
    return { ...walk, escapes: escapes && new Map([...byLevel, ...longer]) };
  }

  /**
   * Walk from prefixes that are all in one state, and add to a mask that is known already. Prefixes that
   * escape are noted if they are `watched`. With `short`, only tokens that are longer are looked for.
   */
  private walked(begin: Prefixes, state: number, known: Mask | null, watched: boolean, short = 0): Walk {
    this.walks += 1;
    const { levels, longest } = this.trie;
    const mask = known ? known.slice() : new Uint32Array(this.vocabulary.words);
    const escapes = new Map<number, Int32Array>();
    const last = Math.max(...begin.keys());
    let alive = NONE;
    let merged = false; // a node may be here twice then, in two states
    for (const [depth, level] of levels.entries()) {
      const own = begin.get(depth);
      if (own) alive = joined(alive, own, state);
      if (!alive.nodes.length && depth >= last) break;
      if (watched) {
        const { nodes, states } = alive;
        const ended = nodes.filter((_, at) => this.machine.ends[states[at] as number]);
        merged ||= own !== undefined && nodes.length > own.length;
        if (ended.length) escapes.set(depth, merged ? Int32Array.from(new Set(ended)) : ended);
      }
      alive = this.step(level, levels[depth + 1], alive, depth > short ? mask : null);
      if (this.unfolded !== null) this.unfolded -= alive.nodes.length;
      if (depth < short) alive = onlyLonger(alive, longest[depth + 1], short);
    }
    this.bytes += mask.byteLength;
    for (const each of escapes.values()) this.bytes += each.byteLength;
    return { mask, escapes: watched ? escapes : null, nexts: new Map() };
  }

  /** Allow the tokens of some nodes of a level in a mask; return those of their children that are alive. */
  private step(level: Level, next: Level | undefined, { nodes, states }: Alive, mask: Mask | null): Alive {
    const { machine } = this;
    const { childBegin } = level;
    if (mask) allowAll(level, nodes, mask);
    let most = 0;
    for (const node of nodes) most += (childBegin[node + 1] as number) - (childBegin[node] as number);
    if (!next || !most) return NONE;
    const [nextNodes, nextStates] = [new Int32Array(most), new Int32Array(most)];
    const { byte } = next;
    let count = 0;
    for (let at = 0; at < nodes.length; at += 1) {
      const node = nodes[at] as number;
      const [from, to] = [childBegin[node] as number, childBegin[node + 1] as number];
      if (from === to) continue;
      const row = machine.row(states[at] as number);
      const { table } = machine; // which asking for a row may have replaced
      for (let child = from; child < to; child += 1) {
        const following = table[row + (byte[child] as number)] as number;
        if (following === DEAD) continue;
        nextNodes[count] = child;
        nextStates[count] = following;
        count += 1;
      }
    }
    return { nodes: nextNodes.subarray(0, count), states: nextStates.subarray(0, count) };
  }
}

/** Add the tokens that end in some nodes of a level to a mask. */
function allowAll({ tokenBegin, tokens, many }: Level, nodes: Int32Array, mask: Mask): void {
  for (const node of nodes) {
    const bits = many?.get(node);
    if (bits) {
      for (let at = 0; at < bits.length; at += 1) mask[at] = (mask[at] as number) | (bits[at] as number);
      continue;
    }
    for (let place = tokenBegin[node] as number; place < (tokenBegin[node + 1] as number); place += 1) {
      const token = tokens[place] as number;
      mask[token >>> 5] = (mask[token >>> 5] as number) | (1 << (token & 31));
    }
  }
}

function onlyLonger({ nodes, states }: Alive, longest: Int32Array | undefined, length: number): Alive {
  const isLonger = (_: number, at: number): boolean => (longest?.[nodes[at] as number] ?? 0) > length;
  return { nodes: nodes.filter(isLonger), states: states.filter(isLonger) };
}

function joined({ nodes, states }: Alive, more: Int32Array, state: number): Alive {
  const length = nodes.length + more.length;
  const [allNodes, allStates] = [new Int32Array(length), new Int32Array(length)];
  allNodes.set(nodes);
  allNodes.set(more, nodes.length);
  allStates.set(states);
  allStates.fill(state, nodes.length);
  return { nodes: allNodes, states: allStates };
}
