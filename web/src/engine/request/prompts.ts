/**
 * The prompts of a request for text completions, or the texts of one for embeddings. Source: OpenAI's API
 * reference, "Create completion".
 */

import { integer, refuse, refuseField } from "../sampling/sampling.js";
import { aText, characters, type Fields } from "./fields.js";
import { MOST_TEXT } from "./messages.js";

/** A text to go on from, or its token ids. */
export type PromptInput = string | readonly number[];

export const MOST_PROMPTS = 128;
/** Ids of all prompts together: above any context. */
const MOST_IDS = 2 ** 20;
const WANTED = `a text, a list of token ids, or a list of 1 to ${MOST_PROMPTS} of either`;

/**
 * The prompts of the field `name`, at least one. Without a prompt the model starts a new text, as in OpenAI's
 * API.
 *
 * @throws KernelcError "usage" that names the field.
 */
export function readPrompts(fields: Fields, vocabSize: number, name = "prompt"): readonly PromptInput[] {
  const given = fields.get(name) ?? "";
  if (typeof given === "string") return [aText(name, given, 0, MOST_TEXT)];
  if (!Array.isArray(given) || !given.length) return refuse(name, given, WANTED);
  const [first] = given as readonly unknown[];
  const isOne = typeof first !== "string" && !Array.isArray(first);
  if (isOne) return [readIds(name, given, vocabSize, MOST_IDS)];
  if (given.length > MOST_PROMPTS) return refuse(name, given, WANTED);
  let [text, ids] = [MOST_TEXT, MOST_IDS]; // what there is still room for
  return given.map((each: unknown, at) => {
    const path = `${name}[${at}]`;
    if (typeof each === "string") {
      const prompt = aText(path, each, 0, text);
      text -= characters(prompt);
      return prompt;
    }
    if (!Array.isArray(each)) return refuse(path, each, "a text or a list of token ids");
    const prompt = readIds(path, each, vocabSize, ids);
    ids -= prompt.length;
    return prompt;
  });
}

function readIds(path: string, ids: readonly unknown[], vocabSize: number, most: number): readonly number[] {
  if (!ids.length || ids.length > most) {
    refuseField(path, `${path} has ${ids.length} token ids, wanted 1 to ${most}`);
  }
  return ids.map((id, at) => integer(`${path}[${at}]`, id, 0, vocabSize - 1));
}
