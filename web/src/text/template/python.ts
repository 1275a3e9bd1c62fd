/** Values of templates as Python sees them: how they are written, compared and stripped. */

import type { Interpreter } from "@huggingface/jinja";
import { Environment } from "@huggingface/jinja";

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

/** The items of a list or tuple; null for any other value. */
export function itemsOf(value: Value): Value[] | null {
  return Array.isArray(value.value) ? (value.value as Value[]) : null;
}

export function text(value: Value): string {
  return value.value as string;
}

export function strippedOf(whole: string, method: string, chars: ReadonlySet<string>): string {
  const all = [...whole];
  let [start, end] = [0, all.length];
  while (method !== "rstrip" && start < end && chars.has(all[start] ?? "")) start += 1;
  while (method !== "lstrip" && end > start && chars.has(all[end - 1] ?? "")) end -= 1;
  return all.slice(start, end).join("");
}

export function capitalized(whole: string): string {
  const [first = "", ...rest] = whole;
  return first.toUpperCase() + rest.join("").toLowerCase();
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

/** Python's `==`: numbers and booleans compare by value, lists and mappings by their contents. */
export function equal(left: Value, right: Value): boolean {
  const missing = ["NullValue", "UndefinedValue"];
  if (missing.includes(left.type) || missing.includes(right.type)) return left.type === right.type;
  const [first, second]: unknown[] = [left.value, right.value];
  if (Array.isArray(first) && Array.isArray(second)) {
    const [ours, theirs] = [first as Value[], second as Value[]];
    return ours.length === theirs.length && ours.every((item, at) => equal(item, theirs[at] ?? item));
  }
  if (first instanceof Map && second instanceof Map) {
    const [ours, theirs] = [first as Map<string, Value>, second as Map<string, Value>];
    return ours.size === theirs.size && [...ours].every(([key, item]) => equalOrMissing(item, theirs.get(key)));
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
  if (Array.isArray(value.value)) return `[${(value.value as Value[]).map(represented).join(", ")}]`;
  if (value.value instanceof Map) {
    const entries = [...(value.value as Map<string, Value>)];
    return `{${entries.map(([key, item]) => `${quoted(key)}: ${represented(item)}`).join(", ")}}`;
  }
  return value.toString();
}

function quoted(whole: string): string {
  const quote = whole.includes("'") && !whole.includes('"') ? '"' : "'";
  const inner = whole.replace(/[\\\n\r\t]/g, (char) => `\\${{ "\n": "n", "\r": "r", "\t": "t" }[char] ?? char}`);
  return quote + inner.replaceAll(quote, `\\${quote}`) + quote;
}
