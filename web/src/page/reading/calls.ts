/**
 * Calls of tools in an answer, which models write in one of a few forms between marks of their own.
 *
 * The page gives models no tools, but its system prompt may, and fine-tunes call what they were trained to.
 * So any name is taken, and the form is told by its mark. What has no mark is left alone: it is JSON.
 */

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
import { withoutPartOf } from "./reasoning.js";

export interface ShownCall {
  readonly name: string;
  /** The JSON of its arguments, as far as it is there. */
  readonly args: string;
  /** Whether that is all of it. */
  readonly whole: boolean;
}

/** An answer's text before its first call, the calls, and the text that is left. */
export interface Called {
  readonly before: string;
  readonly calls: readonly ShownCall[];
  readonly after: string;
}

const FORMS: readonly (readonly [mark: string, form: (text: string) => CallForm])[] = [
  ["<tool_call>", (text) => (/<tool_call>\s*<(?:f|$)/.test(text) ? QWEN_CODER : HERMES)],
  ["[TOOL_CALLS]", () => MISTRAL_ARGS],
  ["<|tool_call|>", (text) => (text.includes(PHI.close) ? PHI : { ...GRANITE, bare: false })],
  ["<|python_tag|>", () => ({ ...LLAMA, bare: false })],
];
const FENCE_OR_MARK = /^ {0,3}(?:```|~~~)|<tool_call>|\[TOOL_CALLS\]|<\|tool_call\|>|<\|python_tag\|>/gm;
const MOST_NAME = 100;

/**
 * Find the calls of an answer. Of one that is being written, the last characters may be the first of a mark,
 * or of a call whose tool is not known yet: they are no text.
 */
export function callsIn(answer: string, writing = false): Called {
  const found = firstMark(answer);
  if (!found) return { before: writing ? unmarked(answer) : answer, calls: [], after: "" };
  const parser = new AnswerParser(found.form, null, { names: "any" });
  const deltas = [...parser.push(answer.slice(found.at)), ...(writing ? [] : parser.flush())];
  const calls: { name: string; args: string }[] = [];
  let [before, after] = [answer.slice(0, found.at), ""];
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

/** The first mark that begins calls and is not in code: an answer about marks has them in some. */
function firstMark(text: string): { readonly at: number; readonly form: CallForm } | null {
  let inCode = false;
  for (const { 0: found, index: at } of text.matchAll(FENCE_OR_MARK)) {
    const form = FORMS.find(([mark]) => mark === found)?.[1];
    if (!form) inCode = !inCode;
    else if (!inCode && text[at - 1] !== "`") return { at, form: form(text) };
  }
  return null;
}

function unmarked(text: string): string {
  return FORMS.reduce((rest, [mark]) => withoutPartOf(mark, rest), text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
