/**
 * Holds an answer to calls that must come, to thoughts before them where the model has some, and to several.
 * The port of `runtime/chat/tools/guide.py`, which says why marks are written as tokens.
 */

import { Matcher, type Constraint } from "./matcher.js";
import type { Mask } from "./masks.js";

/** Calls of an answer that must have some: a model that never ends would go on for ever. */
export const MOST_CALLS = 16;
/** In ways: any token that ends an answer. */
const END = -1;

/** Tokens that may come, and what follows them. */
interface Way {
  readonly tokens: readonly number[];
  readonly then: () => void;
}

/**
 * What a call begins with in an answer that is free: a text, which may be a `token`, and the tokens that come
 * between it and what the grammar of calls holds.
 */
interface CallMark {
  readonly text: Uint8Array;
  readonly token: number | null;
  readonly begins: readonly number[];
}

/**
 * What an answer consists of, in tokens: `begins` come before the first call, and `afterThought` before these
 * where the model has thought; `separator` comes between two calls and `tail` after the last; `call` is their
 * grammar. With `most` 1 the answer ends with its call.
 *
 * With `marks` it is free: an answer may be anything, and end anywhere; a call begins where one of them is
 * written, as its token or as its text, unless it is within a thought, and then what belongs to the mark
 * comes.
 */
export interface Course {
  readonly begins: readonly number[];
  readonly call: Constraint;
  readonly afterThought: readonly number[];
  readonly separator: readonly number[];
  readonly tail: readonly number[];
  readonly most: number;
  readonly marks: readonly CallMark[];
}

/**
 * The marks of thoughts, as tokens. Without `opens` no thought may begin; `text` is what ends one, and after
 * `most` tokens it is ended, so that there is room for the call.
 */
export interface ThoughtMarks {
  readonly opens: readonly number[];
  readonly closes: readonly number[];
  readonly text: Uint8Array;
  readonly most: number;
}

/** Where an answer begins: whether the prompt has `begins` already, and whether it ends within a thought. */
export interface Beginning {
  readonly begun: boolean;
  readonly thinking: boolean;
  readonly dropsSpace: boolean;
}

/** One answer on its way; see `Matcher` for what is asked of it. */
export class Guide {
  ended = false;
  private inner: Matcher | null = null;
  private ways: readonly Way[] = [];
  private calls = 0;
  private said = "";
  private thought = 0;
  private thinking: boolean;
  private free: boolean;
  private readonly mayBeFree: boolean;
  private inThought: boolean;

  constructor(
    private readonly course: Course,
    private readonly thoughts: ThoughtMarks | null,
    { begun, thinking, dropsSpace }: Beginning,
  ) {
    this.mayBeFree = course.marks.length > 0;
    this.thinking = thinking && !this.mayBeFree;
    this.free = this.mayBeFree;
    this.inThought = thinking;
    if (this.free) return;
    if (begun) this.call(dropsSpace);
    else if (!thinking) this.thinkOrCall();
  }

  /** The tokens that may come next, not to be changed. */
  mask(): Mask {
    if (this.inner) return this.inner.mask();
    const { vocabulary, endIds } = this.course.call;
    const mask = new Uint32Array(vocabulary.words);
    const set = (id: number, allowed: boolean): void => {
      const [word, bit] = [mask[id >>> 5] ?? 0, 1 << (id & 31)];
      mask[id >>> 5] = allowed ? word | bit : word & ~bit;
    };
    if (this.thinking || this.free) {
      mask.fill(0xffffffff);
      for (let id = vocabulary.size; id < 32 * vocabulary.words; id += 1) set(id, false);
      for (const id of endIds) set(id, this.free);
      for (const id of this.beyondMarks()) set(id, false);
    }
    for (const { tokens } of this.ways) {
      for (const id of tokens[0] === END ? endIds : tokens.slice(0, 1)) set(id, true);
    }
    if (this.ended) for (const id of endIds) set(id, true);
    return mask;
  }

  /** Take a token that was chosen. Returns false, and changes nothing, where it may not come here. */
  advance(token: number): boolean {
    if (this.inner) return this.advanceCall(this.inner, token);
    if (this.thinking) return this.advanceThought(token);
    if (this.free) return this.advanceFreely(token);
    const { endIds } = this.course.call;
    const is = (wanted: number | undefined): boolean =>
      wanted === END ? endIds.has(token) : wanted === token;
    const ways = this.ways.filter(({ tokens }) => is(tokens[0]));
    if (!ways.length) return false;
    const done = ways.find(({ tokens }) => tokens.length === 1);
    this.ways = done ? [] : ways.map(({ tokens, then }) => ({ tokens: tokens.slice(1), then }));
    done?.then();
    return true;
  }

  /** The bytes that a grammar leaves no choice about. */
  forcedBytes(): Uint8Array {
    return this.inner?.forcedBytes() ?? new Uint8Array(0);
  }

  /** The tokens that must come here, at most `most`, which it takes. */
  known(most: number): number[] {
    const found: number[] = [];
    while (found.length < most && !this.inner && !this.thinking && !this.free) {
      const following = new Set(this.ways.map(({ tokens }) => tokens[0] ?? END));
      const [token = END] = following;
      if (following.size !== 1 || token === END) break;
      this.advance(token);
      found.push(token);
    }
    return found;
  }

  /** Let the model think first where it has a token for that, else call. */
  private thinkOrCall(): void {
    const call = { tokens: this.course.begins, then: () => this.call() };
    const think = { tokens: this.thoughts?.opens ?? [], then: () => void (this.thinking = true) };
    this.ways = think.tokens.length ? [call, think] : [call];
  }

  private advanceThought(token: number): boolean {
    const { thoughts, course } = this;
    const { endIds, vocabulary } = course.call;
    if (!thoughts || endIds.has(token) || token < 0 || token >= vocabulary.size) return false;
    const text = latin.decode(thoughts.text);
    const kept = text.length + 64;
    this.said = (this.said + latin.decode(vocabulary.piece(token))).slice(-kept);
    this.thought += 1;
    const alone = thoughts.closes.length === 1 && thoughts.closes[0] === token;
    const closed = alone || this.said.includes(text);
    if (!closed && this.thought < thoughts.most) return true;
    this.thinking = false;
    const closes = closed ? [] : thoughts.closes;
    this.ways = [{ tokens: [...closes, ...course.afterThought, ...course.begins], then: () => this.call() }];
    return true;
  }

  /** The tokens that end the text of a mark and go on: what follows it would not be held. */
  private beyondMarks(): readonly number[] {
    const found: number[] = [];
    if (!this.free || this.inThought) return found;
    for (const { text } of this.course.marks) {
      for (let size = 0; size < text.length; size += 1) {
        if (!this.said.endsWith(latin.decode(text.subarray(0, size)))) continue;
        found.push(...this.course.call.vocabulary.longer(text.subarray(size)));
      }
    }
    return found;
  }

  private advanceFreely(token: number): boolean {
    const { course, thoughts } = this;
    const { endIds, vocabulary } = course.call;
    if (endIds.has(token)) {
      this.ended = true;
      this.free = false;
      return true;
    }
    if (token < 0 || token >= vocabulary.size || this.beyondMarks().includes(token)) return false;
    const is = (tokens: readonly number[]): boolean => tokens.length === 1 && tokens[0] === token;
    this.said = (this.said + latin.decode(vocabulary.piece(token))).slice(-256);
    if (this.inThought && thoughts) {
      if (!is(thoughts.closes) && !this.said.includes(latin.decode(thoughts.text))) return true;
      this.inThought = false;
      this.said = "";
    } else if (thoughts && is(thoughts.opens)) {
      this.inThought = true;
    } else {
      const is = (mark: CallMark): boolean =>
        token === mark.token || this.said.endsWith(latin.decode(mark.text));
      this.begin(course.marks.find(is));
    }
    return true;
  }

  /** Begin a call where a mark of one was written. */
  private begin(mark: CallMark | undefined): void {
    if (!mark) return;
    this.free = false;
    if (mark.begins.length) this.ways = [{ tokens: mark.begins, then: () => this.call() }];
    else this.call();
  }

  private goOn(): void {
    this.free = true;
    this.said = "";
  }

  private call(dropsSpace = false): void {
    this.calls += 1;
    this.inner = new Matcher(this.course.call, { dropsSpace });
  }

  private advanceCall(inner: Matcher, token: number): boolean {
    if (!inner.advance(token)) return false;
    if (inner.ended) this.ended = true;
    else if ((this.mayBeFree || this.course.most > 1) && inner.mayEnd) {
      this.inner = null; // a call is whole with its last brace
      this.afterCall();
    }
    return true;
  }

  private afterCall(): void {
    const { most, tail, separator } = this.course;
    const free = this.mayBeFree;
    if (free && !tail.length) return this.goOn();
    const end = free
      ? { tokens: tail, then: () => this.goOn() }
      : { tokens: [...tail, END], then: () => void (this.ended = true) };
    const again = { tokens: separator, then: () => this.call() };
    this.ways = separator.length && this.calls < most ? [end, again] : [end];
  }
}

/** A character for each byte, so that bytes may be searched as texts. */
const latin = {
  decode: (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""),
};
