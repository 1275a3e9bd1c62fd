/**
 * The form that every grammar is compiled to: rules that are graphs over bytes and call each other.
 *
 * A node has edges of three kinds: a range of bytes, nothing (an empty edge), or a whole rule (a call, which
 * comes back to the edge's target). A rule is an entry and an exit; nothing leaves an exit. This is the byte
 * pushdown automaton of Dong et al., XGrammar (2024), section 3, before anything is done for speed. The port
 * of `runtime/grammar/grammar.py`.
 */

import { GrammarError } from "./refusal.js";

export const MOST_NODES = 200_000;

/** A rule: `where` names it in errors. */
export interface Rule {
  readonly where: string;
  readonly entry: number;
  readonly exit: number;
}

/** First and last byte, and the node after them. */
export type ByteEdge = readonly [low: number, high: number, to: number];

/** The rule's number, and where to go on after it. */
export type CallEdge = readonly [rule: number, to: number];

/** Adds itself between two nodes of a grammar. */
export type Part = (begin: number, end: number) => void;

/** A grammar while it is being built. `start` is the number of the rule that the whole text follows. */
export class Grammar {
  /** For each node its edges over bytes. */
  readonly ranges: ByteEdge[][] = [];
  /** For each node the targets of its empty edges. */
  readonly empty: number[][] = [];
  /** For each node its calls. */
  readonly calls: CallEdge[][] = [];
  readonly rules: Rule[] = [];
  start = 0;
  private readonly byKey = new Map<string, number>();

  /** A new node. @throws GrammarError where there are too many. */
  node(): number {
    if (this.ranges.length >= MOST_NODES) {
      const help = "shorten its lists, its repetitions, or what it expects of lengths";
      throw new GrammarError(`the grammar has more than ${MOST_NODES} nodes`, "", help);
    }
    this.ranges.push([]);
    this.empty.push([]);
    this.calls.push([]);
    return this.ranges.length - 1;
  }

  /** Let one byte from `low` to `high` lead from one node to another. */
  addRange(begin: number, low: number, high: number, end: number): void {
    this.ranges[begin]?.push([low, high, end]);
  }

  /** Let nothing at all lead from one node to another. */
  addEmpty(begin: number, end: number): void {
    this.empty[begin]?.push(end);
  }

  /** Let what a rule accepts lead from one node to another. */
  addCall(begin: number, rule: number, end: number): void {
    this.calls[begin]?.push([rule, end]);
  }

  /** Let exactly these bytes lead from one node to another. */
  addBytes(begin: number, data: Uint8Array, end: number): void {
    let from = begin;
    data.forEach((byte, at) => {
      const after = at === data.length - 1 ? end : this.node();
      this.addRange(from, byte, byte, after);
      from = after;
    });
    if (!data.length) this.addEmpty(begin, end);
  }

  /** A new rule, whose body is still to be added. */
  addRule(where: string): number {
    this.rules.push({ where, entry: this.node(), exit: this.node() });
    return this.rules.length - 1;
  }

  rule(number: number): Rule {
    const found = this.rules[number];
    if (!found) throw new RangeError(`there is no rule ${number}`);
    return found;
  }

  /** The number of the rule for a key. `added` is told the number of one that is new. */
  ruleFor(key: string, where: string, added: (rule: number) => void): number {
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const number = this.addRule(where);
    this.byKey.set(key, number);
    added(number);
    return number;
  }

  /** Add parts one after the other. */
  sequence(begin: number, parts: readonly Part[], end: number): void {
    let from = begin;
    parts.forEach((part, at) => {
      const after = at === parts.length - 1 ? end : this.node();
      part(from, after);
      from = after;
    });
    if (!parts.length) this.addEmpty(begin, end);
  }
}
