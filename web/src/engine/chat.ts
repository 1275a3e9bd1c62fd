/** OpenAI-shaped chat completions on top of an engine that takes and gives token ids. */

import { throwIfAborted } from "../artifact/errors.js";
import type { GenerationInfo } from "../artifact/schema.js";
import { ConversationFitter } from "../text/conversation.js";
import type { PromptEncoder } from "../text/prompt.js";
import type { Coder } from "../text/types.js";
import type {
  AnswerDetails,
  ChatChunk,
  ChatCompletion,
  ChatRequest,
  FinishReason,
  LogprobContent,
  TokenLogprob,
  Usage,
} from "./api.js";
import { adjust, draw, LogprobTable } from "./cpuSampler.js";
import type { TokenEngine } from "./engine.js";
import type { Chooser, Generation } from "./generation.js";
import type { Mutex } from "./mutex.js";
import { checkedRequest, type CheckedRequest } from "./request.js";
import { StopMatcher } from "./stopStrings.js";

/** What answers need of a loaded model. */
export interface ChatParts {
  readonly engine: TokenEngine;
  readonly coder: Coder;
  readonly prompts: PromptEncoder;
  /** Whether an answer continues the user's own text, as base models do. */
  readonly isPlain: boolean;
  readonly stopIds: readonly number[];
  /** How the model's authors want answers sampled. */
  readonly generation: GenerationInfo | null;
  readonly name: string;
  /** Held while an answer is made: there is one cache. */
  readonly mutex: Mutex;
}

export class ChatCompletions {
  private readonly parts: ChatParts;
  private readonly fitter = new ConversationFitter();

  constructor(parts: ChatParts) {
    this.parts = parts;
  }

  /** A whole answer. @throws KernelcError: "usage", "context", "template", "aborted", "device-lost". */
  async complete(request: ChatRequest): Promise<ChatCompletion> {
    let text = "";
    const content: LogprobContent[] = [];
    for await (const chunk of this.answer(request)) {
      const [{ delta, finish_reason, logprobs }] = chunk.choices;
      text += delta.content ?? "";
      content.push(...(logprobs?.content ?? []));
      if (!finish_reason || !chunk.usage || !chunk.kernelc) continue;
      const { id, created, model, usage, kernelc } = chunk;
      const message = { role: "assistant" as const, content: text };
      const choice = {
        index: 0 as const,
        message,
        finish_reason,
        logprobs: request.logprobs ? { content } : null,
      };
      return { id, object: "chat.completion", created, model, choices: [choice], usage, kernelc };
    }
    throw new Error("the answer had no end");
  }

  /**
   * An answer piece by piece. Resolves once the prompt has been processed, so that its errors are thrown
   * here.
   */
  async stream(request: ChatRequest): Promise<AsyncGenerator<ChatChunk, void, undefined>> {
    const answer = this.answer(request);
    const first = await answer.next();
    const { signal } = request;
    // After an abort nobody may ask for the next piece, but the cache must be released all the same.
    const stop = (): void => void answer.return();
    signal?.addEventListener("abort", stop, { once: true });
    return resumed(first, answer, signal, () => signal?.removeEventListener("abort", stop));
  }

  private async *answer(request: ChatRequest): AsyncGenerator<ChatChunk, void, undefined> {
    const checked = checkedRequest(request, this.parts.engine.vocabSize, this.parts.generation);
    const release = await this.parts.mutex.acquire(checked.signal);
    try {
      throwIfAborted(checked.signal);
      yield* new Answer(this.parts, checked, this.fitter).chunks();
    } finally {
      release();
    }
  }
}

/**
 * `first`, then the rest of `answer`; throws "aborted" where `signal` cut it short. `ended` is called in any
 * case.
 */
async function* resumed(
  first: IteratorResult<ChatChunk, void>,
  answer: AsyncGenerator<ChatChunk, void, undefined>,
  signal: AbortSignal | undefined,
  ended: () => void,
): AsyncGenerator<ChatChunk, void, undefined> {
  let finished = false;
  try {
    if (!first.done) yield first.value;
    for await (const chunk of answer) {
      finished = chunk.choices[0].finish_reason !== null;
      yield chunk;
    }
  } finally {
    await answer.return();
    ended();
  }
  if (!finished) throwIfAborted(signal);
}

/** One answer: feeds the prompt, generates tokens, and turns them into text. */
class Answer {
  private readonly id = `chatcmpl-${crypto.randomUUID()}`;
  private readonly created = Math.floor(Date.now() / 1000);
  private readonly said: number[] = [];
  private readonly counts = new Map<number, number>();
  private logprobs: LogprobContent[] = [];
  private latest: LogprobTable | null = null;

  constructor(
    private readonly parts: ChatParts,
    private readonly request: CheckedRequest,
    private readonly fitter: ConversationFitter,
  ) {}

  async *chunks(): AsyncGenerator<ChatChunk, void, undefined> {
    const { engine, prompts } = this.parts;
    const { messages, maxNew, contextPolicy } = this.request;
    const room = { context: engine.context, policy: contextPolicy, maxNew };
    const { prompt, droppedTurns } = this.fitter.fit(prompts, messages, room);
    const timings = engine.startTiming();
    yield this.chunk({ role: "assistant", content: "" });
    try {
      // At least one id must be fed, because feeding computes the logits.
      const reused = engine.truncate(Math.min(engine.commonPrefix(prompt.ids), prompt.ids.length - 1));
      await engine.feed(prompt.ids.slice(reused), { signal: this.request.signal });
      const generation = this.generate(prompt.ids);
      const stops = new StopMatcher(this.request.stops);
      yield* this.texts(generation, stops);
      const finish = stops.stopped ? "stop-string" : finishOf(generation);
      const details = {
        ...this.details(finish, generation.seed, reused, timings),
        dropped_turns: droppedTurns,
      };
      yield this.last(finish, prompt.ids.length, details);
    } finally {
      if (this.said.length) prompts.remember(prompt, this.said);
    }
  }

  private generate(promptIds: readonly number[]): Generation {
    const { request, parts } = this;
    const choose = request.lockStep ? this.chooser(promptIds) : undefined;
    return parts.engine.generate(request.maxNew, request.sampling, parts.stopIds, {
      signal: request.signal,
      choose,
    });
  }

  private chooser(promptIds: readonly number[]): Chooser {
    const { sampling, adjustments, topLogprobs } = this.request;
    return (logits, position) => {
      this.latest = topLogprobs === null ? null : new LogprobTable(logits);
      adjust(logits, sampling, adjustments, [...promptIds, ...this.said], this.counts);
      return draw(logits, sampling, position);
    };
  }

  /** The tokens' text, in whole characters, up to the end or to a stop string. */
  private async *texts(
    generation: Generation,
    stops: StopMatcher,
  ): AsyncGenerator<ChatChunk, void, undefined> {
    const decoder = this.parts.coder.stream({ continued: this.parts.isPlain });
    for await (const { id } of generation) {
      this.said.push(id);
      this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
      if (this.latest) this.logprobs.push(this.logprobOf(id, this.latest));
      const piece = stops.push(decoder.push(id));
      if (piece) yield this.chunk({ content: piece });
      if (stops.stopped) return;
    }
    const rest = stops.push(decoder.flush()) + stops.flush();
    if (rest) yield this.chunk({ content: rest });
  }

  private logprobOf(id: number, table: LogprobTable): LogprobContent {
    const top = table.top(this.request.topLogprobs ?? 0).map((each) => this.named(each.id, each.logprob));
    return { ...this.named(id, table.of(id)), top_logprobs: top };
  }

  private named(id: number, logprob: number): TokenLogprob {
    const { data } = this.parts.coder.piece(id);
    const token = data.length
      ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(data)
      : this.parts.coder.token(id);
    return { token, logprob, bytes: data.length ? [...data] : null };
  }

  private chunk(delta: ChatChunk["choices"][0]["delta"], finish: FinishReason | null = null): ChatChunk {
    const content = this.logprobs;
    this.logprobs = [];
    return {
      id: this.id,
      object: "chat.completion.chunk",
      created: this.created,
      model: this.request.model ?? this.parts.name,
      choices: [{ index: 0, delta, finish_reason: finish, logprobs: content.length ? { content } : null }],
    };
  }

  private last(finish: AnswerDetails["finish"], promptTokens: number, details: AnswerDetails): ChatChunk {
    if (finish === "stop-string") this.logprobs = []; // they belong to tokens that are not shown
    const reason = finish === "stop" || finish === "stop-string" ? "stop" : "length";
    const [prompt_tokens, completion_tokens] = [promptTokens, this.said.length];
    const usage: Usage = {
      prompt_tokens,
      completion_tokens,
      total_tokens: prompt_tokens + completion_tokens,
    };
    return { ...this.chunk({}, reason), usage, kernelc: details };
  }

  private details(
    finish: AnswerDetails["finish"],
    seed: number,
    reused: number,
    timings: TokenEngine["timings"],
  ): Omit<AnswerDetails, "dropped_turns"> {
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
