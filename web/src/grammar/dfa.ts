/**
 * Deterministic automata over characters: made of trees, intersected, subtracted, asked.
 *
 * An automaton reads characters, not bytes, so that a bound on a length counts what JSON Schema counts, and
 * so that one automaton serves plain text and text inside a JSON string (`embed.ts`). All work is counted and
 * bounded, since subset construction is exponential for some patterns: `.*a.{20}` is refused after a moment
 * instead of filling the memory. The port of `runtime/grammar/dfa.py`. Source: Hopcroft, Motwani, Ullman,
 * Introduction to Automata Theory.
 */

import { codeOf } from "./chars.js";
import { MOST_NFA, Nfa } from "./nfa.js";
import { partition } from "./partition.js";
import { GrammarError } from "./refusal.js";
import { size, type Tree } from "./syntax.js";

const MOST_STATES = 10_000;
const MOST_WORK = 1_000_000;

/** First and last character, and the state after them. */
export type Edge = readonly [low: number, high: number, to: number];

/** Edges of a state, in order and disjoint. */
export type Edges = readonly Edge[];

type EdgeTo<State> = readonly [low: number, high: number, to: State];

/**
 * An automaton whose state 0 is the first. An end can be reached from every state but a lone first one.
 * `edges` has a list per state, `accepting` whether a text may end there. `work` is what it took to make, in
 * states and edges, for whoever makes many.
 */
export class Dfa {
  constructor(
    readonly edges: readonly Edges[],
    readonly accepting: readonly boolean[],
    readonly work = 0,
  ) {}

  /** Whether no text is accepted. */
  get never(): boolean {
    return !this.accepting.includes(true);
  }

  accepts(text: string): boolean {
    let state = 0;
    for (const char of text) {
      const code = codeOf(char);
      const edge = this.edges[state]?.find(([low, high]) => low <= code && code <= high);
      if (!edge) return false;
      state = edge[2];
    }
    return this.accepting[state] ?? false;
  }
}

/** The automaton of a regular expression. @throws GrammarError where it is too large. */
export function fromTree(tree: Tree, where: string): Dfa {
  if (size(tree) > MOST_NFA) throw tooLarge(where);
  const nfa = new Nfa();
  nfa.add(tree, 0, 1);
  return determinised(nfa, where);
}

/** The automaton of a list of texts. @throws GrammarError where they are too many. */
export function fromTexts(texts: Iterable<string>, where: string): Dfa {
  const nexts = [new Map<number, number>()];
  const accepting = [false];
  for (const text of texts) {
    let state = 0;
    for (const char of text) {
      const code = codeOf(char);
      let to = nexts[state]?.get(code);
      if (to === undefined) {
        to = nexts.length;
        nexts[state]?.set(code, to);
        nexts.push(new Map());
        accepting.push(false);
        if (nexts.length > MOST_NFA) throw tooLarge(where);
      }
      state = to;
    }
    accepting[state] = true;
  }
  const edges = nexts.map((each) =>
    [...each].sort(([a], [b]) => a - b).map(([code, to]): Edge => [code, code, to]),
  );
  return new Dfa(edges, accepting);
}

type Pair = readonly [a: number, b: number];
const pairKey = ([a, b]: Pair): string => `${a},${b}`;

/** The automaton of what both accept. @throws GrammarError where it is too large. */
export function intersection(a: Dfa, b: Dfa, where: string): Dfa {
  const edges = ([one, other]: Pair): EdgeTo<Pair>[] => {
    const found: EdgeTo<Pair>[] = [];
    const [ours, others] = [a.edges[one] ?? [], b.edges[other] ?? []];
    for (let i = 0, j = 0; ; ) {
      const [own, theirs] = [ours[i], others[j]];
      if (!own || !theirs) return found;
      const [low, high] = [Math.max(own[0], theirs[0]), Math.min(own[1], theirs[1])];
      if (low <= high) found.push([low, high, [own[2], theirs[2]]]);
      if (own[1] < theirs[1]) i += 1;
      else j += 1;
    }
  };
  const accepting = ([one, other]: Pair): boolean => Boolean(a.accepting[one] && b.accepting[other]);
  return explored<Pair>([0, 0], pairKey, edges, accepting, where);
}

/** The automaton of what `a` accepts and `b` does not. @throws GrammarError where it is too large. */
export function difference(a: Dfa, b: Dfa, where: string): Dfa {
  const edges = ([one, other]: Pair): EdgeTo<Pair>[] => {
    const found: EdgeTo<Pair>[] = [];
    const others = b.edges[other] ?? []; // none for -1, where `b` has no way any more
    for (const [begin, high, to] of a.edges[one] ?? []) {
      let low = begin;
      for (const [otherLow, otherHigh, otherTo] of others) {
        if (otherHigh < low || otherLow > high) continue;
        if (low < otherLow) found.push([low, otherLow - 1, [to, -1]]);
        found.push([Math.max(low, otherLow), Math.min(high, otherHigh), [to, otherTo]]);
        low = otherHigh + 1;
      }
      if (low <= high) found.push([low, high, [to, -1]]);
    }
    return found;
  };
  const accepting = ([one, other]: Pair): boolean => Boolean(a.accepting[one] && !b.accepting[other]);
  return explored<Pair>([0, 0], pairKey, edges, accepting, where);
}

function determinised(nfa: Nfa, where: string): Dfa {
  let work = 0;
  const closure = (states: Iterable<number>): number[] => {
    const pending = [...states];
    const seen = new Set(pending);
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      for (const state of nfa.empty[at] ?? []) {
        if (seen.has(state)) continue;
        seen.add(state);
        pending.push(state);
      }
    }
    work += seen.size;
    if (work > MOST_WORK) throw tooLarge(where);
    return [...seen].filter((state) => nfa.moves[state]?.length || state === 1).sort((a, b) => a - b);
  };
  const edges = (states: readonly number[]): EdgeTo<readonly number[]>[] => {
    const moves: Edge[] = [];
    for (const state of states) {
      for (const [of, to] of nfa.moves[state] ?? []) {
        for (const [low, high] of of) moves.push([low, high, to]);
      }
    }
    const closures = new Map<string, readonly number[]>();
    return partition(moves).map(([low, high, targets]) => {
      work += targets.length;
      const key = targets.join();
      const closed = closures.get(key) ?? closure(targets);
      closures.set(key, closed);
      return [low, high, closed];
    });
  };
  const key = (states: readonly number[]): string => states.join();
  return explored<readonly number[]>(closure([0]), key, edges, (states) => states.includes(1), where);
}

/** Number all states that are reached from the first, and leave out those that reach no end. */
function explored<State>(
  first: State,
  key: (state: State) => string,
  edges: (state: State) => Iterable<EdgeTo<State>>,
  accepting: (state: State) => boolean,
  where: string,
): Dfa {
  const numbers = new Map([[key(first), 0]]);
  const states = [first];
  const found: Edge[][] = [];
  let work = 0;
  for (const state of states) { // grows
    const own: Edge[] = [];
    for (const [low, high, to] of edges(state)) {
      const name = key(to);
      let number = numbers.get(name);
      if (number === undefined) {
        number = states.length;
        numbers.set(name, number);
        states.push(to);
      }
      own.push([low, high, number]);
    }
    work += own.length + 1;
    if (states.length > MOST_STATES || work > MOST_WORK) throw tooLarge(where);
    found.push(own);
  }
  return trimmed(found, states.map(accepting), work);
}

/** Leave out the states that reach no end, and join neighbouring edges to the same state. */
function trimmed(edges: readonly Edges[], accepting: readonly boolean[], work: number): Dfa {
  const before: number[][] = edges.map(() => []);
  edges.forEach((own, state) => own.forEach(([, , to]) => before[to]?.push(state)));
  const alive = [...accepting];
  const pending = [...alive.keys()].filter((state) => alive[state]);
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const state of before[at] ?? []) {
      if (alive[state]) continue;
      alive[state] = true;
      pending.push(state);
    }
  }
  const kept = [...alive.keys()].filter((state) => state === 0 || alive[state]);
  const numbers = new Map(kept.map((state, number) => [state, number]));
  const joined = kept.map((state) => {
    const own: Edge[] = [];
    for (const [low, high, to] of [...(edges[state] ?? [])].sort((a, b) => a[0] - b[0])) {
      const target = alive[to] ? numbers.get(to) : undefined;
      if (target === undefined) continue;
      const last = own.at(-1);
      if (last && last[1] === low - 1 && last[2] === target) own[own.length - 1] = [last[0], high, target];
      else own.push([low, high, target]);
    }
    return own;
  });
  return new Dfa(joined, kept.map((state) => accepting[state] ?? false), work);
}

function tooLarge(where: string): GrammarError {
  const help = "shorten its repetitions, or say less about what follows .*";
  return new GrammarError("the automaton of this expression is too large", where, help);
}
