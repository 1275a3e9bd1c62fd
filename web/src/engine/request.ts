/** A checked chat request: every field that the engine acts on, with its default filled in. */

import type { ContextPolicy } from "../text/conversation.js";
import type { GenerationInfo } from "../artifact/schema.js";
import type { Message } from "../text/types.js";
import type { ChatRequest } from "./api.js";
import type { Adjustments } from "./cpuSampler.js";
import { checkedSampling, integer, number, refuse, type Sampling, type SamplingOptions } from "./sampling.js";

const MOST_MESSAGES = 100_000;
const MOST_PARTS = 1000;
const MOST_STOPS = 16;
const MOST_STOP_LENGTH = 1000;
const MOST_BIASES = 10_000;

export interface CheckedRequest {
  readonly messages: readonly Message[];
  readonly sampling: Sampling;
  readonly maxNew: number;
  readonly stops: readonly string[];
  readonly adjustments: Adjustments;
  /** How many of the likeliest tokens to return; null where no log probabilities are wanted. */
  readonly topLogprobs: number | null;
  /** Whether the CPU must choose each token: the kernels know neither biases nor counts. */
  readonly lockStep: boolean;
  readonly contextPolicy: ContextPolicy;
  readonly model: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** OpenAI's defaults, for models that have none of their own. */
const OPENAI: GenerationInfo = { temperature: 1, top_k: 0, top_p: 1, min_p: 0, repetition_penalty: 1 };

/** The request's sampling, with what it leaves out taken from `own`. */
function withDefaults(request: ChatRequest, own: GenerationInfo): SamplingOptions {
  return {
    temperature: request.temperature ?? own.temperature,
    top_k: request.top_k ?? own.top_k,
    top_p: request.top_p ?? own.top_p,
    min_p: request.min_p ?? own.min_p,
    repetition_penalty: request.repetition_penalty ?? own.repetition_penalty,
    seed: request.seed,
  };
}

/** @throws KernelcError "usage" that names the field, what it holds and what was wanted. */
export function checkedRequest(
  request: ChatRequest,
  vocabSize: number,
  own: GenerationInfo | null = null,
): CheckedRequest {
  const adjustments = {
    bias: biases(request.logit_bias ?? {}, vocabSize),
    frequencyPenalty: number("frequency_penalty", request.frequency_penalty ?? 0, -2, 2),
    presencePenalty: number("presence_penalty", request.presence_penalty ?? 0, -2, 2),
  };
  const topLogprobs = request.logprobs ? integer("top_logprobs", request.top_logprobs ?? 0, 0, 20) : null;
  if (!request.logprobs && request.top_logprobs)
    refuse("top_logprobs", request.top_logprobs, "logprobs: true with it");
  const { bias, frequencyPenalty, presencePenalty } = adjustments;
  return {
    messages: messages(request.messages),
    sampling: checkedSampling(withDefaults(request, own ?? OPENAI)),
    maxNew: limit(request.max_completion_tokens ?? request.max_tokens ?? undefined),
    stops: stops(request.stop ?? []),
    adjustments,
    topLogprobs,
    lockStep: bias.size > 0 || frequencyPenalty !== 0 || presencePenalty !== 0 || topLogprobs !== null,
    contextPolicy: policy(request.context_policy ?? "stop"),
    model: request.model,
    signal: request.signal,
  };
}

/** @throws KernelcError "usage" where these are not messages. */
function messages(given: unknown): readonly Message[] {
  if (!Array.isArray(given) || !given.length || given.length > MOST_MESSAGES) {
    return refuse("messages", given, "at least one message");
  }
  return given.map((message: unknown, index) => plainMessage(message, `messages[${index}]`));
}

const ROLES: ReadonlyMap<unknown, Message["role"]> = new Map<unknown, Message["role"]>([
  ["system", "system"],
  ["developer", "system"],
  ["user", "user"],
  ["assistant", "assistant"],
  ["tool", "tool"],
]);

/** A message as templates take it. Source: OpenAI's API reference, "Create chat completion". */
function plainMessage(given: unknown, where: string): Message {
  const { role, content } = (given ?? {}) as { role?: unknown; content?: unknown };
  const known = ROLES.get(role) ?? refuse(`${where}.role`, role, `one of ${[...ROLES.keys()].join(", ")}`);
  if (typeof content === "string") return { role: known, content };
  if (content === null || content === undefined) return { role: known, content: "" };
  if (!Array.isArray(content) || content.length > MOST_PARTS) {
    return refuse(`${where}.content`, content, `a text, or at most ${MOST_PARTS} parts of type text`);
  }
  const texts = content.map((part: unknown, at) => textOf(part, `${where}.content[${at}]`));
  return { role: known, content: texts.join("\n") };
}

function textOf(part: unknown, where: string): string {
  const { type, text } = (part ?? {}) as { type?: unknown; text?: unknown };
  return type === "text" && typeof text === "string" ? text : refuse(where, part, "a part of type text");
}

function policy(given: unknown): ContextPolicy {
  return given === "stop" || given === "slide" ? given : refuse("context_policy", given, "stop or slide");
}

function limit(most: number | undefined): number {
  return most === undefined
    ? Number.MAX_SAFE_INTEGER
    : integer("max_tokens", most, 0, Number.MAX_SAFE_INTEGER);
}

function stops(given: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length > MOST_STOPS) refuse("stop", list, `at most ${MOST_STOPS} texts`);
  return list.map((stop, index) => {
    if (typeof stop === "string" && stop.length > 0 && stop.length <= MOST_STOP_LENGTH) return stop;
    return refuse(`stop[${index}]`, stop, `a text of 1 to ${MOST_STOP_LENGTH} characters`);
  });
}

function biases(given: Readonly<Record<string, number>>, vocabSize: number): ReadonlyMap<number, number> {
  const entries = Object.entries(given);
  if (entries.length > MOST_BIASES)
    refuse("logit_bias", `${entries.length} entries`, `at most ${MOST_BIASES}`);
  return new Map(
    entries.map(([id, value]) => [
      integer("a token id of logit_bias", id.trim() === "" ? NaN : Number(id), 0, vocabSize - 1),
      number(`logit_bias[${id}]`, value, -100, 100),
    ]),
  );
}
