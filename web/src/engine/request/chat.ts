/** A checked request for a chat completion: every field that the engine acts on, defaults filled in. */

import type { GenerationInfo } from "../../artifact/schema.js";
import type { ContextPolicy } from "../../text/conversation.js";
import type { Message } from "../../text/types.js";
import type { ChatRequest } from "../openai/completions.js";
import { refuse, refuseField } from "../sampling/sampling.js";
import { anObject, aText, characters, Fields } from "./fields.js";
import { readFormat, type AnswerFormat } from "./format.js";
import { readMessages } from "./messages.js";
import { CHAT, CHAT_UNSUPPORTED, checkNames } from "./names.js";
import { readTools, type ToolUse } from "./tools.js";
import { MOST_TOKENS, MOST_TOP_LOGPROBS, needsLockStep, readShared, type CheckedShared } from "./shared.js";

const METADATA = { pairs: 16, name: 64, value: 512 };

export interface CheckedRequest extends CheckedShared {
  readonly messages: readonly Message[];
  /** How many of the likeliest tokens to return; null where no log probabilities are wanted. */
  readonly topLogprobs: number | null;
  /** Whether the CPU must choose each token. */
  readonly lockStep: boolean;
  /** What the answer's text must follow; null for any text. */
  readonly format: AnswerFormat | null;
  readonly contextPolicy: ContextPolicy;
  /** Whether the answer goes on where the last message ends. */
  readonly continues: boolean;
  readonly reportsProgress: boolean;
  /** The tools that may be called; null for none. */
  readonly tools: ToolUse | null;
  /** Whether thoughts come apart from the answer, as `reasoning_content`. */
  readonly splitsThoughts: boolean;
}

/**
 * Check a request. Fields that are not done, and names that nobody knows, are refused: the native runtime has
 * the same rules (`runtime/chat/openai/requests.py`), and tests/requests/golden.json holds both to them.
 *
 * @throws KernelcError "usage" that names the field (`param`), what it holds and what was wanted.
 */
export function checkedRequest(
  request: ChatRequest,
  vocabSize: number,
  own: GenerationInfo | null = null,
): CheckedRequest {
  const fields = requestFields(request);
  checkNames(fields, CHAT, CHAT_UNSUPPORTED);
  const messages = readMessages(fields);
  const limit = fields.integer("max_completion_tokens", 0, MOST_TOKENS);
  const shared = readShared(fields, vocabSize, own, MOST_TOKENS);
  checkHarmless(fields);
  const topLogprobs = readTopLogprobs(fields);
  const [format, tools] = [readFormat(fields), readTools(fields)];
  if (format && tools) {
    refuse("response_format", fields.get("response_format"), "no form where tools may be called");
  }
  const continues = fields.flag("continue_final_message");
  if (continues && tools?.required) refuse("continue_final_message", true, "false where a call is required");
  if (continues && messages.at(-1)?.role !== "assistant")
    refuse("continue_final_message", true, "messages whose last one is the assistant's");
  return {
    ...shared,
    messages,
    maxNew: limit ?? shared.maxNew,
    topLogprobs,
    lockStep: format !== null || Boolean(tools?.held.length) || needsLockStep(shared, topLogprobs),
    format,
    contextPolicy: policy(fields.get("context_policy") ?? "stop"),
    continues,
    reportsProgress: fields.flag("return_progress"),
    tools,
    splitsThoughts: readSplitsThoughts(fields),
  };
}

function readSplitsThoughts(fields: Fields): boolean {
  const given = fields.get("reasoning_format") ?? "auto";
  if (given !== "auto" && given !== "none") refuse("reasoning_format", given, '"auto" or "none"');
  return given !== "none";
}

/** @throws KernelcError "usage" where the request as a whole is none. */
export function requestFields(request: unknown): Fields {
  if (typeof request === "object" && request !== null && !Array.isArray(request)) return new Fields(request);
  return refuseField(undefined, "the body of the request is no JSON object, wanted one");
}

function policy(given: unknown): ContextPolicy {
  return given === "stop" || given === "slide" ? given : refuse("context_policy", given, "stop or slide");
}

function readTopLogprobs(fields: Fields): number | null {
  const wanted = fields.flag("logprobs");
  const top = fields.integer("top_logprobs", 0, MOST_TOP_LOGPROBS);
  if (top !== undefined && !wanted) refuse("top_logprobs", top, "logprobs: true with it");
  return wanted ? (top ?? 0) : null;
}

/** Check the fields of which only one value is done, or that change no answer. */
function checkHarmless(fields: Fields): void {
  fields.word("safety_identifier");
  fields.word("prompt_cache_key");
  checkMetadata(fields);
  const modalities = fields.get("modalities") ?? ["text"];
  if (!Array.isArray(modalities) || modalities.length !== 1 || modalities[0] !== "text")
    refuse("modalities", modalities, '["text"]');
  if (fields.flag("store")) refuse("store", true, "false: answers are not kept");
  const retention = fields.get("prompt_cache_retention") ?? "in_memory";
  if (retention !== "in_memory") refuse("prompt_cache_retention", retention, '"in_memory"');
  const tier = fields.get("service_tier") ?? "auto";
  if (tier !== "auto" && tier !== "default") refuse("service_tier", tier, '"auto" or "default"');
}

function checkMetadata(fields: Fields): void {
  const given = fields.get("metadata") ?? undefined;
  if (given === undefined) return;
  const metadata = anObject("metadata", given);
  const { names } = metadata;
  if (names.length > METADATA.pairs)
    refuseField("metadata", `metadata has ${names.length} pairs, wanted at most ${METADATA.pairs}`);
  for (const name of names) {
    if (characters(name) > METADATA.name)
      refuse("metadata", name, `names of at most ${METADATA.name} characters`);
    aText(`metadata.${name}`, metadata.get(name), 0, METADATA.value);
  }
}
