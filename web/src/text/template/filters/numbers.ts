/** Filters of jinja2 that make numbers. */

import { argument, attribute, items, whole, type Filter } from "./arguments.js";
import { numberOf, sum } from "../operators.js";
import {
  floatOf,
  itemsOf,
  listOf,
  text,
  tupleOf,
  typeName,
  valueOf,
  written,
  type Value,
} from "../python.js";

const MAX_DIGITS = 15; // as many as a double has
const WHOLE = /^\s*[+-]?\d+(_\d+)*\s*$/;
const REAL = /^\s*[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+)?\s*$/i;
const INFINITE = /^\s*([+-]?)(inf(inity)?|nan)\s*$/i;

function known(value: Value): number {
  const found = numberOf(value);
  if (found === null) throw new Error(`${typeName(value)} is no number`);
  return found;
}

/** What float() of Python makes of a value; null where it refuses it. */
function real(value: Value): number | null {
  if (value.type === "UndefinedValue") throw new Error("an undefined value is no number");
  if (value.type !== "StringValue") return numberOf(value);
  const [, sign, name] = INFINITE.exec(text(value)) ?? [];
  if (name) return name.toLowerCase() === "nan" ? NaN : sign === "-" ? -Infinity : Infinity;
  return REAL.test(text(value)) ? Number(text(value).replaceAll("_", "")) : null;
}

// Source: do_int of jinja2's filters, which takes "42.23" as well.
const integer: Filter = (value, given) => {
  if (argument(given, 1, "base")) throw new Error("int has no base here");
  const found =
    value.type === "StringValue" && WHOLE.test(text(value))
      ? Number(text(value).replaceAll("_", ""))
      : real(value);
  if (found === null || !Number.isFinite(found)) return argument(given, 0, "default") ?? valueOf(0);
  return valueOf(Math.trunc(found) + 0);
};

const float: Filter = (value, given) => {
  const found = real(value);
  return found === null ? (argument(given, 0, "default") ?? floatOf(0)) : floatOf(found);
};

const absolute: Filter = (value) =>
  value.type === "FloatValue" ? floatOf(Math.abs(known(value))) : valueOf(Math.abs(known(value)));

/**
 * A number rounded to `digits` as Python rounds: to the nearest, and to the even one of two that are as near.
 */
function roundedTo(digits: number, number: number): number {
  if (Math.abs(number) >= 1e21) return number; // has no digits behind the point
  const exact = number.toFixed(digits + 40);
  const tie = /^50*$/.test(exact.slice(exact.indexOf(".") + 1 + digits));
  if (!tie) return Number(number.toFixed(digits));
  const cut = exact.slice(0, exact.indexOf(".") + (digits ? 1 + digits : 0));
  return /[02468]$/.test(cut) ? Number(cut) : Number(number.toFixed(digits)); // which rounds away from zero
}

const rounded: Filter = (value, given) => {
  const [digits, method] = [
    whole(given, 0, "precision", 0),
    written(argument(given, 1, "method") ?? valueOf("common")),
  ];
  if (digits < 0 || digits > MAX_DIGITS) throw new Error(`precision is ${digits}, wanted 0 to ${MAX_DIGITS}`);
  if (!["common", "ceil", "floor"].includes(method)) throw new Error("method must be common, ceil or floor");
  const [number, scale] = [known(value), 10 ** digits];
  if (method === "ceil") return floatOf((Math.ceil(number * scale) + 0) / scale);
  if (method === "floor") return floatOf((Math.floor(number * scale) + 0) / scale);
  return value.type === "FloatValue" ? floatOf(roundedTo(digits, number)) : valueOf(number);
};

function like(list: Value, all: Value[]): Value {
  return list.type === "TupleValue" ? tupleOf(all) : listOf(all);
}

const summed: Filter = (value, given) => {
  const path = argument(given, 0, "attribute");
  const start = argument(given, 1, "start") ?? valueOf(0);
  if (start.type === "StringValue") throw new Error("sum wants no texts");
  const added = items(value).map((item) => (path ? attribute(item, path) : item));
  const lists = [start, ...added].map((each) => (each.type === start.type ? itemsOf(each) : null));
  if (!lists.includes(null))
    return sum(
      start,
      like(
        start,
        lists.slice(1).flatMap((list) => list ?? []),
      ),
    ); // at once
  return added.reduce(sum, start);
};

export const NUMBER_FILTERS: readonly (readonly [string, Filter])[] = [
  ["abs", absolute],
  ["float", float],
  ["int", integer],
  ["round", rounded],
  ["sum", summed],
];
