/**
 * Reads calls in XML: a function's name, and its parameters by name, as texts. The counterpart of
 * `runtime/chat/tools/xml_calls.py`, which has examples of both forms.
 */

import { END, Unreadable, withoutSpace, type Characters, type Reading } from "./characters.js";
import type { Kind } from "./deltas.js";

const FUNCTION = "function=";
const FUNCTION_END = "/function";
const PARAMETER = "parameter=";
const PARAMETER_END = "</parameter>";
const [KEY, KEY_END] = ["arg_key", "</arg_key>"];
const [KEYED, KEYED_END] = ["arg_value", "</arg_value>"];
const CALL_END = "/tool_call";
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
    const value = yield* readValue(characters, PARAMETER_END);
    if (value === null) return; // it was cut off
    put("arguments", `${separator}${pairOf(parameter, value, strings.get(name))}`);
    separator = ", ";
    characters.mark();
  }
  put("arguments", "}");
  put("arguments", "");
  characters.mark();
}

/**
 * Reads a function whose parameters are keys and values; the first character of its name was read. The mark
 * that closes the call is left. @throws Unreadable
 */
export function* readKeyedFunction(
  characters: Characters,
  first: string,
  names: Pick<ReadonlySet<string>, "has">,
  strings: Strings,
  put: Put,
): Reading<void> {
  let [char, name] = [first, ""];
  while (char !== "<" && char !== "\n") {
    if (char === END || name.length === MOST_TAG) throw new Unreadable();
    name += char;
    char = yield* characters.next();
  }
  name = withoutSpace(name).replace(/[ \t\r\n]+$/, "");
  if (!names.has(name)) throw new Unreadable();
  characters.unread(char);
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
    if (tag === CALL_END) {
      characters.unread(`<${tag}>`);
      break;
    }
    if (tag !== KEY) end(put);
    const key = yield* readValue(characters, KEY_END);
    if (key === null) return; // it was cut off
    if ((yield* characters.afterSpace()) !== "<" || (yield* readTag(characters)) !== KEYED) end(put);
    characters.unmark();
    const value = yield* readValue(characters, KEYED_END);
    if (value === null) return;
    const plain = withoutSpace(key).replace(/[ \t\r\n]+$/, "");
    put("arguments", `${separator}${pairOf(plain, value, strings.get(name))}`);
    separator = ", ";
    characters.mark();
  }
  put("arguments", "}");
  put("arguments", "");
  characters.mark();
}

/** A parameter as a pair of JSON. */
function pairOf(key: string, value: string, strings: readonly string[] = []): string {
  const text = !strings.includes(key) && isJson(value) ? value.trim() : JSON.stringify(value);
  return `${JSON.stringify(key)}: ${text}`;
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

/** The text up to an end, without a line's end around it; null where it has none. */
function* readValue(characters: Characters, end: string): Reading<string | null> {
  const found: string[] = [];
  const size = end.length;
  for (;;) {
    const char = yield* characters.next();
    if (char === END) return null;
    found.push(char);
    if (char !== ">" || found.slice(-size).join("") !== end) continue;
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
