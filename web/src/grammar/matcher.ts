/**
 * One answer on its way through a grammar: which tokens may come next, and what a token does.
 *
 * The port of `runtime/grammar/matcher.py`; there are no threads to lock out here.
 */

import type { Grammar } from "./grammar.js";
import { DEAD, Machine } from "./machine.js";
import { Masks, type Mask } from "./masks.js";
import { prepare, usedBytes } from "./pushdown.js";
import { GrammarError } from "./refusal.js";
import type { Vocabulary } from "./vocabulary.js";

/** A grammar for a vocabulary. It may serve many answers, whose masks are then computed once. */
export class Constraint {
  readonly machine: Machine;
  readonly masks: Masks;
  readonly endIds: ReadonlySet<number>;
  readonly endMask: Mask;

  /**
   * `endIds` are the tokens that end an answer.
   *
   * Every byte that a text may go on with must be a token of its own, or a text could begin that no tokens
   * finish. Characters for which that does not hold are left out of the grammar.
   *
   * @throws GrammarError where nothing is left of it, or no token ends an answer.
   */
  constructor(
    grammar: Grammar,
    readonly vocabulary: Vocabulary,
    endIds: Iterable<number>,
  ) {
    this.endIds = new Set([...endIds].filter((id) => id >= 0 && id < vocabulary.size));
    if (!this.endIds.size) {
      const reason = "the model has no token that ends an answer, so a grammar cannot end one";
      throw new GrammarError(reason, "", "name one in generation_config.json: eos_token_id");
    }
    let pushdown = prepare(grammar);
    for (const byte of usedBytes(pushdown)) {
      if (vocabulary.singleBytes.has(byte)) continue;
      pushdown = prepare(grammar, vocabulary.singleBytes);
      break;
    }
    this.machine = new Machine(pushdown);
    this.masks = new Masks(this.machine, vocabulary);
    this.endMask = new Uint32Array(vocabulary.words);
    for (const id of this.endIds) allow(this.endMask, id, true);
  }
}

/** What of a matcher may have to be taken back. */
interface Place {
  readonly state: number;
  readonly below: readonly number[];
  readonly isAtStart: boolean;
}

/** The state of one answer. `ended` says that a token of the end has come, after which nothing may. */
export class Matcher {
  ended = false;
  private readonly machine: Machine;
  private epoch: number;
  private state = DEAD;
  /** The state's own, which are kept where the machine forgets all states. */
  private configurations: readonly number[] = [];
  /** Sets of stacks below the state's own, the lowest first. */
  private below: readonly number[] = [];
  private isAtStart: boolean;

  /**
   * `dropsSpace`: the tokenizer drops a space that the answer begins with (`Vocabulary.droppable`).
   *
   * @throws GrammarError where the answer cannot but begin with one.
   */
  constructor(
    private readonly constraint: Constraint,
    { dropsSpace = true }: { readonly dropsSpace?: boolean } = {},
  ) {
    this.machine = constraint.machine;
    this.epoch = this.machine.epoch;
    this.isAtStart = dropsSpace && constraint.vocabulary.droppable.size > 0;
    this.enter(this.machine.begin());
    if (!this.isAtStart || this.mask().some(Boolean)) return;
    const reason = "every text that fits begins with a space, which this tokenizer drops from an answer";
    throw new GrammarError(reason, this.machine.where, "leave the space out of the grammar");
  }

  /** Whether the text so far may be the whole answer. */
  get mayEnd(): boolean {
    return Boolean(this.machine.ends[this.current()]);
  }

  /**
   * The tokens that may come next, not to be changed. Tokens of the end are among them exactly where the
   * answer may end.
   *
   * @throws GrammarError where the grammar is too ambiguous to go on.
   */
  mask(): Mask {
    const { constraint, machine } = this;
    if (this.ended) return constraint.endMask;
    const state = this.current();
    const mask = constraint.masks.mask(state, this.below);
    if (!this.isAtStart && !machine.ends[state]) return mask;
    const changed = mask.slice();
    if (this.isAtStart) for (const id of constraint.vocabulary.droppable) allow(changed, id, false);
    if (machine.ends[state]) for (const id of constraint.endIds) allow(changed, id, true);
    return changed;
  }

  /** Take a token that was chosen. Returns false, and changes nothing, where it may not come here. */
  advance(token: number): boolean {
    const { endIds, vocabulary } = this.constraint;
    if (endIds.has(token)) {
      this.ended ||= this.mayEnd;
      return this.ended;
    }
    if (this.ended || token < 0 || token >= vocabulary.size) return false;
    if (this.isAtStart && vocabulary.droppable.has(token)) return false;
    const piece = vocabulary.piece(token);
    return piece.length > 0 && this.advanceBytes(piece);
  }

  /** Take bytes of the answer. Returns false, and changes nothing, where they may not come here. */
  advanceBytes(data: Uint8Array): boolean {
    const before: Place = { state: this.current(), below: this.below, isAtStart: this.isAtStart };
    if (this.ended && data.length) return false;
    for (const byte of data) {
      const following = this.machine.step(this.state, byte);
      if (following === DEAD) {
        this.become(before.state, before.below);
        this.isAtStart = before.isAtStart;
        return false;
      }
      this.enter(following);
      this.isAtStart = false;
    }
    return true;
  }

  /** The bytes that must come next, up to `most`, for whoever feeds them without sampling. */
  forcedBytes(most = 256): Uint8Array {
    const [state, below] = [this.current(), this.below];
    const found: number[] = [];
    while (found.length < most && !this.machine.ends[this.state]) {
      const byte = this.machine.onlyByte(this.state);
      if (byte === null) break;
      found.push(byte);
      this.enter(this.machine.step(this.state, byte));
    }
    this.become(state, below);
    return Uint8Array.from(found);
  }

  /** The fewest bytes that end the answer from here. */
  shortestEnd(): Uint8Array {
    const [state, below] = [this.current(), this.below];
    const found: number[] = [];
    while (!this.machine.ends[this.state]) {
      let [best, least] = [0, Infinity];
      for (let byte = 0; byte < 256; byte += 1) {
        const following = this.machine.step(this.state, byte);
        const cost = following === DEAD ? Infinity : this.machine.cost(following);
        if (cost < least) [best, least] = [byte, cost];
      }
      found.push(best);
      this.enter(this.machine.step(this.state, best));
    }
    this.become(state, below);
    return Uint8Array.from(found);
  }

  /** The state, found again where the machine has forgotten all states since. */
  private current(): number {
    this.machine.tidy();
    if (this.epoch !== this.machine.epoch) {
      this.state = this.machine.intern(this.configurations);
      this.epoch = this.machine.epoch;
    }
    return this.state;
  }

  /** Become a state, with what is known of the stack below used and added to. */
  private enter(entered: number): void {
    let [state, below] = [entered, this.below];
    while (this.machine.ends[state] && below.length) {
      state = this.machine.resume(state, below.at(-1) ?? 0);
      below = below.slice(0, -1);
    }
    const split = this.machine.split(state);
    this.become(split.state, split.below.length ? [...below, ...split.below] : below);
  }

  private become(state: number, below: readonly number[]): void {
    this.state = state;
    this.below = below;
    this.configurations = this.machine.configurations[state] ?? [];
  }
}

/** Add a token to a mask, or take it out. */
function allow(mask: Mask, token: number, isAllowed: boolean): void {
  const [word, bit] = [mask[token >>> 5] ?? 0, 1 << (token & 31)];
  mask[token >>> 5] = isAllowed ? word | bit : word & ~bit;
}

/** Whether a mask has a token. */
export function isAllowed(mask: Uint32Array, token: number): boolean {
  return ((mask[token >>> 5] ?? 0) >>> (token & 31)) % 2 === 1;
}
