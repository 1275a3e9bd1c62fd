/** Methods of texts and mappings that Python has and the library @huggingface/jinja lacks or gets wrong. */

import { PYTHON_SPACE, stripLeft, stripRight } from "../addedTokens.js";
import { argument, flag, pairsOf, type Arguments } from "./arguments.js";
import {
  capitalized,
  linesOf,
  listOf,
  stripped,
  text,
  titled,
  typeName,
  valueOf,
  written,
  type Value,
} from "./python.js";
import { joinTexts } from "./sizes.js";
import { replaced } from "./textFilters.js";

type TextMethod = (whole: string, given: Arguments) => Value;

/** An argument that is a text; `otherwise` where it is missing. */
function textOf(given: Arguments, at: number, name: string, otherwise?: string): string {
  const value = argument(given, at, name);
  if (value?.type === "StringValue") return text(value);
  if (value === undefined && otherwise !== undefined) return otherwise;
  throw new Error(`${name} is ${value ? typeName(value) : "missing"}, wanted a string`);
}

/** A number among the arguments; null where there is none. */
function numberAt(given: Arguments, at: number, name: string): number | null {
  const value = argument(given, at, name);
  if (value === undefined || value.type === "NullValue") return null;
  if (value.type === "IntegerValue") return value.value as number;
  throw new Error(`${name} is ${typeName(value)}, wanted a whole number`);
}

interface Part {
  readonly part: string;
  /** How many characters are before it. */
  readonly begin: number;
}

/**
 * The part of a text between the places that the second and third argument say; null where it begins behind
 * the end.
 */
function between(whole: string, given: Arguments): Part | null {
  const [first, second] = [numberAt(given, 1, "start"), numberAt(given, 2, "end")];
  if (first === null && second === null) return { part: whole, begin: 0 };
  const chars = [...whole];
  const place = (at: number): number => (at < 0 ? Math.max(0, at + chars.length) : at);
  const [begin, end] = [place(first ?? 0), Math.min(place(second ?? chars.length), chars.length)];
  return begin > end ? null : { part: chars.slice(begin, end).join(""), begin };
}

function joined(whole: string, given: Arguments): Value {
  const list = argument(given, 0, "iterable") ?? valueOf(undefined);
  const parts = Array.isArray(list.value) ? (list.value as Value[]) : [...written(list)].map(valueOf);
  for (const part of parts) if (part.type !== "StringValue") throw new Error("join wants texts");
  return valueOf(joinTexts(parts.map(text), whole));
}

function counted(whole: string, given: Arguments): Value {
  const [sought, found] = [textOf(given, 0, "sub"), between(whole, given)];
  if (!found) return valueOf(0);
  return valueOf(sought ? found.part.split(sought).length - 1 : [...found.part].length + 1);
}

function placed(whole: string, given: Arguments): Value {
  const [sought, found] = [textOf(given, 0, "sub"), between(whole, given)];
  const at = found?.part.indexOf(sought) ?? -1;
  return valueOf(at < 0 || !found ? -1 : found.begin + [...found.part.slice(0, at)].length);
}

/** Whether a text begins or ends with a text, or with one of several. */
function touches(side: (part: string, sought: string) => boolean): TextMethod {
  return (whole, given) => {
    const sought = argument(given, 0, "prefix") ?? valueOf(undefined);
    const several = sought.type === "TupleValue" ? (sought.value as Value[]) : [sought];
    if (several.some(({ type }) => type !== "StringValue"))
      throw new Error("wanted a string or a tuple of strings");
    const found = between(whole, given);
    return valueOf(found !== null && several.some((each) => side(found.part, text(each))));
  };
}

const SPACES = new RegExp(`[${PYTHON_SPACE}]+`, "u");

function split(whole: string, given: Arguments): Value {
  const [separator, limit] = [argument(given, 0, "sep"), numberAt(given, 1, "maxsplit") ?? -1];
  const most = limit < 0 ? Infinity : limit;
  if (separator && separator.type !== "NullValue") {
    const between_ = textOf(given, 0, "sep");
    if (!between_) throw new Error("empty separator");
    const parts = whole.split(between_);
    const rest = parts.slice(most).join(between_);
    return listOf((parts.length > most ? [...parts.slice(0, most), rest] : parts).map(valueOf));
  }
  const parts: string[] = [];
  let rest = stripLeft(whole);
  if (most === Infinity) parts.push(...stripRight(rest).split(SPACES).filter(Boolean));
  else {
    for (let found = SPACES.exec(rest); found && parts.length < most; found = SPACES.exec(rest)) {
      parts.push(rest.slice(0, found.index));
      rest = stripLeft(rest.slice(found.index));
    }
    if (rest) parts.push(parts.length < most ? stripRight(rest) : rest);
  }
  return listOf(parts.map(valueOf));
}

/** Title case as str.title() has it, whose words begin where a letter follows what has no case. */
function inTitles(whole: string): Value {
  let cased = false;
  const turned = [...whole].map((char) => {
    const found = cased ? char.toLowerCase() : titled(char);
    cased = /\p{Cased}/u.test(char);
    return found;
  });
  return valueOf(turned.join(""));
}

const strips = ["strip", "lstrip", "rstrip"].map(
  (name) => [name, (whole: string, given: Arguments) => stripped(whole, name, given.positional[0])] as const,
);

export const TEXT_METHODS: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>([
  ...strips,
  ["capitalize", (whole) => valueOf(capitalized(whole))],
  ["count", counted],
  ["endswith", touches((part, sought) => part.endsWith(sought))],
  ["find", placed],
  ["join", joined],
  [
    "removeprefix",
    (whole, given) => {
      const start = textOf(given, 0, "prefix");
      return valueOf(whole.startsWith(start) ? whole.slice(start.length) : whole);
    },
  ],
  [
    "removesuffix",
    (whole, given) => {
      const end = textOf(given, 0, "suffix");
      return valueOf(end && whole.endsWith(end) ? whole.slice(0, -end.length) : whole);
    },
  ],
  [
    "replace",
    (whole, given) =>
      valueOf(replaced(whole, textOf(given, 0, "old"), textOf(given, 1, "new"), numberAt(given, 2, "count"))),
  ],
  ["split", split],
  ["splitlines", (whole, given) => listOf(linesOf(whole, flag(given, 0, "keepends")).map(valueOf))],
  ["startswith", touches((part, sought) => part.startsWith(sought))],
  ["title", inTitles],
]);

export const MAPPING_METHODS: ReadonlyMap<string, (mapping: Value) => Value> = new Map([["items", pairsOf]]);
