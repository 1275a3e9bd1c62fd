/** What chat completions and text completions have in common while they run. */

import { throwIfAborted } from "../../artifact/errors.js";
import type { AnswerEnd } from "./answer.js";
import type { Mutex } from "../mutex.js";
import type { Usage } from "../openai/completions.js";

/** What a chunk of either kind tells of its place in the stream. */
interface AnyChunk {
  readonly usage?: Usage | null;
}

/** The chunks of `make`, while nothing else runs on the engine. */
export async function* alone<Chunk>(
  mutex: Mutex,
  signal: AbortSignal | undefined,
  make: () => AsyncGenerator<Chunk, void, undefined>,
): AsyncGenerator<Chunk, void, undefined> {
  const release = await mutex.acquire(signal);
  try {
    throwIfAborted(signal);
    yield* make();
  } finally {
    release();
  }
}

/**
 * An answer piece by piece. Resolves once there is a first chunk, so that errors of the request and of the
 * prompt are thrown here.
 */
export async function begun<Chunk extends AnyChunk>(
  answer: AsyncGenerator<Chunk, void, undefined>,
  signal: AbortSignal | undefined,
): Promise<AsyncGenerator<Chunk, void, undefined>> {
  const first = await answer.next();
  // After an abort nobody may ask for the next piece, but the cache must be released all the same.
  const stop = (): void => void answer.return();
  signal?.addEventListener("abort", stop, { once: true });
  return resumed(first, answer, signal, () => signal?.removeEventListener("abort", stop));
}

/**
 * `first`, then the rest of `answer`; throws "aborted" where `signal` cut it short. `ended` is called in any
 * case.
 */
async function* resumed<Chunk extends AnyChunk>(
  first: IteratorResult<Chunk, void>,
  answer: AsyncGenerator<Chunk, void, undefined>,
  signal: AbortSignal | undefined,
  ended: () => void,
): AsyncGenerator<Chunk, void, undefined> {
  let finished = false;
  try {
    if (!first.done) yield first.value;
    for await (const chunk of answer) {
      finished = Boolean(chunk.usage); // which the last one has
      yield chunk;
    }
  } finally {
    await answer.return();
    ended();
  }
  if (!finished) throwIfAborted(signal);
}

/**
 * The chunks of an answer, for a caller that leaves at the one that tells the usage: what is done after an
 * answer, such as keeping its keys and values, is done all the same, beside that caller.
 */
export async function* untilUsage<Chunk extends AnyChunk>(
  answer: AsyncGenerator<Chunk, void, undefined>,
): AsyncGenerator<Chunk, void, undefined> {
  let told = false;
  try {
    for (let next = await answer.next(); !next.done; next = await answer.next()) {
      told = Boolean(next.value.usage);
      yield next.value;
    }
  } finally {
    if (told) void answer.next().catch(() => undefined);
    else await answer.return();
  }
}

/** Adds up the usage of a request; a prompt that has several answers counts once. */
export class UsageCounter {
  private prompt = 0;
  private cached = 0;
  private completion = 0;
  private reasoning = 0;

  /** `first` says whether it is the first answer to its prompt. */
  add({ promptTokens, newTokens, reasoningTokens, details }: AnswerEnd, first: boolean): void {
    this.completion += newTokens;
    this.reasoning += reasoningTokens;
    if (!first) return;
    this.prompt += promptTokens;
    this.cached += details.reused_tokens;
  }

  get usage(): Usage {
    return {
      prompt_tokens: this.prompt,
      completion_tokens: this.completion,
      total_tokens: this.prompt + this.completion,
      prompt_tokens_details: { cached_tokens: this.cached },
      ...(this.reasoning && { completion_tokens_details: { reasoning_tokens: this.reasoning } }),
    };
  }
}

/**
 * The usage of a chunk: in the last one, unless a chunk of its own follows for it; then the others have null,
 * as in OpenAI's API.
 */
export function usageOf(
  counter: UsageCounter,
  { last, separate }: { readonly last: boolean; readonly separate: boolean },
): { readonly usage?: Usage | null } {
  if (separate) return { usage: null };
  return last ? { usage: counter.usage } : {};
}

/** The items of a list that has at least one. */
export function atLeastOne<T>(items: readonly T[]): [T, ...T[]] {
  const [first, ...rest] = items;
  if (first === undefined) throw new Error("the answer had no end");
  return [first, ...rest];
}
