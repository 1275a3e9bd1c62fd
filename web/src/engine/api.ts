/** The engine as its users see it: OpenAI-shaped chat completions over a model that runs in the page. */

import type { AdapterCard } from "../gpu/card.js";
import type { GenerationInfo } from "../artifact/schema.js";
import type { Notice } from "../weights/load.js";

export type { AdapterCard, GenerationInfo, Notice };
export { KernelcError, type ErrorCode } from "../artifact/errors.js";

/** A part of a message's content. */
export type TextPart = Readonly<{ type: "text"; text: string }>;

/**
 * One message of a conversation, as in OpenAI's API. The role "developer" is the newer name of "system"; parts of a
 * text are joined by line breaks, and null is an empty text. Other fields are not used.
 */
export interface Message {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool";
  readonly content?: string | readonly TextPart[] | null;
}

/** Where a model runs: on a graphics device through WebGPU, or on the processor as WebAssembly. */
export type DeviceChoice = "auto" | "webgpu" | "wasm";

/** How an engine is opened; every field may be left out. */
export interface EngineOptions {
  /** Called often, with how far loading is. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called with what a person may want to know although nothing failed, such as blocked storage. */
  readonly onNotice?: (notice: Notice) => void;
  /** Tokens that the cache holds, 1 to the artifact's own maximum (the default). */
  readonly context?: number;
  /** Ends loading: `createEngine` throws "aborted". */
  readonly signal?: AbortSignal;
  /**
   * "auto" (the default) takes a graphics device, and the processor where there is none, or only one that software
   * imitates, or where the self-check refuses it, if the artifact brings kernels for the processor.
   */
  readonly device?: DeviceChoice;
  /** On the processor: the most threads, by default one for each core. There is one where the page is not isolated. */
  readonly threads?: number;
  /** "default" stays within WebGPU's guaranteed limits; "adapter" (the default) asks for what the model needs. */
  readonly limits?: "default" | "adapter";
  /** "none" leaves f16 and subgroups unused; "all" is the default. */
  readonly features?: "all" | "none";
  /**
   * Whether the values that change from step to step are passed as immediates, where the browser has them, instead of
   * in a buffer (default false: a buffer was faster on the one graphics card where both were measured).
   */
  readonly immediates?: boolean;
  /** Whether every kernel's golden tile runs before the first answer (default true, where the artifact has them). */
  readonly selfCheck?: boolean;
  /** Load the programs that score many positions at once, for `tokens.score` (default false: one by one). */
  readonly score?: boolean;
}

/** How far loading is. Bytes are those of weights; `done` and `total` count kernels or files. */
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

/**
 * A request for a chat completion, in OpenAI's words. What it leaves out of sampling is as the model's authors want it
 * (`ModelCard.generation`); where they say nothing, as in OpenAI's API: temperature 1, top_p 1. There is no limit.
 */
export interface ChatRequest {
  readonly messages: readonly Message[];
  /** Name of the model. It is not used, only returned. */
  readonly model?: string;
  readonly stream?: boolean;
  /** 0 takes the likeliest token; 0..100. */
  readonly temperature?: number;
  /** Keep the likeliest tokens of this much probability; above 0, at most 1. */
  readonly top_p?: number;
  /** Keep the k likeliest tokens; 0 keeps all. */
  readonly top_k?: number;
  /** Keep tokens that have at least this fraction of the likeliest one's probability; 0..1. */
  readonly min_p?: number;
  /** Above 1, makes tokens that occurred anywhere before less likely; 1 changes nothing. */
  readonly repetition_penalty?: number;
  /** The most tokens to generate; by default, until the context is full. */
  readonly max_tokens?: number | null;
  readonly max_completion_tokens?: number | null;
  /**
   * What happens to a conversation that outgrows the context: "stop" (the default) refuses it with KernelcError
   * "context"; "slide" leaves out its oldest turns, but never the system prompt or the last question.
   */
  readonly context_policy?: "stop" | "slide" | null;
  /** Up to 16 texts; the answer ends before the first of them. */
  readonly stop?: string | readonly string[] | null;
  /** 0..2^32-1; the same seed gives the same answer. Without one, a seed is drawn (see `kernelc.seed`). */
  readonly seed?: number | null;
  /** Added to the scores of tokens, by id; -100..100. */
  readonly logit_bias?: Readonly<Record<string, number>> | null;
  /** Return each token's log probability, before any penalty or temperature. */
  readonly logprobs?: boolean | null;
  /** With `logprobs`: how many of the likeliest tokens to return at each position, 0..20. */
  readonly top_logprobs?: number | null;
  /** Subtracted from a token's score once for each time that it occurs in the answer so far; -2..2. */
  readonly frequency_penalty?: number | null;
  /** Subtracted from the score of each token that occurs in the answer so far; -2..2. */
  readonly presence_penalty?: number | null;
  /** Stops the answer: the call or the iteration throws KernelcError "aborted"; what came before it stays valid. */
  readonly signal?: AbortSignal;
}

/** A token with its log probability. */
export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  /** The token's UTF-8 bytes; null where the tokenizer does not know them. */
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

/** What this engine adds to OpenAI's fields of an answer. Times are in seconds. */
export interface AnswerDetails {
  readonly seed: number;
  /** Why it ended: the model ended it, a stop string, as many tokens as asked for, or the context is full. */
  readonly finish: "stop" | "stop-string" | "length" | "context";
  /** Tokens of the prompt whose keys and values were in the cache already. */
  readonly reused_tokens: number;
  /** Turns left out at the conversation's start; always 0 without the context policy "slide". */
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

/** Facts about the model that is loaded, as its artifact gives them. */
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
  /** How the model's authors want answers sampled: the defaults of requests; null where nothing says it. */
  readonly generation: GenerationInfo | null;
}

export interface Probe {
  /** Whether models can run here at all. */
  readonly usable: boolean;
  /** Why not, and what to do; empty where models can run. */
  readonly reasons: readonly string[];
  /** The reason as a code; null where models can run. */
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
   * Bytes of weights, tokenizer and golden tiles, which a first visit downloads. Kernels and chat template come on
   * top: a few kilobytes each, whose sizes the manifest does not say. `stored_bytes` of them are here already.
   */
  readonly download_bytes: number;
  readonly stored_bytes: number;
  /** What would run it, with the options that were asked about. */
  readonly device: "webgpu" | "wasm";
  /** Why that is the processor: a sentence; empty for a graphics device. */
  readonly device_reason: string;
  readonly fits: boolean;
  /** Why it does not fit; empty where it does. */
  readonly reasons: readonly string[];
}

/** The state of an engine, and how fast it was. */
export interface Stats {
  readonly adapter: AdapterCard;
  readonly features: readonly string[];
  readonly context: number;
  readonly cached_tokens: number;
  readonly gpu_bytes: number;
  readonly staging_bytes: number;
  readonly pipelines: number;
  /** For each kernel, the file of the variant that this device runs. */
  readonly variants: Readonly<Record<string, string>>;
  readonly load_seconds: number;
  /** How often a lost device was replaced. */
  readonly restored: number;
  readonly prompt_tokens: number;
  readonly generated_tokens: number;
  readonly prefill_seconds: number;
  readonly decode_seconds: number;
  readonly first_token_seconds: number | null;
  /** Microseconds that JavaScript takes for each dispatch of a decode step. */
  readonly host_us_per_dispatch: number;
  readonly dispatches_per_token: number;
}

/** Options for generating ids from ids, for tests and for programs that bring their own tokenizer. */
export interface TokenRequest {
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly top_k?: number;
  readonly top_p?: number;
  readonly min_p?: number;
  readonly repetition_penalty?: number;
  readonly seed?: number | null;
  /** Ids that end the generation and are not returned (default: those of the model). */
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
    /** Generate ids that continue `ids`. Those that are in the cache already are not computed again. */
    generate(ids: readonly number[], request?: TokenRequest): Promise<TokenCompletion>;
    /** The logits after each of `ids`: one row of vocab_size numbers per id. */
    score(ids: readonly number[]): Promise<readonly Float32Array[]>;
  };
  stats(): Promise<Stats>;
  /** What another context length of this model would cost. */
  plan(contextLength: number): Promise<Plan>;
  /** Empty the cache. */
  reset(): Promise<void>;
  /** Release the device and everything that was loaded. */
  dispose(): Promise<void>;
  /** Lose the device as if the driver had crashed; for tests. */
  simulateLoss(): Promise<void>;
}
