/** What the AI SDK asks for, as a request for a chat completion. */

import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4Message,
  LanguageModelV4ToolResultOutput,
  LanguageModelV4Usage,
  SharedV4Warning,
} from "@ai-sdk/provider";
import { KernelcError } from "../artifact/errors.js";
import type { ChatFinishReason, ChatRequest, Message, Tool, ToolCall, Usage } from "../engine/api.js";

export interface Asked {
  readonly request: Omit<ChatRequest, "stream">;
  /** What was asked for and is not done. */
  readonly warnings: SharedV4Warning[];
}

/** @throws KernelcError "usage" for files, which models cannot read. */
export function requestOf(options: LanguageModelV4CallOptions): Asked {
  const warnings: SharedV4Warning[] = [];
  const tools = toolsOf(options.tools ?? [], warnings);
  const { reasoning = "provider-default", toolChoice } = options;
  if (reasoning !== "provider-default")
    warnings.push({ type: "unsupported", feature: "reasoning", details: "models think as they do" });
  const given = {
    messages: options.prompt.flatMap(messagesOf),
    max_tokens: options.maxOutputTokens,
    temperature: options.temperature,
    top_p: options.topP,
    top_k: options.topK,
    presence_penalty: options.presencePenalty,
    frequency_penalty: options.frequencyPenalty,
    seed: options.seed,
    stop: options.stopSequences,
    response_format: formatOf(options.responseFormat),
    tools: tools.length ? tools : undefined,
    tool_choice: tools.length && toolChoice ? choiceOf(toolChoice) : undefined,
    signal: options.abortSignal,
  };
  const there = Object.entries(given).filter(([, value]) => value !== undefined);
  return { request: Object.fromEntries(there) as unknown as Asked["request"], warnings };
}

function toolsOf(
  tools: NonNullable<LanguageModelV4CallOptions["tools"]>,
  warnings: SharedV4Warning[],
): Tool[] {
  return tools.flatMap((tool): Tool[] => {
    if (tool.type !== "function") {
      warnings.push({ type: "unsupported", feature: `the provider's tool ${tool.id}` });
      return [];
    }
    const { name, description = null, inputSchema } = tool;
    const parameters = inputSchema as Record<string, unknown>;
    return [{ type: "function", function: { name, description, parameters } }];
  });
}

function choiceOf(
  choice: NonNullable<LanguageModelV4CallOptions["toolChoice"]>,
): NonNullable<ChatRequest["tool_choice"]> {
  return choice.type === "tool" ? { type: "function", function: { name: choice.toolName } } : choice.type;
}

function formatOf(
  format: LanguageModelV4CallOptions["responseFormat"],
): ChatRequest["response_format"] | undefined {
  if (format?.type !== "json") return undefined;
  if (!format.schema) return { type: "json_object" };
  const name = (format.name ?? "answer").replace(/[^\w-]/g, "_").slice(0, 64) || "answer";
  return { type: "json_schema", json_schema: { name, schema: format.schema as Record<string, unknown> } };
}

function messagesOf(message: LanguageModelV4Message): Message[] {
  if (message.role === "system") return [{ role: "system", content: message.content }];
  if (message.role === "tool") return message.content.flatMap((part) => resultOf(part));
  if (message.role === "user") return [{ role: "user", content: message.content.map(textOf).join("\n") }];
  let [content, reasoning] = ["", ""];
  const calls: ToolCall[] = [];
  const after: Message[] = [];
  for (const part of message.content) {
    if (part.type === "reasoning") reasoning += part.text;
    else if (part.type === "tool-result") after.push(...resultOf(part));
    else if (part.type === "tool-call") {
      const called = { name: part.toolName, arguments: JSON.stringify(part.input ?? {}) };
      calls.push({ id: part.toolCallId, type: "function", function: called });
    } else content += textOf(part);
  }
  const thoughts = reasoning && { reasoning_content: reasoning };
  return [{ role: "assistant", content, ...thoughts, ...(calls.length && { tool_calls: calls }) }, ...after];
}

function textOf(part: { readonly type: string; readonly text?: string }): string {
  if (part.type === "text") return part.text ?? "";
  const help = "models read text alone: leave it out, or describe it";
  throw new KernelcError("usage", `a message has a part of type "${part.type}"`, { help, param: "messages" });
}

function resultOf(part: Extract<LanguageModelV4Message, { role: "tool" }>["content"][number]): Message[] {
  if (part.type !== "tool-result") return []; // an approval is the program's own affair
  return [{ role: "tool", tool_call_id: part.toolCallId, content: outputOf(part.output) }];
}

function outputOf(output: LanguageModelV4ToolResultOutput): string {
  if (output.type === "text" || output.type === "error-text") return output.value;
  if (output.type === "execution-denied") return output.reason ?? "The call was not allowed.";
  if (output.type === "content") return output.value.map(textOf).join("\n");
  return JSON.stringify(output.value);
}

export function finishOf(reason: ChatFinishReason, raw: string | undefined): LanguageModelV4FinishReason {
  return { unified: reason === "tool_calls" ? "tool-calls" : reason, raw };
}

export function usageOf(usage: Usage): LanguageModelV4Usage {
  const { prompt_tokens, completion_tokens, prompt_tokens_details, completion_tokens_details } = usage;
  const cached = prompt_tokens_details?.cached_tokens ?? 0;
  const reasoning = completion_tokens_details?.reasoning_tokens ?? 0;
  return {
    inputTokens: {
      total: prompt_tokens,
      noCache: prompt_tokens - cached,
      cacheRead: cached,
      cacheWrite: undefined,
    },
    outputTokens: { total: completion_tokens, text: completion_tokens - reasoning, reasoning },
  };
}
