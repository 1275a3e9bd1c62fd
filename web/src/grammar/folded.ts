/**
 * The trie of a vocabulary with those prefixes folded into one that a grammar does not tell apart.
 *
 * Under `.{0,200}` all words of five ASCII letters do the same, so it is enough to walk one of them: 210
 * prefixes are left of 100,000. Two bytes are one *class* in a place where every edge that may be there has
 * both of them or neither. What may be there after a prefix is its *context*: nodes of the automaton, as the
 * kinds of edges that they have. It is more than a walk from any one state finds, since prefixes begin
 * everywhere; so folded prefixes come to the same states, whatever state a walk begins in. In the middle of a
 * JSON string `b` and `c` are one class, and behind its backslash they are not. The port of
 * `runtime/grammar/folded.py`.
 */

import type { ByteEdge } from "./grammar.js";
import type { Pushdown } from "./pushdown.js";
import type { Level, Vocabulary } from "./vocabulary.js";

/** Kinds beyond these count as one that tells all bytes apart, and contexts beyond these as the first. */
const [MOST_KINDS, MOST_CONTEXTS] = [256, 1024];

/** The first context, where any node may be. */
const ANYWHERE = 0;

/** The levels of a trie folded for a grammar, without prefixes that nothing in it begins with. */
export function folded({ levels, words }: Vocabulary, pushdown: Pushdown): Level[] {
  const contexts = new Contexts(kindsOf(pushdown));
  const found: Level[] = [];
  let folds = new Int32Array(1); // by node of the level, where it is folded to; -1 for those left out
  let here = Int32Array.of(ANYWHERE); // by folded node, its context
  let byte = new Uint8Array(1);
  for (const [depth, level] of levels.entries()) {
    const own = tokensOf(level, folds, here.length);
    const slots = slotsOf(contexts, here, folds, level, levels[depth + 1]);
    found.push({ byte, childBegin: slots.childBegin, ...own, many: manyOf(own, words) });
    if (!slots.bytes.length) break;
    [folds, here, byte] = [slots.folds, slots.contexts, slots.bytes];
  }
  return found;
}

type Tokens = Pick<Level, "tokenBegin" | "tokens">;

/** The tokens of a level by folded node. */
function tokensOf(level: Level, folds: Int32Array, count: number): Tokens {
  const { tokenBegin, tokens } = level;
  const begins = new Int32Array(count + 1);
  for (let node = 0; node < folds.length; node += 1) {
    const after = (folds[node] as number) + 1; // 0 where the node is left out
    const own = (tokenBegin[node + 1] as number) - (tokenBegin[node] as number);
    if (after) begins[after] = (begins[after] as number) + own;
  }
  for (let at = 1; at <= count; at += 1) begins[at] = (begins[at] as number) + (begins[at - 1] as number);
  const [sorted, next] = [new Int32Array(begins[count] as number), begins.slice()];
  for (let node = 0; node < folds.length; node += 1) {
    const to = folds[node] as number;
    if (to < 0) continue;
    for (let place = tokenBegin[node] as number; place < (tokenBegin[node + 1] as number); place += 1) {
      const at = next[to] as number;
      sorted[at] = tokens[place] as number;
      next[to] = at + 1;
    }
  }
  return { tokenBegin: begins, tokens: sorted };
}

/** As bits, the tokens of nodes that have more of them than there are words of bits. */
function manyOf({ tokenBegin, tokens }: Tokens, words: number): Map<number, Uint32Array> {
  const found = new Map<number, Uint32Array>();
  for (let node = 0; node + 1 < tokenBegin.length; node += 1) {
    const own = tokens.subarray(tokenBegin[node], tokenBegin[node + 1]);
    if (own.length <= words) continue;
    const bits = new Uint32Array(words);
    for (const token of own) bits[token >>> 5] = (bits[token >>> 5] as number) | (1 << (token & 31));
    found.set(node, bits);
  }
  return found;
}

/** The next level: where its nodes are folded to, and of the folded ones their contexts and last bytes. */
interface Following {
  readonly folds: Int32Array<ArrayBuffer>;
  readonly contexts: Int32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the children of each folded node of the level before begin. */
  readonly childBegin: Int32Array;
}

/** Fold a level's children: those of one folded node with bytes of one class, a slot for each, become one. */
function slotsOf(
  contexts: Contexts, here: Int32Array, folds: Int32Array, { childBegin }: Level, next: Level | undefined,
): Following {
  const slotBegin = new Int32Array(here.length + 1);
  here.forEach((context, at) => {
    slotBegin[at + 1] = (slotBegin[at] as number) + contexts.count(context);
  });
  const byteAt = new Int16Array(slotBegin[here.length] as number).fill(-1);
  const { table } = contexts;
  const following = next?.byte ?? new Uint8Array(0);
  const slots = new Int32Array(following.length);
  for (let node = 0; next && node < folds.length; node += 1) {
    const to = folds[node] as number;
    if (to < 0) continue;
    const [row, begin] = [256 * (here[to] as number), slotBegin[to] as number];
    for (let child = childBegin[node] as number; child < (childBegin[node + 1] as number); child += 1) {
      const byte = following[child] as number;
      const own = table[row + byte] as number;
      if (own < 0) continue;
      slots[child] = begin + own + 1;
      byteAt[begin + own] = byte;
    }
  }
  const number = new Int32Array(byteAt.length + 1); // by slot, how many before it are taken
  byteAt.forEach((byte, slot) => (number[slot + 1] = (number[slot] as number) + Number(byte >= 0)));
  const nexts = new Int32Array(number[byteAt.length] as number);
  here.forEach((context, at) => {
    const begin = slotBegin[at] as number;
    for (let slot = begin; slot < (slotBegin[at + 1] as number); slot += 1) {
      const byte = byteAt[slot] as number;
      if (byte >= 0) nexts[number[slot] as number] = contexts.after(context, slot - begin);
    }
  });
  for (let child = 0; child < slots.length; child += 1) {
    const slot = (slots[child] as number) - 1;
    slots[child] = slot < 0 ? -1 : (number[slot] as number);
  }
  return {
    folds: slots,
    contexts: nexts,
    bytes: Uint8Array.from(byteAt.filter((byte) => byte >= 0)),
    childBegin: slotBegin.map((slot) => number[slot] as number),
  };
}

/** Classes of bytes, by byte; -1 for bytes that nothing reads. `first` has a byte of each. */
interface Classes {
  readonly of: Int16Array;
  readonly first: readonly number[];
}

/** Nodes with the same edges but for where they lead; `after` has by class the kinds that may come next. */
interface Kind {
  readonly classes: Classes;
  readonly after: readonly ReadonlySet<number>[];
}

/** Sets of kinds, as they come one after the other. */
class Contexts {
  private readonly known = new Map<string, number>();
  private readonly members: (readonly number[])[] = [];
  private readonly firsts: (readonly number[])[] = [];
  private readonly nexts: Int32Array[] = [];
  /** The class of each byte, 256 entries per context; -1 for bytes that nothing there reads. */
  table = new Int16Array(16 * 256);

  constructor(private readonly kinds: readonly Kind[]) {
    this.numberOf(kinds.map((_, number) => number));
  }

  count(context: number): number {
    return this.firsts[context]?.length ?? 0;
  }

  /** The context after a byte of a class. */
  after(context: number, own: number): number {
    const nexts = this.nexts[context] as Int32Array;
    if ((nexts[own] as number) >= 0) return nexts[own] as number;
    const byte = this.firsts[context]?.[own] ?? 0;
    const following = new Set<number>();
    for (const member of this.members[context] ?? []) {
      const { classes, after } = this.kinds[member] as Kind;
      for (const kind of after[classes.of[byte] as number] ?? []) following.add(kind);
    }
    return (nexts[own] = this.numberOf([...following].sort((a, b) => a - b)));
  }

  private numberOf(members: readonly number[]): number {
    const key = members.join();
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.members.length === MOST_CONTEXTS) return ANYWHERE;
    const number = this.members.length;
    this.known.set(key, number);
    this.members.push(members);
    const classes = together(members.map((member) => (this.kinds[member] as Kind).classes));
    this.firsts.push(classes.first);
    if (256 * number === this.table.length) {
      const larger = new Int16Array(2 * this.table.length);
      larger.set(this.table);
      this.table = larger;
    }
    this.table.set(classes.of, 256 * number);
    this.nexts.push(new Int32Array(classes.first.length).fill(-1));
    return number;
  }
}

/** The classes of bytes that none of several classifications tells apart; -1 in each stands for no class. */
function together(all: readonly Classes[]): Classes {
  let joined: Classes = { of: new Int16Array(256).fill(-1), first: [] };
  for (const own of all) {
    const width = own.first.length + 1;
    // By both classes, one more than the number of theirs.
    const numbers = new Int16Array(width * (joined.first.length + 1));
    const of = new Int16Array(256).fill(-1);
    const first: number[] = [];
    for (let byte = 0; byte < 256; byte += 1) {
      const key = width * ((joined.of[byte] as number) + 1) + (own.of[byte] as number) + 1;
      if (!key) continue;
      if (!numbers[key]) numbers[key] = first.push(byte);
      of[byte] = (numbers[key] as number) - 1;
    }
    joined = { of, first };
  }
  return joined;
}

/** The kinds of a grammar's nodes, the most numerous first. */
function kindsOf(pushdown: Pushdown): Kind[] {
  const { ranges, isExit, empty, calls } = pushdown;
  const leadsOn = isExit.map((is, node) => Number(is || empty[node]?.length || calls[node]?.length ? 1 : 0));
  const nodesOf = new Map<string, number[]>();
  ranges.forEach((edges, node) => {
    if (!edges.length) return;
    const shape = shapeOf(edges);
    const own = nodesOf.get(shape);
    if (own) own.push(node);
    else nodesOf.set(shape, [node]);
  });
  const kindAt = new Int32Array(ranges.length).fill(MOST_KINDS);
  const common = [...nodesOf.values()].sort((a, b) => b.length - a.length);
  common.forEach((nodes, number) => {
    for (const node of nodes) kindAt[node] = Math.min(number, MOST_KINDS - 1);
  });
  const loose = looseKinds(pushdown, kindAt);
  return common.slice(0, MOST_KINDS).map((nodes, number) => {
    if (number === MOST_KINDS - 1) {
      const anywhere = new Set(Array.from({ length: MOST_KINDS }, (_, kind) => kind));
      return { classes: ALONE, after: ALONE.first.map(() => anywhere) };
    }
    const edges = ranges[nodes[0] ?? 0] ?? [];
    const classes = classesOf(edges);
    // By edge, of which nodes of a kind have the same ones, the kinds after it.
    const following = edges.map((_, at) => {
      const found = new Uint8Array(MOST_KINDS + 1); // the last is for nodes that read nothing
      let isLoose = false;
      for (const node of nodes) {
        const to = ((ranges[node] as readonly ByteEdge[])[at] as ByteEdge)[2];
        found[kindAt[to] as number] = 1;
        isLoose ||= leadsOn[to] === 1;
      }
      if (isLoose) for (const each of loose) found[each] = 1;
      return Array.from(found.subarray(0, MOST_KINDS).keys()).filter((kind) => found[kind]);
    });
    const after = classes.first.map((byte) => {
      const own = following.filter((_, at) => (edges[at]?.[0] ?? 0) <= byte && byte <= (edges[at]?.[1] ?? 0));
      return new Set(own.flat());
    });
    return { classes, after };
  });
}

/** The kinds of nodes that are come to without a byte: by an empty edge, into a rule or back out of one. */
function looseKinds({ empty, calls, rules }: Pushdown, kindAt: Int32Array): Set<number> {
  const found = new Set(rules.map(({ entry }) => kindAt[entry] as number));
  for (const own of empty) for (const to of own) found.add(kindAt[to] as number);
  for (const own of calls) for (const [, to] of own) found.add(kindAt[to] as number);
  found.delete(MOST_KINDS);
  return found;
}

/** A node's edges as a text, with numbers for the nodes that they lead to. */
function shapeOf(edges: readonly ByteEdge[]): string {
  const targets: number[] = [];
  const codes: number[] = [];
  for (const [low, high, to] of edges) {
    let number = targets.indexOf(to);
    if (number < 0) number = targets.push(to) - 1;
    codes.push(low, high, number);
  }
  return String.fromCharCode(...codes);
}

/** The classes of bytes that lead to the same nodes. */
function classesOf(edges: readonly ByteEdge[]): Classes {
  const byTarget = new Map<number, Classes>();
  for (const [low, high, to] of edges) {
    const { of } = byTarget.get(to) ?? { of: new Int16Array(256).fill(-1) };
    byTarget.set(to, { of: of.fill(0, low, high + 1), first: [low] });
  }
  return together([...byTarget.values()]);
}

const ALONE: Classes = {
  of: Int16Array.from({ length: 256 }, (_, byte) => byte),
  first: Array.from({ length: 256 }, (_, byte) => byte),
};
