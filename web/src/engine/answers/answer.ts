/** One answer: feeds the prompt, generates tokens, and turns them into text, piece by piece. */

import { LinkedAbort } from "../../artifact/signals.js";
import type { GenerationInfo } from "../../artifact/schema.js";
import type { PromptEncoder } from "../../text/prompt.js";
import { has, type Delta } from "../../text/tools/deltas.js";
import type { Coder } from "../../text/types.js";
import type { AnswerDetails, FinishReason, PromptProgress } from "../openai/completions.js";
import { adjust, changes, draw, LogprobTable, type IdLogprob } from "../sampling/cpuSampler.js";
import type { GenerateOptions, TokenEngine } from "../engine.js";
import type { Chooser, Generation } from "../steps/generation.js";
import type { Grammars, MatcherMaker } from "../masked/grammars.js";
import { Latest } from "./latest.js";
import type { LogitProcessor, ProcessorTable } from "../sampling/logitProcessors.js";
import type { Mutex } from "../mutex.js";
import type { Forms } from "../../text/tools/forms.js";
import type { Reader } from "./reading.js";
import type { CheckedShared } from "../request/shared.js";
import { StopMatcher } from "./stopStrings.js";

/** What answers need of a loaded model. */
export interface ChatParts {
  readonly engine: TokenEngine;
  readonly coder: Coder;
  readonly prompts: PromptEncoder;
  /** Whether an answer continues the user's own text, as base models do. */
  readonly isPlain: boolean;
  /** How it writes calls and thoughts. */
  readonly forms: Forms;
  readonly stopIds: readonly number[];
  readonly grammars: Pick<Grammars, "of" | "ofCalls">;
  readonly processors: ProcessorTable | null;
  /** How the model's authors want answers sampled. */
  readonly generation: GenerationInfo | null;
  readonly name: string;
  /** Held while an answer is made: there is one cache. */
  readonly mutex: Mutex;
}

/** What to answer, and how. */
export interface Question extends CheckedShared {
  /** Ids of the prompt, at least one. */
  readonly ids: readonly number[];
  readonly seed: number;
  readonly topLogprobs: number | null;
  readonly lockStep: boolean;
  /** Whether the answer goes on from the prompt's own text. */
  readonly continued: boolean;
  /** Makes what holds the answer to its form; null for any text. */
  readonly matchers: MatcherMaker | null;
  /** The page's own code that changes scores. */
  readonly process: LogitProcessor | null;
  readonly reportsProgress: boolean;
  /** What the answer is read with. */
  readonly reader: Reader;
}

/** A generated token with log probabilities: its own and those of the likeliest ones. */
export interface ChosenToken extends IdLogprob {
  readonly top: readonly IdLogprob[];
}

/** A piece of an answer; the tokens are those whose text is shown with it or was before. */
export interface Piece {
  readonly delta: Delta | null;
  readonly tokens: readonly ChosenToken[];
  readonly progress?: PromptProgress;
  /** In the last one. */
  readonly end?: AnswerEnd;
}

/** How an answer ended. */
export interface AnswerEnd {
  readonly reason: FinishReason;
  /** Whether it called a tool. */
  readonly called: boolean;
  readonly promptTokens: number;
  readonly newTokens: number;
  /** Of them those of thoughts and their marks. */
  readonly reasoningTokens: number;
  readonly details: Omit<AnswerDetails, "dropped_turns">;
}

export class Answer {
  /** The ids that were generated so far. */
  readonly said: number[] = [];
  private readonly counts = new Map<number, number>();
  private tokens: ChosenToken[] = [];
  private reasoningTokens = 0;
  private latest: LogprobTable | null = null;

  constructor(
    private readonly parts: ChatParts,
    private readonly question: Question,
  ) {}

  async *pieces(): AsyncGenerator<Piece, void, undefined> {
    const { engine } = this.parts;
    const { ids, stops: texts } = this.question;
    const timings = engine.startTiming();
    // At least one id must be fed, because feeding computes the logits.
    const reused = await engine.reuse(ids.slice(0, -1));
    yield* this.fed(ids, reused);
    const generation = this.generate();
    const stops = new StopMatcher(texts);
    yield* this.texts(generation, stops);
    const { parser } = this.question.reader;
    const finish = stops.stopped ? "stop-string" : parser?.done ? "stop" : finishOf(generation);
    if (finish === "stop-string") this.tokens = []; // they belong to text that is not shown
    yield this.piece(null, {
      reason: finish === "stop" || finish === "stop-string" ? "stop" : "length",
      called: (parser?.calls ?? 0) > 0,
      promptTokens: ids.length,
      newTokens: this.said.length,
      reasoningTokens: this.reasoningTokens,
      details: this.details(finish, generation.seed, reused, timings),
    });
    await engine.remember(); // the answer is there: nobody waits
  }

  /** Feeds the prompt, with pieces that say how far that is where the request wants them. */
  private async *fed(ids: readonly number[], cached: number): AsyncGenerator<Piece, void, undefined> {
    const { question, parts } = this;
    const rest = ids.slice(cached);
    if (!question.reportsProgress) return parts.engine.feed(rest, { signal: question.signal });
    const stopping = new LinkedAbort(question.signal);
    const reports = new Latest<number>();
    const feeding = parts.engine
      .feed(rest, { signal: stopping.signal, onProgress: (done) => reports.put(done) })
      .finally(() => reports.end());
    feeding.catch(() => undefined); // it is awaited below, perhaps after another error
    try {
      for await (const done of reports) {
        yield { delta: null, tokens: [], progress: { total: ids.length, cached, processed: cached + done } };
      }
      await feeding;
    } finally {
      stopping.abort(); // where nobody asks for the next piece, the rest of the prompt is not wanted
      await feeding.catch(() => undefined);
      stopping.unlink();
    }
  }

  private generate(): Generation {
    const { question, parts } = this;
    const sampling = { ...question.sampling, seed: question.seed };
    const choosing = question.lockStep ? this.choosing(sampling) : {};
    const { maxNew, signal } = question;
    return parts.engine.generate(maxNew, sampling, parts.stopIds, { signal, ...choosing });
  }

  private choosing(sampling: Question["sampling"]): GenerateOptions {
    const { ids, adjustments, continued, matchers, topLogprobs, process } = this.question;
    const room = Math.min(this.question.maxNew, this.parts.engine.context - ids.length);
    const matcher = matchers?.(continued, room);
    let told = 0;
    // It is told of tokens once they are said: a step that is repeated on a new device chooses again.
    const tell = (): void => {
      for (const id of this.said.slice(told)) matcher?.advance(id);
      told = Math.max(told, this.said.length);
    };
    const choose: Chooser = (logits, position) => {
      this.latest = topLogprobs === null ? null : new LogprobTable(logits);
      // Nothing but the repetition penalty asks for all that was said.
      const before = sampling.repetition_penalty === 1 ? [] : [...ids, ...this.said];
      adjust(logits, sampling, adjustments, before, this.counts);
      process?.(logits, { prompt: ids, said: this.said });
      tell();
      return matcher ? matcher.draw(logits, sampling, position) : draw(logits, sampling, position);
    };
    if (!matcher) return { choose };
    // Tokens that nobody asks the model for have no log probabilities.
    const follows = (most: number): readonly number[] => {
      tell();
      const known = topLogprobs === null ? matcher.follows(most) : [];
      told += known.length; // they are going to be said
      return known;
    };
    const mask = (): Uint32Array<ArrayBuffer> => (tell(), matcher.mask());
    const { generation } = matcher;
    const masks = { generation, mask, allows: (id: number): boolean => (tell(), matcher.allows(id)) };
    const alone = topLogprobs === null && !process && !changes(adjustments);
    return { choose, prepare: () => void mask(), follows, ...(alone && { masks }) };
  }

  /** The tokens' text, in whole characters, up to the end or to a stop string. */
  private async *texts(generation: Generation, stops: StopMatcher): AsyncGenerator<Piece, void, undefined> {
    const { decoder, parser } = this.question.reader;
    for await (const { id } of generation) {
      this.said.push(id);
      this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
      if (this.latest) this.tokens.push(this.chosen(id, this.latest));
      yield* this.parted(stops.push(decoder.push(id)));
      if (stops.stopped || parser?.done) break;
    }
    if (!stops.stopped) yield* this.parted(stops.push(decoder.flush()) + stops.flush());
    for (const delta of parser?.flush() ?? []) yield this.piece(delta);
  }

  /** What a piece of text consists of. */
  private *parted(text: string): Generator<Piece, void, undefined> {
    if (!text) return;
    const { parser } = this.question.reader;
    if (!parser) return yield this.piece({ kind: "text", text, index: 0 });
    const { thinking } = parser;
    const deltas = parser.push(text);
    if (thinking || parser.thinking || has(deltas, "reasoning")) this.reasoningTokens = this.said.length;
    for (const delta of deltas) yield this.piece(delta);
  }

  private chosen(id: number, table: LogprobTable): ChosenToken {
    return { id, logprob: table.of(id), top: table.top(this.question.topLogprobs ?? 0) };
  }

  private piece(delta: Delta | null, end?: AnswerEnd): Piece {
    const { tokens } = this;
    this.tokens = [];
    return end ? { delta, tokens, end } : { delta, tokens };
  }

  private details(
    finish: AnswerDetails["finish"],
    seed: number,
    reused: number,
    timings: TokenEngine["timings"],
  ): AnswerEnd["details"] {
    return {
      seed,
      finish,
      reused_tokens: reused,
      first_token_seconds: (timings.firstTokenMs ?? 0) / 1000,
      prefill_seconds: timings.prefillMs / 1000,
      decode_seconds: timings.decodeMs / 1000,
      prefill_tokens_per_second: timings.prefillRate,
      decode_tokens_per_second: timings.decodeRate,
    };
  }
}

function finishOf({ finishReason }: Generation): AnswerDetails["finish"] {
  return finishReason === "stop" || finishReason === "context" ? finishReason : "length";
}
