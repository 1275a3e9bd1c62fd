/** Reads the calls of an answer, with what the engine reads them with. */

import {
  GRANITE,
  HERMES,
  LLAMA,
  MISTRAL_ARGS,
  PHI,
  QWEN_CODER,
  type CallForm,
} from "../../text/tools/forms.js";
import { AnswerParser } from "../../text/tools/parser.js";
import type { Called, Mark } from "./callForms.js";

const FORMS: Readonly<Record<Mark, (text: string) => CallForm>> = {
  "<tool_call>": (text) => (/<tool_call>\s*<(?:f|$)/.test(text) ? QWEN_CODER : HERMES),
  "[TOOL_CALLS]": () => MISTRAL_ARGS,
  "<|tool_call|>": (text) => (text.includes(PHI.close) ? PHI : { ...GRANITE, bare: false }),
  "<|python_tag|>": () => ({ ...LLAMA, bare: false }),
};
const MOST_NAME = 100;

/** The calls of an answer that has a `mark` at `at`; see `callsIn`. */
export function readCalls(answer: string, at: number, mark: Mark, writing: boolean): Called {
  const parser = new AnswerParser(FORMS[mark](answer), null, { names: "any" });
  const deltas = [...parser.push(answer.slice(at)), ...(writing ? [] : parser.flush())];
  const calls: { name: string; args: string }[] = [];
  let [before, after] = [answer.slice(0, at), ""];
  for (const { kind, text, index } of deltas) {
    const call = calls[index];
    if (kind === "call") calls.push({ name: text.slice(0, MOST_NAME), args: "" });
    else if (kind === "arguments" && call) call.args += text;
    else if (calls.length) after += text;
    else before += text;
  }
  if (!calls.length) return { before, calls: [], after: "" };
  const shown = calls.map((call) => ({ ...call, whole: isJson(call.args) }));
  return { before: before.trimEnd(), calls: shown, after: after.trimStart() };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
