/** Log probabilities in answers, in the two shapes of OpenAI's API. */

/** A token with its log probability. */
export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  /** The token's UTF-8 bytes; null where the tokenizer does not know them. */
  readonly bytes: number[] | null;
}

export interface LogprobContent extends TokenLogprob {
  readonly top_logprobs: TokenLogprob[];
}

export interface Logprobs {
  readonly content: LogprobContent[];
  readonly refusal: null;
}

/** Log probabilities of a text completion, an entry in each list for each token. */
export interface TextLogprobs {
  /** A token that is no whole characters is spelled by its bytes: "bytes:\\xe2\\x80". */
  readonly tokens: string[];
  readonly token_logprobs: number[];
  /** Of the likeliest tokens, and of the chosen one. */
  readonly top_logprobs: Record<string, number>[];
  /** Where in the choice's text each begins, in characters (code points). */
  readonly text_offset: number[];
}
