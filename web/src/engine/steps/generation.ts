/** A running generation: steps are submitted ahead, and their ids are read back later. */

import { throwIfAborted } from "../../artifact/errors.js";
import { LOGITS_BUFFER, TOKENS_BUFFER, type Role } from "../../artifact/schema.js";
import { unlessAborted } from "../../artifact/signals.js";
import type { Fetch, StepFields, Ticket } from "../../gpu/executor.js";
import { checkScore } from "../diagnosis/numbers.js";
import { isGreedy, stepFields, type Sampling } from "../sampling/sampling.js";
import type { CachedSequence } from "./sequence.js";

/** One new token: its id and its position in the sequence. */
export interface Generated {
  readonly id: number;
  readonly position: number;
}

/**
 * Chooses the id for a position from its logits [vocab], which it may change. Rules out submitting steps
 * ahead.
 */
export type Chooser = (logits: Float32Array<ArrayBuffer>, position: number) => number;

/** Allows some tokens, which is all that keeps the device from drawing by itself. */
export interface Masks {
  /** A bit for each token that may come next, not to be changed. */
  mask(): Uint32Array<ArrayBuffer>;
  /** Whether a token that was drawn is one of them. */
  allows(id: number): boolean;
  /** Makes the generation that masks; its code is loaded with that of grammars. */
  readonly generation: (
    sequence: CachedSequence,
    request: GenerationRequest,
    recover: Recover,
    masks: Masks,
  ) => Generation;
}

/**
 * What to generate. `ahead` steps are submitted before the first id is read back; with 1, each waits for its
 * id.
 */
export interface GenerationRequest {
  readonly maxNew: number;
  readonly sampling: Sampling;
  readonly stopIds: ReadonlySet<number>;
  readonly ahead: number;
  readonly vocabSize: number;
  readonly choose?: Chooser | undefined;
  /** Where that is all that `choose` would do, the device draws, if it has a program for masks. */
  readonly masks?: Masks | undefined;
  /** The ids that are known to follow what was returned, at most `most`; they count as chosen. */
  readonly follows?: ((most: number) => readonly number[]) | undefined;
  /** Does what the next choice needs, while the device computes that choice's logits. */
  readonly prepare?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Replaces a lost device and fills its cache again. @throws `error` where its cause is something else. */
export type Recover = (error: unknown) => Promise<void>;

export interface Flying {
  readonly ticket: Ticket;
  /** Whether the step decoded the token before; if not, the logits were there already. */
  readonly decoded: boolean;
  /** Whether the first logit comes back with the id. */
  readonly watched: boolean;
}

/**
 * Iterates over new tokens; the id that stops it is not among them.
 *
 * `finishReason` is null while running, then "stop" (`stopId` says which), "length" (as many as asked for),
 * "context" (it is full) or "cancelled" (the iteration was left). Steps submitted ahead are then discarded,
 * and the cache ends with the last token that was returned.
 *
 * Scores that are no numbers throw KernelcError "bad-artifact". Sampling takes id 0 where it finds no score
 * above -Infinity, so only a step that gave id 0 needs a look at its first logit: that logit is read back
 * with the first id, and with those that follow an id of 0. Where id 0 ends an answer nothing follows it: its
 * step runs once more.
 */
export class Generation implements AsyncIterable<Generated> {
  finishReason: "stop" | "length" | "context" | "cancelled" | null = null;
  stopId: number | null = null;
  readonly seed: number;
  protected readonly sequence: CachedSequence;
  protected readonly request: GenerationRequest;
  protected readonly fields: StepFields;
  protected readonly sampleRole: Role;
  protected flying: Flying[] = [];
  /** The position after the last token that may come. */
  protected end = 0;
  private readonly recover: Recover;
  private readonly ahead: number;
  private prepared = false;
  private watching = true;

  constructor(sequence: CachedSequence, request: GenerationRequest, recover: Recover) {
    this.sequence = sequence;
    this.request = request;
    this.recover = recover;
    this.seed = request.sampling.seed;
    this.fields = stepFields(request.sampling);
    this.sampleRole = isGreedy(request.sampling) ? "sample_greedy" : "sample";
    this.ahead = request.choose ? 1 : Math.max(1, request.ahead);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Generated, void, undefined> {
    try {
      yield* this.receiveAll();
    } finally {
      this.settle("cancelled");
    }
  }

  private settle(reason: "stop" | "length" | "context" | "cancelled"): void {
    this.discard();
    this.finishReason ??= reason;
  }

  protected discard(): void {
    for (const { ticket } of this.flying) ticket.discard();
    this.flying = [];
  }

  /** The roles that it runs. */
  protected get roles(): readonly Role[] {
    return this.request.choose ? ["decode"] : ["decode", this.sampleRole];
  }

  private async *receiveAll(): AsyncGenerator<Generated, void, undefined> {
    const { sequence, request } = this;
    const first = sequence.ids.length + (sequence.nextId === null ? 0 : 1);
    const room = sequence.context + 1 - first; // the last token needs no place in the cache
    const count = Math.min(request.maxNew, room);
    this.end = first + count;
    let lastSeen = performance.now();
    for (let received = 0; received < count; received += 1) {
      const id = await this.next(first + received);
      lastSeen = sequence.timings.countToken(lastSeen);
      if (request.stopIds.has(id)) {
        this.stopId = id;
        this.settle("stop");
        return;
      }
      yield { id, position: first + received };
      const known = request.follows?.(count - received - 1) ?? [];
      for (const each of known) {
        received += 1;
        lastSeen = sequence.timings.countToken(lastSeen);
        yield { id: each, position: first + received };
      }
      if (known.length && received + 1 < count) await this.append([id, ...known]);
    }
    this.settle(count === request.maxNew ? "length" : "context");
  }

  /** Reads ids that were known before the next one is drawn, and leaves the logits of the last. */
  private async append(ids: readonly number[]): Promise<void> {
    const { sequence } = this;
    this.discard();
    const start = sequence.ids.length;
    for (;;) {
      throwIfAborted(this.request.signal);
      try {
        await unlessAborted(sequence.executor.prepare(["prefill"]), this.request.signal);
        const done = sequence.ids.length - start;
        if (done < ids.length) sequence.writeTokens(ids.slice(done));
        while (sequence.ids.length < start + ids.length) {
          const at = sequence.ids.length - start;
          const rows = sequence.table.mostRows("prefill", sequence.ids.length);
          sequence.feed("prefill", ids.slice(at, at + rows), []);
        }
        return;
      } catch (error) {
        await this.recoverFrom(error);
      }
    }
  }

  private async recoverFrom(error: unknown): Promise<void> {
    this.discard();
    this.prepared = false;
    await this.recover(error);
  }

  /** The id at `position`. First submits the steps after it, up to the one for `end`. */
  private async next(position: number): Promise<number> {
    for (;;) {
      throwIfAborted(this.request.signal);
      try {
        if (!this.prepared) await this.prepare();
        while (this.flying.length < this.ahead && position + this.flying.length < this.end) {
          this.flying.push(this.submit(position + this.flying.length));
        }
        this.request.prepare?.();
        return await this.receive(position);
      } catch (error) {
        // Replaying has left the logits.
        if (this.flying[0] && !this.flying[0].decoded) this.sequence.hasLogits = true;
        await this.recoverFrom(error);
      }
    }
  }

  private async prepare(): Promise<void> {
    await unlessAborted(this.sequence.executor.prepare(this.roles), this.request.signal);
    this.prepared = true;
  }

  /**
   * Submit the step that samples the id for `position`.
   *
   * It decodes the token before, unless the logits are there already. Where that token is in the cache, as
   * after `truncate`, it is decoded once more.
   */
  protected submit(position: number): Flying {
    const { sequence, fields } = this;
    const decoded = !sequence.hasLogits;
    sequence.hasLogits = false; // decoding overwrites the logits, and sampling may change them
    const sampled: readonly Role[] = this.request.choose ? [] : [this.sampleRole];
    const watched = this.watching && !this.request.choose;
    const fetch = this.fetch(position, watched);
    this.watching = false;
    const ticket = decoded
      ? sequence.decode(["decode", ...sampled], position - 1, fields, fetch)
      : sequence.run(sampled, position - 1, 1, fields, fetch);
    return { ticket, decoded, watched };
  }

  /**
   * What to read back: the id, then the first logit where it is watched; all logits where the host chooses.
   */
  private fetch(position: number, watched: boolean): readonly Fetch[] {
    if (this.request.choose) return [{ buffer: LOGITS_BUFFER, offset: 0, bytes: 4 * this.request.vocabSize }];
    const id = { buffer: TOKENS_BUFFER, offset: 4 * position, bytes: 4 };
    return watched ? [id, { buffer: LOGITS_BUFFER, offset: 0, bytes: 4 }] : [id];
  }

  protected async receive(position: number): Promise<number> {
    const { sequence, request } = this;
    const flying = this.flying[0];
    if (!flying) throw new Error("no step was submitted");
    const data = await unlessAborted(flying.ticket.result(), request.signal);
    this.flying.shift();
    if (flying.decoded) sequence.note("decode", position - 1, 1);
    const first = new Float32Array(data)[request.choose ? 0 : 1] ?? NaN; // the chooser may change the logits
    const id = request.choose
      ? this.chosen(request.choose(new Float32Array(data), position), position)
      : (new Uint32Array(data)[0] ?? 0);
    if (id === 0) {
      this.watching = true;
      if (!request.choose && !flying.watched && request.stopIds.has(id)) return this.receiveAgain(position);
      if (request.choose || flying.watched) checkScore(first, position);
    }
    sequence.sampled(id);
    return id;
  }

  /** Repeats the step of a position, whose logits those submitted ahead have overwritten. */
  private receiveAgain(position: number): Promise<number> {
    this.discard();
    this.flying = [this.submit(position)];
    return this.receive(position);
  }

  /** Write an id chosen here to where the device would have written its own. */
  protected chosen(id: number, position: number): number {
    this.sequence.executor.write(TOKENS_BUFFER, 4 * position, new Uint32Array([id]));
    return id;
  }
}
