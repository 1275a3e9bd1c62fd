/**
 * The names of fields: those that are taken, those that nobody has built yet, and those that nobody knows.
 *
 * What would change the answer and is not done is refused by its name, and so is a name that is not in
 * OpenAI's reference, which mostly is a slip. `runtime/chat/openai/names.py` has the same tables, less the
 * page's own.
 */

import { printable, refuseField } from "../sampling/sampling.js";
import type { Fields } from "./fields.js";

const MOST_NAME = 64; // longer names are shown cut, and resemble nothing

const COMMON = [
  "model", "n", "stream", "stream_options", "stop", "seed", "logit_bias", "logprobs", "user", "max_tokens",
  "temperature", "top_p", "frequency_penalty", "presence_penalty",
  "top_k", "min_p", "repetition_penalty", "logit_processor", "signal", // ours
];

export const CHAT: readonly string[] = [
  ...COMMON, "messages", "max_completion_tokens", "top_logprobs", "response_format", "modalities", "metadata",
  "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
  "tools", "tool_choice", "parallel_tool_calls", "reasoning_format",
  "context_policy", "continue_final_message", "return_progress", // ours
];

export const TEXT: readonly string[] = [...COMMON, "prompt", "echo", "best_of"];

export const EMBEDDINGS: readonly string[] = ["model", "input", "encoding_format", "user", "signal"];

export const EMBEDDINGS_UNSUPPORTED: Unsupported = new Map([
  ["dimensions", "embeddings have as many numbers as the model's hidden states"],
]);

export const MESSAGE: readonly string[] = ["role", "content", "name"];

/** What messages of some roles have besides. */
export const OF_ROLE: Readonly<Record<string, readonly string[]>> = {
  assistant: ["tool_calls", "reasoning_content"],
  tool: ["tool_call_id"],
};

/** Of a call in a message; `index` is of clients that give back what they put together from a stream. */
export const CALL: readonly string[] = ["id", "type", "function", "index"];

/** Names with the reason why they are refused. */
export type Unsupported = ReadonlyMap<string, string>;

const ONLY_CHAT = "only chat completions in a page have it";

export const CHAT_UNSUPPORTED: Unsupported = new Map([
  ["functions", "it is the old form of tools"],
  ["function_call", "it is the old form of tool_choice"],
  ["audio", "models answer with text alone"],
  ["prediction", "there are no predicted outputs"],
  ["reasoning_effort", "models think as they do"],
  ["verbosity", "models are as verbose as they are"],
  ["web_search_options", "nothing is looked up"],
  ["moderation", "nothing is moderated"],
  ["prompt_cache_options", "prefixes are cached without being told"],
  ["prompt", "it is a field of text completions"],
  ["structured_outputs", "use response_format"],
  ["guided_json", "use response_format: json_schema"],
  ["guided_regex", "use response_format: regex"],
  ["guided_grammar", "use response_format: grammar"],
  ["grammar", "use response_format: grammar"],
  ["json_schema", "use response_format: json_schema"],
]);

export const TEXT_UNSUPPORTED: Unsupported = new Map([
  ["suffix", "models only go on from a prompt"],
  ["messages", "it is a field of chat completions"],
  ["max_completion_tokens", "text completions have max_tokens"],
  ["top_logprobs", "logprobs of text completions is that number"],
  ["context_policy", ONLY_CHAT],
  ["continue_final_message", ONLY_CHAT],
  ["return_progress", ONLY_CHAT],
]);

export const MESSAGE_UNSUPPORTED: Unsupported = new Map([
  ["function_call", "it is the old form of tool_calls"],
  ["audio", "models read text alone"],
  ["refusal", "write what was said as content"],
  ["annotations", "nothing is looked up"],
]);

/**
 * Check that all fields are `known`; those that are not supported may be null.
 *
 * @throws KernelcError "usage" naming the first other one, and the name that was probably meant.
 */
export function checkNames(fields: Fields, known: readonly string[], unsupported: Unsupported): void {
  for (const name of fields.names) {
    if (known.includes(name)) continue;
    const path = fields.path(printable(shortened(name)));
    const reason = unsupported.get(name);
    if (reason !== undefined) {
      const value = fields.get(name);
      if (value === null || (name === "annotations" && Array.isArray(value) && !value.length)) continue;
      refuseField(path, `${path} is not supported: ${reason}`);
    }
    const meant = nearest(name, [...known, ...unsupported.keys()]);
    refuseField(path, `${path} is not a known field${meant === null ? "" : `, wanted perhaps ${meant}`}`);
  }
}

function shortened(name: string): string {
  return name.length > MOST_NAME ? [...name.slice(0, 2 * MOST_NAME)].slice(0, MOST_NAME).join("") : name;
}

/** The name that takes the fewest changes, of several the first in the alphabet; null where none is near. */
export function nearest(name: string, names: readonly string[]): string | null {
  if (name.length > MOST_NAME) return null;
  let [best, fewest] = ["", Infinity];
  for (const other of [...names].sort()) {
    const changes = distance(name.toLowerCase(), other);
    if (changes < fewest) [best, fewest] = [other, changes];
  }
  return fewest <= Math.floor(best.length / 3) ? best : null;
}

/** How many letters to insert, delete or replace (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (let to = 1; to <= other.length; to += 1) {
      const replaced = (row[to - 1] ?? 0) + (letter === other[to - 1] ? 0 : 1);
      next.push(Math.min((row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
