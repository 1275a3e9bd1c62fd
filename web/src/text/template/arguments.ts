/** What filters of templates are given, and how they look at it. */

import type { Environment } from "@huggingface/jinja";

import { membersOf } from "./loops.js";
import { order } from "./operators.js";
import { listOf, text, tupleOf, typeName, valueOf, written, type Value } from "./python.js";

/** The arguments of a filter. `apply` applies another filter by its name. */
export interface Arguments {
  readonly positional: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
  readonly apply: (name: string, value: Value, rest: Value[]) => Value;
}

export type Filter = (value: Value, given: Arguments, environment: Environment) => Value;

/** An argument by its place or its name. */
export function argument(given: Arguments, at: number, name: string): Value | undefined {
  return given.positional[at] ?? given.keywords.get(name);
}

/** Whether an argument is given and true. */
export function flag(given: Arguments, at: number, name: string): boolean {
  return argument(given, at, name)?.__bool__().value ?? false;
}

/** An argument that is a whole number. */
export function whole(given: Arguments, at: number, name: string, otherwise: number): number {
  const value = argument(given, at, name)?.value ?? otherwise;
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new Error(`${name} is no whole number`);
}

/** The items of anything that can be looped over. */
export function items(value: Value): Value[] {
  const found = membersOf(value);
  if (found) return found;
  throw new Error(`${typeName(value)} has no items`);
}

/** The tuples that `groupby` makes, whose two items have names. */
export const GROUPS: WeakMap<Value, ReadonlyMap<string, Value>> = new WeakMap();

/** An attribute by its path, such as "function.name". */
export function attribute(value: Value, path: Value): Value {
  let found = value;
  for (const step of written(path).split(".")) {
    const map: unknown = found.value;
    if (map instanceof Map) found = (map as Map<string, Value>).get(step) ?? valueOf(undefined);
    else if (/^\d+$/.test(step))
      found = (found.type === "UndefinedValue" ? [] : items(found))[Number(step)] ?? valueOf(undefined);
    else found = GROUPS.get(found)?.get(step) ?? valueOf(undefined);
  }
  return found;
}

/** Whether Python takes a value for true. */
export function truth(value: Value): boolean {
  return value.__bool__().value;
}

/**
 * Less, equal or greater, as `sort` of jinja2 has it: texts without regard to case, unless it is `sensitive`.
 */
export function compare(left: Value, right: Value, sensitive = false): number {
  return sensitive ? order(left, right) : order(lowered(left), lowered(right));
}

function lowered(value: Value): Value {
  return value.type === "StringValue" ? valueOf(text(value).toLowerCase()) : value;
}

/** The pairs of a mapping. */
export function pairsOf(value: Value): Value {
  const map: unknown = value.value;
  if (value.type === "UndefinedValue") return listOf([]);
  if (value.type !== "ObjectValue" || !(map instanceof Map))
    throw new Error(`${typeName(value)} has no pairs`);
  return listOf([...(map as Map<string, Value>)].map(([key, item]) => tupleOf([valueOf(key), item])));
}
