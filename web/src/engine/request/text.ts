/** A checked request for text completions: every field that the engine acts on, defaults filled in. */

import type { GenerationInfo } from "../../artifact/schema.js";
import type { TextRequest } from "../openai/completions.js";
import { refuse, refuseField } from "../sampling/sampling.js";
import { requestFields } from "./chat.js";
import { checkNames, TEXT, TEXT_UNSUPPORTED } from "./names.js";
import { MOST_PROMPTS, readPrompts, type PromptInput } from "./prompts.js";
import { MOST_TOKENS, MOST_TOP_LOGPROBS, needsLockStep, readShared, type CheckedShared } from "./shared.js";

/** OpenAI's limit where a text completion has none of its own. */
const TEXT_MAX_TOKENS = 16;

export interface CheckedText extends CheckedShared {
  readonly prompts: readonly PromptInput[];
  /** Whether an answer begins with its prompt. */
  readonly echo: boolean;
  /** How many of the likeliest tokens to return; null where no log probabilities are wanted. */
  readonly topLogprobs: number | null;
  /** Whether the CPU must choose each token. */
  readonly lockStep: boolean;
}

/**
 * Check a request, by the same rules as the native runtime (`runtime/chat/openai/requests.py`).
 *
 * @throws KernelcError "usage" that names the field (`param`), what it holds and what was wanted.
 */
export function checkedText(
  request: TextRequest,
  vocabSize: number,
  own: GenerationInfo | null = null,
): CheckedText {
  const fields = requestFields(request);
  checkNames(fields, TEXT, TEXT_UNSUPPORTED);
  const prompts = readPrompts(fields, vocabSize);
  const shared = readShared(fields, vocabSize, own, TEXT_MAX_TOKENS);
  const { length: n } = shared.seeds;
  if (prompts.length * n > MOST_PROMPTS) {
    const wanted = `wanted at most ${MOST_PROMPTS} answers in all`;
    refuseField("n", `n is ${n} for ${prompts.length} prompts, ${wanted}`);
  }
  const bestOf = fields.integer("best_of", 1, MOST_TOKENS) ?? n;
  if (bestOf !== n) refuse("best_of", bestOf, "as many as n: answers are not ranked");
  const echo = fields.flag("echo");
  const topLogprobs = fields.integer("logprobs", 0, MOST_TOP_LOGPROBS) ?? null;
  if (echo && topLogprobs !== null)
    refuse("logprobs", topLogprobs, "none with echo: those of prompts are not computed");
  return { ...shared, prompts, echo, topLogprobs, lockStep: needsLockStep(shared, topLogprobs) };
}
