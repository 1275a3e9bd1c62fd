/**
 * Reads calls in DeepSeek's form: a kind, a name, and the JSON of the arguments, between marks of their own.
 * The counterpart of `runtime/chat/tools/typed_calls.py`, which has an example.
 */

import { END, Unreadable, withoutSpace, type Characters, type Reading } from "./characters.js";
import type { Kind } from "./deltas.js";

const marked = (words: string): string => `<\uff5c${words.replaceAll(" ", "\u2581")}\uff5c>`;

export const BEGINS = marked("tool calls begin");
export const BEGIN = marked("tool call begin");
export const SEPARATOR = marked("tool sep");
export const ENDS = marked("tool calls end");
export const END_OF_CALL = marked("tool call end");
const FENCE = "```";
const FENCES = ["", FENCE, `${FENCE}json`];
const MOST = 200; // characters of a kind or a name, and of what stands before arguments

type Names = Pick<ReadonlySet<string>, "has">;
type Put = (kind: Kind, text: string) => void;

/**
 * Reads calls up to the last one's end. `first` was read: that of a call's mark, or of what follows it.
 *
 * @throws Unreadable
 */
export function* readTypedCalls(
  characters: Characters,
  first: string,
  names: Names,
  put: Put,
): Reading<void> {
  let char = first;
  if (char === "<") {
    yield* readMark(characters, BEGIN);
    char = yield* characters.next();
  }
  for (;;) {
    yield* readCall(characters, char, names, put);
    char = yield* characters.afterSpace();
    if (char === FENCE[0]) {
      for (const wanted of FENCE.slice(1)) {
        if ((yield* characters.next()) !== wanted) throw new Unreadable();
      }
      char = yield* characters.afterSpace();
    }
    if (char === END) return; // the model's own end took the mark's place
    if (char !== "<") throw new Unreadable();
    yield* readMark(characters, END_OF_CALL);
    char = yield* characters.afterSpace();
    if (char !== "<") return characters.unread(char);
    const tag = yield* readTag(characters);
    if (tag === ENDS) return;
    if (tag !== BEGIN) return characters.unread(tag);
    char = yield* characters.next();
  }
}

/** Reads from behind a call's mark to its last brace. */
function* readCall(characters: Characters, first: string, names: Names, put: Put): Reading<void> {
  let name = trimmed(yield* upTo(characters, first, "<"));
  yield* readMark(characters, SEPARATOR);
  if (!names.has(name)) {
    name = trimmed(yield* upTo(characters, yield* characters.next(), "\n{"));
    if (characters.raw.endsWith("{")) characters.unread("{");
  }
  const before = trimmed(yield* upTo(characters, yield* characters.next(), "{"));
  if (!names.has(name) || !FENCES.includes(before)) throw new Unreadable();
  characters.unmark();
  put("call", name);
  yield* characters.balanced((each) => put("arguments", each));
  put("arguments", "");
  characters.mark();
}

const trimmed = (text: string): string => withoutSpace(text).replace(/[ \t\r\n]+$/, "");

/** The text before one of some characters, which is read, too. @throws Unreadable where it is far. */
function* upTo(characters: Characters, first: string, last: string): Reading<string> {
  let [char, text] = [first, ""];
  while (char === END || !last.includes(char)) {
    if (char === END || text.length === MOST) throw new Unreadable();
    text += char;
    char = yield* characters.next();
  }
  return text;
}

/** Reads the rest of a mark, the first character of which was read. @throws Unreadable for another. */
function* readMark(characters: Characters, mark: string): Reading<void> {
  if ((yield* readTag(characters)) !== mark) throw new Unreadable();
}

/** A tag, the < of which was read. @throws Unreadable */
function* readTag(characters: Characters): Reading<string> {
  return `<${yield* upTo(characters, yield* characters.next(), ">")}>`;
}
