/**
 * Requests for completions and their answers, in the shapes of OpenAI's API, and what this engine adds.
 */

import type { Logprobs, TextLogprobs } from "./logprobs.js";
import type { AnswerMessage, ChunkDelta, Tool, ToolCall, ToolChoice } from "./tools.js";

export type * from "./logprobs.js";
export type * from "./tools.js";

/** A part of a message's content. */
export type TextPart = Readonly<{ type: "text"; text: string }>;

/**
 * One message of a conversation, as in OpenAI's API. The role "developer" is the newer name of "system";
 * parts of a text are joined by line breaks, and null is an empty text. Names are not used. An answer's
 * message may be given back as it came.
 */
export interface Message {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool";
  readonly content?: string | readonly TextPart[] | null;
  readonly name?: string | null;
  /** Of the role "tool": the call that it answers. */
  readonly tool_call_id?: string | null;
  /** Of the role "assistant". */
  readonly tool_calls?: readonly ToolCall[] | null;
  readonly reasoning_content?: string | null;
  readonly refusal?: null;
}

/**
 * What requests for chat completions and for text completions have in common, in OpenAI's words.
 *
 * Null means left out. What a request leaves out of sampling is as the model's authors want it
 * (`ModelCard.generation`); where they say nothing, as in OpenAI's API: temperature 1, top_p 1. Fields of
 * OpenAI's API that are missing here are not done, and are refused by their names, as are names that nobody
 * knows.
 */
export interface CommonRequest {
  /** Name of the model. It is not used, only returned. */
  readonly model?: string | null;
  /** How many answers, 1 (the default) to 16; a stream gives one after the other. */
  readonly n?: number | null;
  readonly stream?: boolean | null;
  /** With `stream`: `include_usage` adds a last chunk that has no choices but the usage of all. */
  readonly stream_options?: Readonly<{
    include_usage?: boolean | null;
    include_obfuscation?: false | null;
  }> | null;
  /** 0 takes the likeliest token; 0..100. */
  readonly temperature?: number | null;
  /** Keep the likeliest tokens of this much probability; above 0, at most 1. */
  readonly top_p?: number | null;
  /** Keep the k likeliest tokens; 0 keeps all. */
  readonly top_k?: number | null;
  /** Keep tokens that have at least this fraction of the likeliest one's probability; 0..1. */
  readonly min_p?: number | null;
  /** Above 1, makes tokens that occurred anywhere before less likely; 1 changes nothing. */
  readonly repetition_penalty?: number | null;
  /** The most tokens to generate. Without it chat answers have no limit but the context, texts one of 16. */
  readonly max_tokens?: number | null;
  /** Up to 16 texts of 1 to 1000 characters; the answer ends before the first of them. */
  readonly stop?: string | readonly string[] | null;
  /**
   * 0..2^32-1; the same seed gives the same answer. Without one, a seed is drawn (see `kernelc.seed`). The
   * second of `n` answers has the next seed, and so on.
   */
  readonly seed?: number | null;
  /** Added to the scores of tokens, by id; -100..100. */
  readonly logit_bias?: Readonly<Record<string, number>> | null;
  /** Subtracted from a token's score once for each time that it occurs in the answer so far; -2..2. */
  readonly frequency_penalty?: number | null;
  /** Subtracted from the score of each token that occurs in the answer so far; -2..2. */
  readonly presence_penalty?: number | null;
  /** Code of the page's own that changes scores: one of `EngineOptions.logitProcessors`, with its options. */
  readonly logit_processor?: string | Readonly<{ name: string; options?: unknown }> | null;
  /** Who asks; it changes nothing. */
  readonly user?: string | null;
  /**
   * Stops the answer: the call or the iteration throws KernelcError "aborted"; what came before it stays
   * valid.
   */
  readonly signal?: AbortSignal;
}

/** Any text, any JSON object, or JSON that a schema describes, which is always followed. */
export type ResponseFormat =
  | Readonly<{ type: "text" }>
  | Readonly<{ type: "json_object" }>
  | Readonly<{ type: "json_schema"; json_schema: JsonSchemaFormat }>
  /** The whole answer matches; docs/grammar.md says what is supported. */
  | Readonly<{ type: "regex"; regex: string }>
  /** GBNF, as llama.cpp has it; the answer follows the rule `root`. */
  | Readonly<{ type: "grammar"; grammar: string }>;

export interface JsonSchemaFormat {
  /** Of the form, for people: 1 to 64 of the characters A-Z, a-z, 0-9, _ and -. */
  readonly name: string;
  readonly description?: string | null;
  readonly schema: Readonly<Record<string, unknown>>;
  /** It changes nothing. */
  readonly strict?: boolean | null;
}

/** A request for a chat completion. */
export interface ChatRequest extends CommonRequest {
  readonly messages: readonly Message[];
  /** The newer name of `max_tokens`, before which it comes. */
  readonly max_completion_tokens?: number | null;
  /** Return each token's log probability, before any penalty or temperature. */
  readonly logprobs?: boolean | null;
  /** With `logprobs`: how many of the likeliest tokens to return at each position, 0..20. */
  readonly top_logprobs?: number | null;
  /** What the text of the answer must follow; docs/grammar.md has the keywords of schemas. */
  readonly response_format?: ResponseFormat | null;
  /** Functions that the answer may call; docs/tools.md says how. */
  readonly tools?: readonly Tool[] | null;
  readonly tool_choice?: ToolChoice | null;
  /** Whether an answer may have several calls (default true). */
  readonly parallel_tool_calls?: boolean | null;
  /** "none" leaves thoughts in the text, with their marks; by default they come apart. */
  readonly reasoning_format?: "auto" | "none" | null;
  readonly modalities?: readonly ["text"] | null;
  /** These five change nothing: there is nobody to tell, and nothing is kept. */
  readonly metadata?: Readonly<Record<string, string>> | null;
  readonly safety_identifier?: string | null;
  readonly prompt_cache_key?: string | null;
  readonly prompt_cache_retention?: "in_memory" | null;
  readonly service_tier?: "auto" | "default" | null;
  /** Only false: answers are not kept. */
  readonly store?: false | null;
  /**
   * What happens to a conversation that outgrows the context: "stop" (the default) refuses it with
   * KernelcError "context"; "slide" leaves out its oldest turns, but never the system prompt or the last
   * question.
   */
  readonly context_policy?: "stop" | "slide" | null;
  /**
   * Whether the last message is the beginning of the answer, which goes on where that ends (default false).
   * What is returned is only what follows.
   */
  readonly continue_final_message?: boolean | null;
  /** With `stream`: chunks with `prompt_progress` come while the prompt is read (default false). */
  readonly return_progress?: boolean | null;
}

/** A request for text completions: answers that go on from each prompt, without a chat template. */
export interface TextRequest extends CommonRequest {
  /** A text, its token ids, or up to 128 of either; without one the model starts a new text. */
  readonly prompt?: string | readonly number[] | readonly (string | readonly number[])[] | null;
  /** Whether an answer begins with its prompt (default false). */
  readonly echo?: boolean | null;
  /** Return each token's log probability, and those of so many of the likeliest, 0..20. Not with `echo`. */
  readonly logprobs?: number | null;
  /** Only as many as `n`: answers are not ranked. */
  readonly best_of?: number | null;
}

export type FinishReason = "stop" | "length";
/** Of a chat: "tool_calls" where the answer called a tool and was not cut off. */
export type ChatFinishReason = FinishReason | "tool_calls";

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  /** Of the prompts, what was in the cache already. */
  readonly prompt_tokens_details?: { readonly cached_tokens: number };
  /** Of the answers, what are thoughts; left out where there are none. */
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
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

/** How far the reading of a prompt is, in tokens. */
export interface PromptProgress {
  readonly total: number;
  /** How many of them were in the cache already. */
  readonly cached: number;
  /** How many are in the cache now, or submitted to the device. */
  readonly processed: number;
}

interface CompletionHead {
  readonly id: string;
  /** Unix time in seconds. */
  readonly created: number;
  readonly model: string;
}

export interface ChatChoice {
  readonly index: number;
  readonly message: AnswerMessage;
  readonly finish_reason: ChatFinishReason;
  readonly logprobs: Logprobs | null;
}

export interface ChatCompletion extends CompletionHead {
  readonly object: "chat.completion";
  /** As many as `n`. */
  readonly choices: [ChatChoice, ...ChatChoice[]];
  readonly usage: Usage;
  /** Of the first choice. */
  readonly kernelc: AnswerDetails;
}

export interface ChunkChoice {
  readonly index: number;
  readonly delta: ChunkDelta;
  readonly finish_reason: ChatFinishReason | null;
  readonly logprobs: Logprobs | null;
}

/**
 * A piece of an answer. A choice's first has the role, its last the finish reason and details. The last of
 * all has the usage; with `include_usage`, that is another one, without choices.
 */
export interface ChatChunk extends CompletionHead {
  readonly object: "chat.completion.chunk";
  /** One, but for the chunk that `include_usage` adds. */
  readonly choices: ChunkChoice[];
  readonly usage?: Usage | null;
  readonly kernelc?: AnswerDetails;
  readonly prompt_progress?: PromptProgress;
}

export interface TextChoice<Finish = FinishReason> {
  readonly index: number;
  readonly text: string;
  readonly finish_reason: Finish;
  readonly logprobs: TextLogprobs | null;
}

/** Text completions: `n` choices for each prompt, one prompt after the other. */
export interface TextCompletion extends CompletionHead {
  readonly object: "text_completion";
  readonly choices: [TextChoice, ...TextChoice[]];
  readonly usage: Usage;
  /** Of the first choice. */
  readonly kernelc: AnswerDetails;
}

/** A piece of a text completion; usage and details come as in a `ChatChunk`. */
export interface TextChunk extends CompletionHead {
  readonly object: "text_completion";
  readonly choices: TextChoice<FinishReason | null>[];
  readonly usage?: Usage | null;
  readonly kernelc?: AnswerDetails;
}

/** `create`: chunks where the request asks for a stream, else the whole answer. */
export interface Creates<Request extends CommonRequest, Whole, Chunk> {
  create(request: Request & { readonly stream: true }): Promise<AsyncIterable<Chunk>>;
  create(request: Request & { readonly stream?: false | null }): Promise<Whole>;
  create(request: Request): Promise<Whole | AsyncIterable<Chunk>>;
}

export type Completions = Creates<ChatRequest, ChatCompletion, ChatChunk>;
export type TextCompletions = Creates<TextRequest, TextCompletion, TextChunk>;
