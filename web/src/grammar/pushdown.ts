/**
 * A grammar made ready to run: nothing in it is a dead end, and how far each node is from its rule's end.
 *
 * `prepare` takes away every edge from which no end can be reached, so that whatever the machine
 * (`machine.ts`) lets through can be finished. The port of `runtime/grammar/pushdown.py`.
 */

import { costsOf } from "./costs.js";
import type { ByteEdge, CallEdge, Grammar, Rule } from "./grammar.js";
import { GrammarError } from "./refusal.js";

/** What takes more bytes than this to end is left out of a grammar: no answer would. */
const MOST_BYTES = 1_000_000;
const MOST_EMPTY = 16;

/**
 * A pushdown automaton over bytes. Lists are by node; `cost` is the fewest bytes to the end of its rule.
 * `returns` says of a node whether it only returns: a call that comes back there need not remember it.
 */
export interface Pushdown {
  readonly ranges: readonly (readonly ByteEdge[])[];
  readonly empty: readonly (readonly number[])[];
  readonly calls: readonly (readonly CallEdge[])[];
  readonly isExit: Uint8Array;
  readonly returns: Uint8Array;
  readonly cost: Float64Array;
  readonly rules: readonly Rule[];
  readonly start: Rule;
}

/** All bytes that some text has. */
export function usedBytes({ ranges }: Pushdown): ReadonlySet<number> {
  const used = new Set<number>();
  for (const own of ranges) {
    for (const [low, high] of own) for (let byte = low; byte <= high; byte += 1) used.add(byte);
  }
  return used;
}

/**
 * A grammar ready to run; with `only`, of texts that have no other bytes.
 *
 * @throws GrammarError where no text is accepted, and where a rule calls itself before it has read anything
 *   (left recursion), which would never end.
 */
export function prepare(grammar: Grammar, only?: ReadonlySet<number>): Pushdown {
  const ranges = only ? grammar.ranges.map((own) => restricted(own, only)) : grammar.ranges;
  const cost = costsOf(grammar, ranges, MOST_BYTES);
  const alive = (node: number): boolean => (cost[node] ?? Infinity) < Infinity;
  const start = grammar.rule(grammar.start);
  if (!alive(start.entry)) throw nothingFits(start, only !== undefined);
  const pushdown: Pushdown = {
    ranges: ranges.map((own) => own.filter(([, , to]) => alive(to))),
    empty: grammar.empty.map((own) => own.filter(alive)),
    calls: grammar.calls.map((own) =>
      own.filter(([rule, to]) => alive(to) && alive(grammar.rule(rule).entry)),
    ),
    isExit: new Uint8Array(ranges.length),
    returns: new Uint8Array(ranges.length),
    cost,
    rules: grammar.rules,
    start,
  };
  for (const { exit } of grammar.rules) pushdown.isExit[exit] = 1;
  markReturns(pushdown);
  checkLeftRecursion(pushdown);
  return pushdown;
}

function nothingFits({ where }: Rule, isRestricted: boolean): GrammarError {
  if (isRestricted) {
    const help = "the vocabulary has no tokens of single bytes for some of its characters";
    return new GrammarError("no text that fits can be written with the model's tokens", where, help);
  }
  const help = `its parts contradict each other, or ask for more than ${MOST_BYTES} bytes`;
  return new GrammarError("no text at all fits", where, help);
}

/** Edges without bytes that are not among some, in as few ranges as can be: all that follows walks these. */
function restricted(edges: readonly ByteEdge[], only: ReadonlySet<number>): ByteEdge[] {
  return edges.flatMap(([low, high, to]): ByteEdge[] => {
    const kept: ByteEdge[] = [];
    let begin = low;
    for (let byte = low; byte <= high + 1; byte += 1) {
      if (byte <= high && only.has(byte)) continue;
      if (begin < byte) kept.push([begin, byte - 1, to]);
      begin = byte + 1;
    }
    return kept;
  });
}

/** Find the nodes that do nothing but reach their rule's exit by empty edges. */
function markReturns({ ranges, empty, calls, isExit, returns }: Pushdown): void {
  for (let node = 0; node < ranges.length; node += 1) {
    const path: number[] = [];
    for (let at = node; path.length < MOST_EMPTY; ) {
      path.push(at);
      if (isExit[at] || returns[at]) {
        for (const each of path) returns[each] = 1;
        break;
      }
      const [next, ...others] = empty[at] ?? [];
      if (ranges[at]?.length || calls[at]?.length || next === undefined || others.length) break;
      at = next; // an empty edge in a circle is followed until the path is too long
    }
  }
}

/** @throws GrammarError where a rule comes to itself without reading a byte. */
function checkLeftRecursion(pushdown: Pushdown): void {
  const { rules, cost } = pushdown;
  const nullable = rules.map(({ entry }) => cost[entry] === 0);
  const called = rules.map((rule) => calledAtOnce(pushdown, rule, nullable));
  const done = new Uint8Array(rules.length);
  for (let first = 0; first < rules.length; first += 1) {
    const path = [{ rule: first, rest: called[first] ?? [], at: 0 }];
    const onPath = new Set([first]);
    for (let step = path.at(-1); step; step = path.at(-1)) {
      const following = done[step.rule] ? undefined : step.rest[step.at];
      step.at += 1;
      if (following === undefined) {
        done[step.rule] = 1;
        onPath.delete(step.rule);
        path.pop();
      } else if (onPath.has(following)) {
        const help = "put what every text of the rule begins with before the call";
        const reason = "the rule calls itself before it has read anything (left recursion)";
        throw new GrammarError(reason, rules[following]?.where, help);
      } else if (!done[following]) {
        onPath.add(following);
        path.push({ rule: following, rest: called[following] ?? [], at: 0 });
      }
    }
  }
}

function calledAtOnce({ empty, calls }: Pushdown, { entry }: Rule, nullable: readonly boolean[]): number[] {
  const called = new Set<number>();
  const seen = new Set([entry]);
  for (const node of seen) { // grows
    for (const to of empty[node] ?? []) seen.add(to);
    for (const [inside, to] of calls[node] ?? []) {
      called.add(inside);
      if (nullable[inside]) seen.add(to);
    }
  }
  return [...called].sort((a, b) => a - b);
}
