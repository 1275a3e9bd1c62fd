/**
 * Calls of tools in an answer, which models write in one of a few forms between marks of their own.
 *
 * The page gives models no tools, but its system prompt may, and fine-tunes call what they were trained to.
 * So any name is taken, and the form is told by its mark. What has no mark is left alone: it is JSON. What
 * reads calls is a file of its own, loaded for the first mark.
 */

import { MARKS, type Called, type Mark } from "./callForms.js";
import { withoutPartOf } from "./reasoning.js";

const FENCE_OR_MARK = /^ {0,3}(?:```|~~~)|<tool_call>|\[TOOL_CALLS\]|<\|tool_call\|>|<\|python_tag\|>/gm;

type Reader = typeof import("./calls.js");
/** undefined until it was asked for, null where it cannot be had: an old page without a network. */
let reader: Reader | null | undefined;

export async function loadReader(): Promise<void> {
  reader = await import("./calls.js").catch(() => null);
}

/**
 * Find the calls of an answer. Of one that is being written, the last characters may be the first of a mark,
 * or of a call whose tool is not known yet: they are no text. Where calls cannot be read yet, the text ends
 * before them, and `loaded` is called once they can.
 */
export function callsIn(answer: string, writing: boolean, loaded: () => void = () => undefined): Called {
  const found = firstMark(answer);
  if (found && reader) return reader.readCalls(answer, found.at, found.mark, writing);
  if (found && reader === undefined) {
    void loadReader().then(loaded);
    return { before: answer.slice(0, found.at).trimEnd(), calls: [], after: "" };
  }
  const before = writing ? MARKS.reduce((rest, mark) => withoutPartOf(mark, rest), answer) : answer;
  return { before, calls: [], after: "" };
}

/** The first mark that begins calls and is not in code: an answer about marks has them in some. */
function firstMark(text: string): { readonly at: number; readonly mark: Mark } | null {
  let inCode = false;
  for (const { 0: found, index: at } of text.matchAll(FENCE_OR_MARK)) {
    const mark = MARKS.find((each) => each === found);
    if (!mark) inCode = !inCode;
    else if (!inCode && text[at - 1] !== "`") return { at, mark };
  }
  return null;
}
