/** Answers of an engine as the AI SDK takes them: whole, and as a stream of parts. */

import type {
  LanguageModelV4Content,
  LanguageModelV4StreamPart,
  LanguageModelV4ToolCall,
  SharedV4Warning,
} from "@ai-sdk/provider";
import type { AnswerMessage, CallDelta, ChatChunk, ToolCall } from "../engine/api.js";
import { finishOf, usageOf } from "./aiSdkRequests.js";

type Part = LanguageModelV4StreamPart;

export function contentOf({
  content,
  reasoning_content,
  tool_calls,
}: AnswerMessage): LanguageModelV4Content[] {
  return [
    ...(reasoning_content ? [{ type: "reasoning" as const, text: reasoning_content }] : []),
    ...(content ? [{ type: "text" as const, text: content }] : []),
    ...(tool_calls ?? []).map(callOf),
  ];
}

function callOf({ id, function: { name, arguments: input } }: ToolCall): LanguageModelV4ToolCall {
  return { type: "tool-call", toolCallId: id, toolName: name, input };
}

/**
 * The chunks of an answer as parts; `renamed` gives the error to tell for one that is thrown. Leaving the
 * stream stops the answer.
 */
export function streamed(
  chunks: AsyncIterable<ChatChunk>,
  warnings: SharedV4Warning[],
  renamed: (error: unknown) => unknown,
): ReadableStream<Part> {
  const parts = partsOf(chunks, warnings, renamed);
  return new ReadableStream<Part>({
    pull: async (controller) => {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await parts.return(undefined)),
  });
}

async function* partsOf(
  chunks: AsyncIterable<ChatChunk>,
  warnings: SharedV4Warning[],
  renamed: (error: unknown) => unknown,
): AsyncGenerator<Part, void, undefined> {
  yield { type: "stream-start", warnings };
  const open = new OpenPart();
  let named = false;
  try {
    for await (const chunk of chunks) {
      if (!named) {
        const { id, created, model: modelId } = chunk;
        yield { type: "response-metadata", id, timestamp: new Date(1000 * created), modelId };
      }
      named = true;
      const [choice] = chunk.choices;
      if (!choice) continue;
      const { content, reasoning_content, tool_calls } = choice.delta;
      if (reasoning_content) yield* open.more("reasoning", reasoning_content);
      if (content) yield* open.more("text", content);
      for (const call of tool_calls ?? []) yield* open.call(call);
      if (choice.finish_reason === null || !chunk.usage) continue;
      yield* open.end();
      const finishReason = finishOf(choice.finish_reason, chunk.kernelc?.finish);
      yield { type: "finish", finishReason, usage: usageOf(chunk.usage) };
    }
  } catch (error) {
    yield { type: "error", error: renamed(error) };
  }
}

/** The part of an answer that is being streamed: parts begin, grow and end one after the other. */
class OpenPart {
  private kind: "text" | "reasoning" | "tool" | null = null;
  private id = "";
  private parts = 0;
  private called: { toolName: string; input: string } = { toolName: "", input: "" };

  *more(kind: "text" | "reasoning", delta: string): Generator<Part> {
    if (this.kind !== kind) {
      yield* this.end();
      [this.kind, this.id] = [kind, String((this.parts += 1))];
      yield { type: `${kind}-start`, id: this.id };
    }
    yield { type: `${kind}-delta`, id: this.id, delta };
  }

  *call({ id, function: { name, arguments: more } }: CallDelta): Generator<Part> {
    if (id !== undefined) {
      yield* this.end();
      [this.kind, this.id, this.called] = ["tool", id, { toolName: name ?? "", input: "" }];
      yield { type: "tool-input-start", id, toolName: name ?? "" };
    }
    if (!more) return;
    this.called.input += more;
    yield { type: "tool-input-delta", id: this.id, delta: more };
  }

  *end(): Generator<Part> {
    const { kind, id } = this;
    this.kind = null;
    if (kind === "tool") {
      yield { type: "tool-input-end", id };
      yield { type: "tool-call", toolCallId: id, ...this.called };
    } else if (kind) yield { type: `${kind}-end`, id };
  }
}
