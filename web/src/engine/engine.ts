/**
 * One sequence on one device, ids in and ids out: feeds token ids, keeps their keys and values, generates
 * more.
 */

import { KernelcError, throwIfAborted } from "../artifact/errors.js";
import { HIDDEN_BUFFER, LOGITS_BUFFER, type Manifest, type Role } from "../artifact/schema.js";
import { unlessAborted } from "../artifact/signals.js";
import type { Executor } from "../gpu/executor.js";
import type { PrefixCache } from "../prefixes/cache.js";
import { Naming } from "./diagnosis/naming.js";
import { Generation, type GenerationRequest, type Recover } from "./steps/generation.js";
import { ProgramTable } from "./steps/programTable.js";
import { Recovery, type Reopen } from "./steps/recovery.js";
import { HeldPositions } from "./steps/rings.js";
import { integer, type Sampling } from "./sampling/sampling.js";
import { CachedSequence, type Fed } from "./steps/sequence.js";
import { Timings } from "./steps/timings.js";

export const GENERATE_ROLES: readonly Role[] = ["prefill", "decode", "sample_greedy", "sample", "mask"];

/** The roles to load: those of answers, and what an engine is asked to do besides. */
export function rolesFor(besides: {
  readonly score?: boolean;
  readonly embeddings?: boolean;
}): readonly Role[] {
  const { score, embeddings } = besides;
  return [
    ...GENERATE_ROLES,
    ...(score ? (["score"] as const) : []),
    ...(embeddings ? (["embed"] as const) : []),
  ];
}

/**
 * A prompt of at most this many tokens is fed by decode steps. A prefill step costs as much as several of
 * them however few rows it has, and its kernels may still be compiling. The whole prompt counts, cached or
 * not, so that the same prompt is always computed in the same way. Where decoding rounds activations to one
 * byte, which can be noticed, every prompt is fed by prefill steps.
 */
const SHORT_PROMPT_TOKENS = 8;
/** Decode steps that are submitted before the first id is read back. */
const AHEAD = 4;
/** Prompt chunks submitted at once: the device stays busy, and what follows a stop waits for two at most. */
const CHUNKS_AHEAD = 2;
export interface FeedOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with how many of the ids have been submitted. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** How to generate; see `GenerationRequest`. */
export type GenerateOptions = Partial<
  Pick<GenerationRequest, "signal" | "ahead" | "choose" | "masks" | "follows" | "prepare">
>;

/** A loaded artifact and one sequence in its cache. Not for several callers at once. */
export class TokenEngine {
  readonly context: number;
  readonly vocabSize: number;
  readonly roles: readonly Role[];
  private readonly sequence: CachedSequence;
  private readonly shortPrompt: number;
  private readonly mostAhead: number;
  private readonly prefixes: PrefixCache | null;
  private readonly naming: Naming;
  private readonly recovery: Recovery;

  constructor(
    executor: Executor,
    manifest: Manifest,
    context: number,
    roles: readonly Role[],
    reopen: Reopen,
    prefixes: PrefixCache | null = null,
  ) {
    this.context = context;
    this.vocabSize = manifest.model.vocab_size;
    this.roles = roles;
    this.prefixes = prefixes;
    this.shortPrompt = manifest.activations === "int8-fast" ? 0 : SHORT_PROMPT_TOKENS;
    const held = new HeldPositions(manifest.rings);
    this.mostAhead = held.spare; // what runs past a stop is cut off
    this.sequence = new CachedSequence(executor, new ProgramTable(manifest, roles), context, held);
    this.naming = new Naming({ sequence: this.sequence, manifest, roles });
    this.recovery = new Recovery(this.sequence, reopen, (error) => this.naming.explained(error));
  }

  /** How often a lost device was replaced. */
  get restored(): number {
    return this.recovery.restored;
  }

  /** The ids whose keys and values are in the cache, by position. */
  get ids(): readonly number[] {
    return this.sequence.ids;
  }

  get executor(): Executor {
    return this.sequence.executor;
  }

  get timings(): Timings {
    return this.sequence.timings;
  }

  /** Start new counters, and return them. */
  startTiming(): Timings {
    this.sequence.timings = new Timings();
    return this.sequence.timings;
  }

  /** Dispatches of one generated token, at the position that comes next. */
  get dispatchesPerToken(): number {
    const { table, executor, ids } = this.sequence;
    const past = Math.min(ids.length, this.context - 1);
    return executor.dispatchCount([table.select("decode", 1, past), table.select("sample_greedy", 1, past)]);
  }

  /** How many blocks of prompts are kept beside the cache, and their bytes. */
  get kept(): { readonly size: number; readonly bytes: number } {
    return this.prefixes?.store ?? { size: 0, bytes: 0 };
  }

  /** How many of them this device keeps for the next visit, and the bytes of all that it keeps. */
  get stored(): { readonly size: number; readonly bytes: number } {
    return this.prefixes?.stored ?? { size: 0, bytes: 0 };
  }

  /** How many of the first `ids` are in the cache already. */
  commonPrefix(ids: readonly number[]): number {
    const cached = this.sequence.ids;
    const most = Math.min(cached.length, ids.length);
    let same = 0;
    while (same < most && cached[same] === ids[same]) same += 1;
    return same;
  }

  /**
   * Keep the first `length` positions of the cache, and return how many were kept: all of them, or none where
   * layers with a window have forgotten what the next position would see. That takes cutting off more
   * positions than the longest step has rows. @throws KernelcError "usage" where the cache holds fewer.
   */
  truncate(length: number): number {
    return this.sequence.truncate(integer("the length to keep", length, 0, this.sequence.ids.length));
  }

  /** Make the cache hold a beginning of `ids` alone, computing nothing; returns its length. */
  async reuse(ids: readonly number[]): Promise<number> {
    const same = this.commonPrefix(ids);
    if (same < this.ids.length) await this.remember(); // the rest is lost now
    const kept = this.truncate(same);
    return (await this.prefixes?.restore(this.sequence, ids, kept)) ?? kept;
  }

  /** Keep what the cache holds for later prompts, where prefixes are kept. It waits for the device. */
  async remember(): Promise<void> {
    await this.recovery.surviving(async () => this.prefixes?.save(this.sequence));
  }

  /**
   * Append `ids` and wait until their keys and values are in the cache. After an abort the cache holds the
   * chunks that were submitted until then, without those that the device stopped.
   *
   * @throws KernelcError "context" where they do not fit, "usage" for no ids or ids outside the vocabulary.
   */
  async feed(ids: readonly number[], options: FeedOptions = {}): Promise<void> {
    this.checkIds(ids);
    const { sequence } = this;
    const [start, began] = [sequence.ids.length, performance.now()];
    sequence.requireRoom(ids.length);
    await this.recovery.surviving(() => this.feedRest(ids, start, options));
    sequence.timings.promptTokens += ids.length;
    sequence.timings.prefillMs += performance.now() - began;
  }

  private async feedRest(ids: readonly number[], start: number, options: FeedOptions): Promise<void> {
    const { sequence } = this;
    const flying: Fed[] = [];
    const done = (): number => sequence.ids.length - start;
    const collect = async (): Promise<void> => {
      const oldest = flying[0];
      if (oldest) await unlessAborted(oldest.ticket.result(), options.signal);
      flying.shift();
    };
    const role: Role = start + ids.length <= this.shortPrompt ? "decode" : "prefill";
    await unlessAborted(sequence.executor.prepare([role]), options.signal);
    if (done() < ids.length) sequence.writeTokens(ids.slice(done()));
    try {
      while (done() < ids.length) {
        throwIfAborted(options.signal);
        const rows = sequence.table.mostRows(role, sequence.ids.length);
        flying.push(sequence.feed(role, ids.slice(done(), done() + rows)));
        if (this.prefixes?.urgent) await this.prefixes.save(sequence);
        if (flying.length === CHUNKS_AHEAD) await collect();
        options.onProgress?.(done(), ids.length);
      }
      while (flying.length) await collect();
    } finally {
      sequence.takeBack(flying);
    }
  }

  /**
   * Append `ids` like `feed` and return the logits after each of them, one row per id: chunk by chunk where
   * the role "score" is loaded, else one by one.
   *
   * @throws KernelcError as `feed`; "bad-artifact" for scores that are no numbers.
   */
  score(ids: readonly number[]): AsyncGenerator<Float32Array<ArrayBuffer>, void, undefined> {
    const role = this.sequence.table.has("score") ? "score" : "decode";
    const buffer = role === "score" ? "all_logits" : LOGITS_BUFFER;
    return this.rows(ids, { role, buffer, width: this.vocabSize });
  }

  /**
   * Append `ids` by the role "embed" and return the final hidden state at each of them, of `width` numbers.
   *
   * @throws KernelcError as `score`; "usage" where that role is not loaded.
   */
  hidden(ids: readonly number[], width: number): AsyncGenerator<Float32Array<ArrayBuffer>, void, undefined> {
    return this.rows(ids, { role: "embed", buffer: HIDDEN_BUFFER, width });
  }

  /** Append `ids`, and return what a role leaves in a buffer for each of them: a row of `width` numbers. */
  private async *rows(
    ids: readonly number[],
    { role, buffer, width }: { role: Role; buffer: string; width: number },
  ): AsyncGenerator<Float32Array<ArrayBuffer>, void, undefined> {
    this.checkIds(ids);
    const { sequence } = this;
    const start = sequence.ids.length;
    sequence.requireRoom(ids.length);
    for (let done = 0; done < ids.length;) {
      const rows = Math.min(ids.length - done, sequence.table.mostRows(role, start + done));
      const part = ids.slice(done, done + rows);
      const data = await this.recovery.surviving(async () => {
        await sequence.executor.prepare([role]);
        if (sequence.ids.length > start + done) sequence.truncate(start + done); // submitted, then lost
        sequence.writeTokens(part);
        const fetch = { buffer, offset: 0, bytes: 4 * width * rows };
        return sequence.feed(role, part, [fetch]).ticket.result();
      });
      const values = new Float32Array(data);
      for (let at = 0; at < rows; at += 1) {
        const row = values.subarray(at * width, (at + 1) * width);
        await this.naming.check(row, start + done + at + 1, role);
        yield row;
      }
      done += rows;
    }
  }

  /**
   * Generate at most `maxNew` tokens after what was fed; iterate over the result. It depends on the ids, the
   * parameters and the seed only. @throws KernelcError "usage" where nothing was fed.
   */
  generate(
    maxNew: number,
    sampling: Sampling,
    stopIds: Iterable<number>,
    options: GenerateOptions = {},
  ): Generation {
    if (!this.sequence.ids.length) {
      const help = "feed at least one token first, such as BOS";
      throw new KernelcError("usage", "nothing to generate from", { help });
    }
    const request = {
      ...options,
      maxNew,
      sampling,
      stopIds: new Set(stopIds),
      vocabSize: this.vocabSize,
      ahead: Math.min(options.ahead ?? AHEAD, this.mostAhead),
    };
    const recover: Recover = (error) => this.recovery.recover(error);
    const masks = this.sequence.table.has("mask") ? request.masks : undefined;
    if (masks) return masks.generation(this.sequence, request, recover, masks);
    return new Generation(this.sequence, request, recover);
  }

  /** Stop and release the device. */
  dispose(): void {
    this.prefixes?.close();
    this.recovery.dispose();
    this.sequence.executor.release();
  }

  private checkIds(ids: readonly number[]): void {
    if (!ids.length) {
      const help = "give at least one token, such as BOS";
      throw new KernelcError("usage", "the prompt is empty", { help });
    }
    ids.forEach((id, position) => {
      if (Number.isInteger(id) && id >= 0 && id < this.vocabSize) return;
      const message = `token ${id} at ${position} is outside the vocabulary of ${this.vocabSize}`;
      throw new KernelcError("usage", message);
    });
  }
}
