/**
 * Reads calls in XML, the form of Qwen3-Coder: a function's name, and its parameters by name, as texts. The
 * counterpart of `runtime/chat/tools/xml_calls.py`, which has an example.
 */

import { END, Unreadable, withoutSpace, type Characters, type Reading } from "./characters.js";
import type { Kind } from "./deltas.js";

const FUNCTION = "function=";
const FUNCTION_END = "/function";
const PARAMETER = "parameter=";
const PARAMETER_END = "</parameter>";
const MOST_TAG = 200;

type Put = (kind: Kind, text: string) => void;

/** For each function the parameters whose values are texts whatever they look like. */
export type Strings = ReadonlyMap<string, readonly string[]>;

/**
 * Reads a function, the first < of which was read, and hands over its name and the JSON of its arguments:
 * values are JSON where they can be, and texts otherwise. @throws Unreadable
 */
export function* readFunction(
  characters: Characters,
  names: Pick<ReadonlySet<string>, "has">,
  strings: Strings,
  put: Put,
): Reading<void> {
  const name = after(FUNCTION, yield* readTag(characters));
  if (name === null || !names.has(name)) throw new Unreadable();
  characters.unmark();
  put("call", name);
  put("arguments", "{");
  characters.mark();
  let separator = "";
  for (;;) {
    if ((yield* characters.afterSpace()) !== "<") {
      if (withoutSpace(characters.raw)) end(put);
      break;
    }
    const tag = yield* readTag(characters);
    if (tag === FUNCTION_END) break;
    const parameter = after(PARAMETER, tag) ?? end(put);
    characters.unmark();
    const value = yield* readValue(characters);
    if (value === null) return; // it was cut off
    const isText = strings.get(name)?.includes(parameter) ?? false;
    const text = !isText && isJson(value) ? value.trim() : JSON.stringify(value);
    put("arguments", `${separator}${JSON.stringify(parameter)}: ${text}`);
    separator = ", ";
    characters.mark();
  }
  put("arguments", "}");
  put("arguments", "");
  characters.mark();
}

/** Ends a call behind which something else stands. */
function end(put: Put): never {
  put("arguments", "}");
  put("arguments", "");
  throw new Unreadable();
}

function after(beginning: string, text: string): string | null {
  return text.startsWith(beginning) ? text.slice(beginning.length) : null;
}

/** The text of a tag, behind its <. @throws Unreadable */
function* readTag(characters: Characters): Reading<string> {
  const text: string[] = [];
  for (;;) {
    const char = yield* characters.next();
    if (char === ">") return text.join("");
    if (char === END || text.length === MOST_TAG) throw new Unreadable();
    text.push(char);
  }
}

/** The text up to a parameter's end, without a line's end around it; null where it has none. */
function* readValue(characters: Characters): Reading<string | null> {
  const found: string[] = [];
  const size = PARAMETER_END.length;
  for (;;) {
    const char = yield* characters.next();
    if (char === END) return null;
    found.push(char);
    if (char !== ">" || found.slice(-size).join("") !== PARAMETER_END) continue;
    return found.slice(0, -size).join("").replace(/^\n/, "").replace(/\n$/, "");
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
