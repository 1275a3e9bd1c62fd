/** The engine as its users see it: OpenAI-shaped chat completions over a model that runs in the page. */

import type { AdapterCard } from "../gpu/card.js";
import type { Notice } from "../weights/load.js";

export type { AdapterCard, Notice };
export { KernelcError, type ErrorCode } from "../artifact/errors.js";

/** One message of a conversation. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** How an engine is opened; every field may be left out. */
export interface EngineOptions {
  /** Told what loading is at, often. */
  readonly onProgress?: (progress: Progress) => void;
  /** Told what a person may want to know and nothing failed of: blocked storage, a dropped kernel variant. */
  readonly onNotice?: (notice: Notice) => void;
  /** Tokens that the cache holds, 1 to the artifact's own maximum (the default). */
  readonly context?: number;
  /** Ends loading: `createEngine` throws "aborted". */
  readonly signal?: AbortSignal;
  /** "default" stays within WebGPU's guaranteed limits; "adapter" (the default) asks for what the model needs. */
  readonly limits?: "default" | "adapter";
  /** "none" leaves f16 and subgroups unused; "all" is the default. */
  readonly features?: "all" | "none";
  /**
   * true hands what changes between steps over as immediates, where the browser has them (default false: on the one
   * graphics card where both were measured, a buffer is faster).
   */
  readonly immediates?: boolean;
  /** Whether every kernel's golden tile runs before the first answer (default true, where the artifact has them). */
  readonly selfCheck?: boolean;
  /** Load the programs that score many positions at once, for `tokens.score` (default false: one by one). */
  readonly score?: boolean;
}

/** What loading is at. Bytes are of weights; `done` of `total` counts kernels or files. */
export interface Progress {
  readonly phase: "manifest" | "tokenizer" | "pipelines" | "weights" | "self-check" | "ready";
  readonly loadedBytes?: number;
  readonly totalBytes?: number;
  /** How many of `loadedBytes` came from this browser's own store. */
  readonly fromCacheBytes?: number;
  readonly bytesPerSecond?: number;
  readonly done?: number;
  readonly total?: number;
}

/** A request for a chat completion, in OpenAI's words. Defaults as there: temperature 1, top_p 1, no limit. */
export interface ChatRequest {
  readonly messages: readonly Message[];
  /** Name of the model; only carried back. */
  readonly model?: string;
  readonly stream?: boolean;
  /** 0 takes the likeliest token; 0..100. */
  readonly temperature?: number;
  /** Keep the likeliest tokens of this much probability; above 0, at most 1. */
  readonly top_p?: number;
  /** Keep the k likeliest tokens; 0 keeps all. */
  readonly top_k?: number;
  /** Keep tokens of at least this share of the likeliest one's probability; 0..1. */
  readonly min_p?: number;
  /** Divides (above 1) the scores of tokens that occurred anywhere before; 1 is none. */
  readonly repetition_penalty?: number;
  /** At most so many new tokens; by default until the context is full. */
  readonly max_tokens?: number | null;
  readonly max_completion_tokens?: number | null;
  /**
   * What becomes of a conversation that outgrows the context: "stop" (the default) refuses it with KernelcError
   * "context"; "slide" leaves out its oldest turns, never the system prompt nor the last question.
   */
  readonly context_policy?: "stop" | "slide" | null;
  /** The answer ends before the first of these texts, at most 16. */
  readonly stop?: string | readonly string[] | null;
  /** 0..2^32-1; the same seed gives the same answer. Left out, one is drawn (`kernelc.seed` tells it). */
  readonly seed?: number | null;
  /** Added to the scores of tokens, by id; -100..100. */
  readonly logit_bias?: Readonly<Record<string, number>> | null;
  /** Give each token's log probability, before any penalty or temperature. */
  readonly logprobs?: boolean | null;
  /** With `logprobs`: how many of the likeliest tokens to name at each place, 0..20. */
  readonly top_logprobs?: number | null;
  /** Takes this much off a token's score for each time that the answer has it already; -2..2. */
  readonly frequency_penalty?: number | null;
  /** Takes this much off the scores of all tokens that the answer has already; -2..2. */
  readonly presence_penalty?: number | null;
  /** Stops the answer: the call or the iteration throws KernelcError "aborted"; what came before it stays valid. */
  readonly signal?: AbortSignal;
}

/** A token with its log probability. */
export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  /** The token's own UTF-8 bytes, null where the tokenizer does not tell. */
  readonly bytes: readonly number[] | null;
}

export interface LogprobContent extends TokenLogprob {
  readonly top_logprobs: readonly TokenLogprob[];
}

export interface Logprobs {
  readonly content: readonly LogprobContent[];
}

export type FinishReason = "stop" | "length";

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** What only this engine tells of an answer. Times are in seconds. */
export interface AnswerDetails {
  readonly seed: number;
  /** "stop" (the model ended it), "stop-string", "length" (as many as asked for), "context" (it is full). */
  readonly finish: "stop" | "stop-string" | "length" | "context";
  /** Tokens of the prompt whose keys and values were in the cache already. */
  readonly reused_tokens: number;
  /** Turns at the conversation's start that did not fit; 0 but under the context policy "slide". */
  readonly dropped_turns: number;
  readonly first_token_seconds: number;
  readonly prefill_seconds: number;
  readonly decode_seconds: number;
  readonly prefill_tokens_per_second: number;
  readonly decode_tokens_per_second: number;
}

interface CompletionHead {
  readonly id: string;
  /** Unix time in seconds. */
  readonly created: number;
  readonly model: string;
}

export interface ChatCompletion extends CompletionHead {
  readonly object: "chat.completion";
  readonly choices: readonly [
    {
      readonly index: 0;
      readonly message: { readonly role: "assistant"; readonly content: string };
      readonly finish_reason: FinishReason;
      readonly logprobs: Logprobs | null;
    },
  ];
  readonly usage: Usage;
  readonly kernelc: AnswerDetails;
}

/** A piece of an answer. The first has the role, the last the finish reason, usage and details. */
export interface ChatChunk extends CompletionHead {
  readonly object: "chat.completion.chunk";
  readonly choices: readonly [
    {
      readonly index: 0;
      readonly delta: { readonly role?: "assistant"; readonly content?: string };
      readonly finish_reason: FinishReason | null;
      readonly logprobs: Logprobs | null;
    },
  ];
  readonly usage?: Usage;
  readonly kernelc?: AnswerDetails;
}

/** What is open: the artifact's own facts. */
export interface ModelCard {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly quant: string;
  readonly architecture: string;
  readonly layers: number;
  readonly hidden_size: number;
  readonly vocab_size: number;
  /** Tokens that the cache of this engine holds. */
  readonly context: number;
  readonly max_context: number;
  readonly weight_bytes: number;
  readonly bos_token_id: number | null;
  readonly eos_token_ids: readonly number[];
}

export interface Probe {
  /** Whether models can run here at all. */
  readonly usable: boolean;
  /** Why not, and what to do; empty where usable. */
  readonly reasons: readonly string[];
  /** The reason as a word: null where usable. */
  readonly code: "no-webgpu" | "no-adapter" | null;
  readonly adapter: AdapterCard | null;
}

/** What a context length costs, before anything is downloaded. */
export interface Plan {
  readonly name: string;
  readonly context: number;
  readonly max_context: number;
  readonly gpu_bytes: number;
  readonly weight_bytes: number;
  readonly cache_bytes: number;
  readonly scratch_bytes: number;
  /**
   * Bytes of weights, tokenizer and golden tiles, which a first visit fetches, and how many of them this browser has
   * already. Kernels and template, texts of some kilobytes each, come on top: a manifest does not tell their sizes.
   */
  readonly download_bytes: number;
  readonly stored_bytes: number;
  readonly fits: boolean;
  /** Why it does not fit; empty where it does. */
  readonly reasons: readonly string[];
}

/** Where an engine stands, and how fast it was. */
export interface Stats {
  readonly adapter: AdapterCard;
  readonly features: readonly string[];
  readonly context: number;
  readonly cached_tokens: number;
  readonly gpu_bytes: number;
  readonly staging_bytes: number;
  readonly pipelines: number;
  /** By kernel, the file of the variant that this device runs. */
  readonly variants: Readonly<Record<string, string>>;
  readonly load_seconds: number;
  /** How often a lost device was replaced. */
  readonly restored: number;
  readonly prompt_tokens: number;
  readonly generated_tokens: number;
  readonly prefill_seconds: number;
  readonly decode_seconds: number;
  readonly first_token_seconds: number | null;
  /** Microseconds of JavaScript for each dispatch of a decode step. */
  readonly host_us_per_dispatch: number;
  readonly dispatches_per_token: number;
}

/** How ids are generated from ids, for tests and for programs with a tokenizer of their own. */
export interface TokenRequest {
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly top_k?: number;
  readonly top_p?: number;
  readonly min_p?: number;
  readonly repetition_penalty?: number;
  readonly seed?: number | null;
  /** Ids that end it, and are not given out (default: the model's own). */
  readonly stop_ids?: readonly number[];
  readonly signal?: AbortSignal;
}

export interface TokenCompletion {
  readonly ids: readonly number[];
  readonly finish_reason: "stop" | "length" | "context";
  readonly stop_id: number | null;
  readonly seed: number;
}

export interface Completions {
  create(request: ChatRequest & { readonly stream: true }): Promise<AsyncIterable<ChatChunk>>;
  create(request: ChatRequest & { readonly stream?: false }): Promise<ChatCompletion>;
  create(request: ChatRequest): Promise<ChatCompletion | AsyncIterable<ChatChunk>>;
}

/** A loaded model. Requests are answered one after the other. */
export interface Engine {
  readonly model: ModelCard;
  readonly chat: { readonly completions: Completions };
  readonly tokens: {
    /** New ids behind `ids`; the cache is used for what it has of them. */
    generate(ids: readonly number[], request?: TokenRequest): Promise<TokenCompletion>;
    /** The logits at each of `ids`, a row of vocab_size each. */
    score(ids: readonly number[]): Promise<readonly Float32Array[]>;
  };
  stats(): Promise<Stats>;
  /** What another context length of this model would cost. */
  plan(contextLength: number): Promise<Plan>;
  /** Empty the cache. */
  reset(): Promise<void>;
  /** Release the device and all that was loaded. */
  dispose(): Promise<void>;
  /** Lose the device as a driver's crash would; for tests. */
  simulateLoss(): Promise<void>;
}
