/**
 * Requests for chat completions and their answers, in the shapes of OpenAI's API, and what this engine adds.
 */

/** A part of a message's content. */
export type TextPart = Readonly<{ type: "text"; text: string }>;

/**
 * One message of a conversation, as in OpenAI's API. The role "developer" is the newer name of "system";
 * parts of a text are joined by line breaks, and null is an empty text. Other fields are not used.
 */
export interface Message {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool";
  readonly content?: string | readonly TextPart[] | null;
}

/**
 * A request for a chat completion, in OpenAI's words. What it leaves out of sampling is as the model's
 * authors want it (`ModelCard.generation`); where they say nothing, as in OpenAI's API: temperature 1, top_p
 * 1. There is no limit.
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
   * What happens to a conversation that outgrows the context: "stop" (the default) refuses it with
   * KernelcError "context"; "slide" leaves out its oldest turns, but never the system prompt or the last
   * question.
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
  /**
   * Stops the answer: the call or the iteration throws KernelcError "aborted"; what came before it stays
   * valid.
   */
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

export interface Completions {
  create(request: ChatRequest & { readonly stream: true }): Promise<AsyncIterable<ChatChunk>>;
  create(request: ChatRequest & { readonly stream?: false }): Promise<ChatCompletion>;
  create(request: ChatRequest): Promise<ChatCompletion | AsyncIterable<ChatChunk>>;
}
