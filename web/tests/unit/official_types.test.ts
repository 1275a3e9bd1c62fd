/** The types of OpenAI's official package take our answers, and ours what it asks, as far as that is done. */

import type OpenAI from "openai";
import { expect, it } from "vitest";

import type {
  ChatChunk, ChatCompletion, ChatRequest, Message, TextCompletion, TextRequest, Tool,
} from "../../src/engine/openai/completions.js";
import type { EmbeddingList, EmbeddingRequest } from "../../src/engine/openai/embeddings.js";

type Chat = OpenAI.ChatCompletionCreateParams;
type Said = OpenAI.ChatCompletionUserMessageParam | OpenAI.ChatCompletionSystemMessageParam;

// Of text streams' chunks the package has no type: with its own, each would have a reason to end.
it("takes our answers", () => {
  const theirs = {
    chat: (each: ChatCompletion): OpenAI.ChatCompletion => each,
    chunk: (each: ChatChunk): OpenAI.ChatCompletionChunk => each,
    text: (each: TextCompletion): OpenAI.Completion => each,
    embeddings: (each: EmbeddingList<number[]>): OpenAI.CreateEmbeddingResponse => each,
  };
  expect(Object.keys(theirs)).toHaveLength(4);
});

it("asks what we take", () => {
  const ours = {
    sampling: (
      each: Pick<
        Chat,
        | "frequency_penalty" | "logit_bias" | "logprobs" | "max_completion_tokens" | "max_tokens" | "model" | "n"
        | "parallel_tool_calls" | "presence_penalty" | "seed" | "stop" | "stream" | "temperature" | "top_logprobs" | "top_p"
      >,
    ): Omit<ChatRequest, "messages"> => each,
    said: (each: Said & { content: string | OpenAI.ChatCompletionContentPartText[] }): Message => each,
    result: (each: OpenAI.ChatCompletionToolMessageParam): Message => each,
    tool: (each: OpenAI.ChatCompletionFunctionTool): Tool => each,
    choice: (each: OpenAI.ChatCompletionNamedToolChoice | "auto" | "none" | "required"): ChatRequest["tool_choice"] => each,
    format: (
      each:
        | OpenAI.ResponseFormatText
        | OpenAI.ResponseFormatJSONObject
        | (OpenAI.ResponseFormatJSONSchema & { json_schema: { schema: Record<string, unknown> } }),
    ): ChatRequest["response_format"] => each,
    text: (
      each: Pick<OpenAI.CompletionCreateParamsNonStreaming, "prompt" | "echo" | "logprobs" | "n" | "stop" | "seed" | "max_tokens">,
    ): TextRequest => each,
    embeddings: (each: Pick<OpenAI.EmbeddingCreateParams, "input" | "model" | "encoding_format" | "user">): EmbeddingRequest =>
      each,
  };
  expect(Object.keys(ours)).toHaveLength(8);
});
