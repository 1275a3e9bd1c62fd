/** Choices of chat completions: the deltas of their chunks, and what these are together. */

import type { Delta } from "../../text/tools/deltas.js";
import type { AnswerEnd } from "./answer.js";
import type {
  AnswerDetails,
  AnswerMessage,
  CallDelta,
  ChatChoice,
  ChatFinishReason,
  ChunkChoice,
  ChunkDelta,
  LogprobContent,
  ToolCall,
} from "../openai/completions.js";

const ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** Of calls: Mistral's templates take no other ids than of nine letters and digits. */
const ID_LENGTH = 9;

/** More of an answer as the delta of a chunk. */
export function deltaOf({ kind, text, index }: Delta): ChunkDelta {
  if (kind === "text") return { content: text };
  if (kind === "reasoning") return { reasoning_content: text };
  if (kind === "arguments") return { tool_calls: [{ index, function: { arguments: text } }] };
  const called = { name: text, arguments: "" };
  return { tool_calls: [{ index, id: newId(), type: "function", function: called }] };
}

function newId(): string {
  const random = crypto.getRandomValues(new Uint32Array(ID_LENGTH));
  return Array.from(random, (each) => ID_LETTERS[each % ID_LETTERS.length]).join("");
}

/** OpenAI's reason for the end of a choice, null before it. */
export function reasonOf(end: AnswerEnd | undefined): ChatFinishReason | null {
  if (!end) return null;
  return end.called && end.reason === "stop" ? "tool_calls" : end.reason;
}

/** A choice, put together from its chunks. */
export class Gathered {
  details: AnswerDetails | undefined;
  private text = "";
  private reasoning = "";
  private readonly calls: ToolCall[] = [];
  private finish: ChatChoice["finish_reason"] = "stop";
  private readonly content: LogprobContent[] = [];

  take({ delta, finish_reason, logprobs }: ChunkChoice, details: AnswerDetails | undefined): void {
    this.text += delta.content ?? "";
    this.reasoning += delta.reasoning_content ?? "";
    for (const call of delta.tool_calls ?? []) this.takeCall(call);
    this.content.push(...(logprobs?.content ?? []));
    this.finish = finish_reason ?? this.finish;
    this.details ??= details;
  }

  choice(index: number, withLogprobs: boolean): ChatChoice {
    const logprobs = withLogprobs ? { content: this.content, refusal: null } : null;
    return { index, message: this.message(), finish_reason: this.finish, logprobs };
  }

  private takeCall({ index, id = "", function: { name = "", arguments: more } }: CallDelta): void {
    const known = this.calls[index] ?? { id, type: "function", function: { name, arguments: "" } };
    const { name: called, arguments: given } = known.function;
    this.calls[index] = { ...known, function: { name: called, arguments: given + more } };
  }

  private message(): AnswerMessage {
    const { text, reasoning, calls } = this;
    return {
      role: "assistant",
      content: calls.length ? text || null : text,
      refusal: null,
      ...(reasoning && { reasoning_content: reasoning }),
      ...(calls.length && { tool_calls: calls }),
    };
  }
}
