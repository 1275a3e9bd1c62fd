/** Log probabilities in OpenAI's two forms: of chat completions, and of the older text completions. */

import type { Coder } from "../../text/types.js";
import type { ChosenToken } from "./answer.js";
import type { IdLogprob } from "../sampling/cpuSampler.js";
import type { Logprobs, TextLogprobs, TokenLogprob } from "../openai/completions.js";
import { characters } from "../request/fields.js";

/** OpenAI's word for "never", since JSON has no infinity. */
const LEAST = -9999;

/** Those of a choice of a chat completion. */
export function chatLogprobs(tokens: readonly ChosenToken[], coder: Coder): Logprobs {
  const content = tokens.map((token) => ({
    ...named(token, coder),
    top_logprobs: token.top.map((each) => named(each, coder)),
  }));
  return { content, refusal: null };
}

function named({ id, logprob }: IdLogprob, coder: Coder): TokenLogprob {
  const { data } = coder.piece(id);
  const token = data.length ? utf8().decode(data) : coder.token(id);
  return { token, logprob: Math.max(logprob, LEAST), bytes: data.length ? [...data] : null };
}

/** Those of one choice of a text completion, as many tokens at a time as there are. */
export class TextLogprobTable {
  private readonly decoder = utf8();

  /** `offset`: characters of the choice's text before its first token. */
  constructor(
    private readonly coder: Coder,
    private offset = 0,
  ) {}

  of(tokens: readonly ChosenToken[]): TextLogprobs {
    const text_offset = tokens.map(({ id }) => {
      const before = this.offset;
      this.offset += characters(this.decoder.decode(this.coder.piece(id).data, { stream: true }));
      return before;
    });
    return {
      tokens: tokens.map(({ id }) => this.spelled(id)),
      token_logprobs: tokens.map(({ logprob }) => Math.max(logprob, LEAST)),
      top_logprobs: tokens.map((token) => this.top(token)),
      text_offset,
    };
  }

  /** Of tokens that are spelled alike the likeliest stays. */
  private top(token: ChosenToken): Record<string, number> {
    const found = new Map<string, number>();
    for (const { id, logprob } of [...token.top, token]) {
      const name = this.spelled(id);
      if (!found.has(name)) found.set(name, Math.max(logprob, LEAST));
    }
    return Object.fromEntries(found);
  }

  private spelled(id: number): string {
    const { data } = this.coder.piece(id);
    if (!data.length) return this.coder.token(id);
    try {
      return new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(data);
    } catch {
      return `bytes:${[...data].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
    }
  }
}

function utf8(): TextDecoder {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}

/** All parts of a choice's log probabilities as one. */
export function joined(parts: readonly (TextLogprobs | null)[]): TextLogprobs {
  const all = parts.filter((part) => part !== null);
  return {
    tokens: all.flatMap((part) => part.tokens),
    token_logprobs: all.flatMap((part) => part.token_logprobs),
    top_logprobs: all.flatMap((part) => part.top_logprobs),
    text_offset: all.flatMap((part) => part.text_offset),
  };
}
