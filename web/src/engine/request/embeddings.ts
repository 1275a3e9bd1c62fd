/** A checked request for embeddings. Source: "Embeddings" in OpenAI's API reference. */

import { refuse, refuseField } from "../sampling/sampling.js";
import { requestFields } from "./chat.js";
import { checkNames, EMBEDDINGS, EMBEDDINGS_UNSUPPORTED } from "./names.js";
import { readPrompts, type PromptInput } from "./prompts.js";

export interface CheckedEmbeddings {
  readonly model: string | undefined;
  readonly inputs: readonly PromptInput[];
  /** Whether vectors are wanted as base64 of their bytes. */
  readonly asBase64: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Check a request, by the same rules as the native runtime (`runtime/chat/openai/embeddings.py`).
 *
 * @throws KernelcError "usage" that names the field (`param`), what it holds and what was wanted.
 */
export function checkedEmbeddings(request: unknown, vocabSize: number): CheckedEmbeddings {
  const fields = requestFields(request);
  checkNames(fields, EMBEDDINGS, EMBEDDINGS_UNSUPPORTED);
  if ((fields.get("input") ?? null) === null)
    refuse("input", null, "a text, a list of token ids, or a list of either");
  const inputs = readPrompts(fields, vocabSize, "input");
  inputs.forEach((each, at) => {
    const path = inputs.length > 1 ? `input[${at}]` : "input";
    if (!each.length) refuseField(path, `${path} is empty, wanted a text of at least one character`);
  });
  const encoding = fields.get("encoding_format") ?? "float";
  if (encoding !== "float" && encoding !== "base64")
    refuse("encoding_format", encoding, '"float" or "base64"');
  fields.word("user");
  const signal = (fields.get("signal") ?? undefined) as AbortSignal | undefined;
  return { model: fields.word("model"), inputs, asBase64: encoding === "base64", signal };
}
