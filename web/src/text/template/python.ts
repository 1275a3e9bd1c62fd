/** Values of templates as Python sees them: how they are written, compared and stripped. */

import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";

import { stripLeft, stripRight } from "../addedTokens.js";

export type Value = ReturnType<Interpreter["evaluate"]>;

const scratch = new Environment();

/** A JavaScript value as a value of the library @huggingface/jinja. */
export function valueOf(plain: unknown): Value {
  scratch.variables.delete("value");
  return scratch.set("value", plain);
}

const ListValue = valueOf([]).constructor as new (items: Value[]) => Value;

/** A list of values. */
export function listOf(items: Value[]): Value {
  return new ListValue(items);
}

const FloatValue = valueOf(0.5).constructor as new (value: number) => Value;

/** A number as a float, even where it is whole. */
export function floatOf(value: number): Value {
  return new FloatValue(value);
}

const TupleValue = tupleType();

/** A tuple of values. */
export function tupleOf(items: Value[]): Value {
  return new TupleValue(items);
}

/** The library's type of tuples, which it does not export. */
function tupleType(): new (items: Value[]) => Value {
  const found = new Environment();
  new Interpreter(found).run(parse(tokenize("{% set found = (0, 0) %}")));
  return found.lookupVariable("found").constructor as new (items: Value[]) => Value;
}

/** The items of a list or tuple; null for any other value. */
export function itemsOf(value: Value): Value[] | null {
  return Array.isArray(value.value) ? (value.value as Value[]) : null;
}

export function text(value: Value): string {
  return value.value as string;
}

/**
 * What `strip`, `lstrip` or `rstrip` of a text leaves, where they are to remove these characters, or white
 * space.
 */
export function stripped(whole: string, method: string, chars: Value | undefined): Value {
  if (chars?.type !== "StringValue") {
    const left = method === "rstrip" ? whole : stripLeft(whole);
    return valueOf(method === "lstrip" ? left : stripRight(left));
  }
  const [all, removed] = [[...whole], new Set(text(chars))];
  let [start, end] = [0, all.length];
  while (method !== "rstrip" && start < end && removed.has(all[start] ?? "")) start += 1;
  while (method !== "lstrip" && end > start && removed.has(all[end - 1] ?? "")) end -= 1;
  return valueOf(all.slice(start, end).join(""));
}

export function capitalized(whole: string): string {
  const [first = "", ...rest] = whole;
  return titled(first) + rest.join("").toLowerCase();
}

// Upper-case letters of two, such as "Ǆ": the next character of Unicode has the first alone in upper case.
const PAIRS = "\u01c4\u01c7\u01ca\u01f1";

/** A character in title case: of "ß" that is "Ss". */
export function titled(char: string): string {
  const upper = char.toUpperCase();
  if (upper && PAIRS.includes(upper)) return String.fromCharCode(upper.charCodeAt(0) + 1);
  const [first = "", ...rest] = upper;
  return first + rest.join("").toLowerCase();
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  StringValue: "a string",
  IntegerValue: "a number",
  FloatValue: "a number",
  BooleanValue: "a boolean",
  NullValue: "none",
  UndefinedValue: "an undefined value",
  ObjectValue: "a mapping",
};

export function typeName(value: Value): string {
  return TYPE_NAMES[value.type] ?? "a list";
}

/** Lines as str.splitlines() of Python finds them; with `ends` each has what ends it. */
export function linesOf(whole: string, ends = false): string[] {
  const found: string[] = [];
  let begin = 0;
  for (const { 0: end, index } of whole.matchAll(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g)) {
    found.push(whole.slice(begin, index + (ends ? end.length : 0)));
    begin = index + end.length;
  }
  return begin < whole.length ? [...found, whole.slice(begin)] : found;
}

/** Python's `==`: numbers and booleans compare by value, lists and mappings by their contents. */
export function equal(left: Value, right: Value): boolean {
  const missing = ["NullValue", "UndefinedValue"];
  if (missing.includes(left.type) || missing.includes(right.type)) return left.type === right.type;
  const [first, second]: unknown[] = [left.value, right.value];
  if (Array.isArray(first) && Array.isArray(second)) {
    if (left.type !== right.type) return false; // a list is no tuple
    const [ours, theirs] = [first as Value[], second as Value[]];
    return ours.length === theirs.length && ours.every((item, at) => equal(item, theirs[at] ?? item));
  }
  if (first instanceof Map && second instanceof Map) {
    const [ours, theirs] = [first as Map<string, Value>, second as Map<string, Value>];
    return (
      ours.size === theirs.size && [...ours].every(([key, item]) => equalOrMissing(item, theirs.get(key)))
    );
  }
  const number = (each: unknown): unknown => (typeof each === "boolean" ? Number(each) : each);
  return number(first) === number(second);
}

function equalOrMissing(left: Value, right: Value | undefined): boolean {
  return right !== undefined && equal(left, right);
}

/** A value as Python's str() writes it. */
export function written(value: Value): string {
  if (value.type === "StringValue") return text(value);
  return value.type === "UndefinedValue" ? "" : represented(value);
}

/** A value as Python's repr() writes it, for the types that templates have. */
function represented(value: Value): string {
  if (value.type === "NullValue") return "None";
  if (value.type === "BooleanValue") return value.value ? "True" : "False";
  if (value.type === "UndefinedValue") return "Undefined";
  if (value.type === "StringValue") return quoted(text(value));
  if (value.type === "FloatValue") return floatText(Number(value.value), "nan", "inf");
  if (Array.isArray(value.value)) {
    const items = (value.value as Value[]).map(represented).join(", ");
    return value.type !== "TupleValue" ? `[${items}]` : `(${items}${value.value.length === 1 ? "," : ""})`;
  }
  if (value.value instanceof Map) {
    const entries = [...(value.value as Map<string, Value>)];
    return `{${entries.map(([key, item]) => `${quoted(key)}: ${represented(item)}`).join(", ")}}`;
  }
  return value.toString();
}

/** A float as repr() of Python writes it, with these words for what is no number and for the infinite. */
export function floatText(number: number, nan: string, infinite: string): string {
  if (Number.isNaN(number)) return nan;
  if (!Number.isFinite(number)) return number < 0 ? `-${infinite}` : infinite;
  const sign = number < 0 || Object.is(number, -0) ? "-" : "";
  const [digits = "0", power = "0"] = Math.abs(number).toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 16) {
    const plain =
      exponent < 0 ? `0.${"0".repeat(-exponent - 1)}${digits.replace(".", "")}` : String(Math.abs(number));
    return sign + (plain.includes(".") ? plain : `${plain}.0`);
  }
  return `${sign}${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

const NAMED: Readonly<Record<string, string>> = { "\n": "n", "\r": "r", "\t": "t", "\\": "\\" };

function quoted(whole: string): string {
  const quote = whole.includes("'") && !whole.includes('"') ? '"' : "'";
  const inner = whole.replace(/[\\\p{C}\p{Z}]/gu, (char) => {
    if (char === " ") return char;
    const named = NAMED[char];
    const code = char.codePointAt(0) ?? 0;
    const [letter, width] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
    return `\\${named ?? letter + code.toString(16).padStart(width, "0")}`;
  });
  return quote + inner.replaceAll(quote, `\\${quote}`) + quote;
}
