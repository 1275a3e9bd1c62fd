/** What a model writes to itself before it answers, between `<think>` and `</think>`. */

export interface Parts {
  /** null where the model does not reason. */
  readonly reasoning: string | null;
  /** Whether the reasoning has its end. */
  readonly reasoned: boolean;
  readonly answer: string;
}

const OPEN = "<think>";
const CLOSE = "</think>";
/**
 * An end without a beginning, on a line of its own: some templates write the beginning, so that it is a
 * part of the prompt.
 */
const BARE_END = /^[ \t]*<\/think>[ \t]*$/m;

/**
 * An answer's reasoning and the answer proper. Of one that is being written, the last characters may be the
 * first of a mark: they are no text yet.
 */
export function partsOf(text: string, writing = false): Parts {
  const start = text.trimStart();
  if (start.startsWith(OPEN)) {
    const end = start.indexOf(CLOSE);
    if (end >= 0) return parts(start.slice(OPEN.length, end), start.slice(end + CLOSE.length));
    return { reasoning: withoutPartOf(CLOSE, start.slice(OPEN.length)).trim(), reasoned: false, answer: "" };
  }
  if (writing && start && OPEN.startsWith(start)) return { reasoning: "", reasoned: false, answer: "" };
  const end = BARE_END.exec(text);
  if (end && !isInCode(text.slice(0, end.index)))
    return parts(text.slice(0, end.index), text.slice(end.index + end[0].length));
  return { reasoning: null, reasoned: true, answer: text };
}

function parts(reasoning: string, answer: string): Parts {
  const thought = reasoning.trim();
  // Models that are told not to reason write both marks with nothing between.
  return { reasoning: thought || null, reasoned: true, answer: answer.trimStart() };
}

/** A text without the beginning of a mark that it ends with. */
export function withoutPartOf(mark: string, text: string): string {
  for (let length = Math.min(mark.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(mark.slice(0, length))) return text.slice(0, -length);
  return text;
}

/** Whether a text ends within a block of code: an answer about the marks has them in one. */
function isInCode(text: string): boolean {
  return ((text.match(/^ {0,3}(?:```|~~~)/gm)?.length ?? 0) & 1) === 1;
}
