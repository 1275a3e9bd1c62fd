/**
 * What a JSON schema says of a value once references and `allOf` are gone: one shape, or several to choose.
 *
 * A shape is all the keywords that hold together. Schemas inside it are named by their places in the
 * document, and several that must hold at once by several places, in order (`Places`). So what holds together
 * is always finite, however schemas refer to each other, and nothing has to be copied or renamed. The port of
 * `runtime/grammar/json/shape.py`.
 */

import { compared } from "../decimal.js";
import type { Bound } from "./numbers.js";
import { isList, isObject, type Json } from "./text.js";

/** JSON pointers of schemas that all hold, sorted. */
export type Places = readonly string[];

/** The place of the schema that no value satisfies. */
export const NOWHERE = "(false)";

/** The types. Whoever allows numbers allows integers, so "number" never comes without "integer". */
export const ALL_TYPES: ReadonlySet<string> = new Set([
  "null",
  "boolean",
  "integer",
  "number",
  "string",
  "array",
  "object",
]);

/**
 * Keywords of objects. `more` holds for properties that `properties` does not have; `stated`: it was said so,
 * and is not only the default.
 */
export interface Objects {
  readonly properties: ReadonlyMap<string, Places>;
  readonly required: readonly string[];
  readonly more: Places;
  readonly stated: boolean;
  readonly least: number;
  readonly most: number | null;
}

/** Keywords of arrays. `items` holds for those after `prefix`; `stated` as for objects. */
export interface Arrays {
  readonly prefix: readonly Places[];
  readonly items: Places;
  readonly stated: boolean;
  readonly least: number;
  readonly most: number | null;
}

/** A pattern or the name of a format, with its place. */
export type Placed = readonly [text: string, place: string];

/** Keywords of strings; patterns are found anywhere, formats hold for the whole. */
export interface Strings {
  readonly least: number;
  readonly most: number | null;
  readonly patterns: readonly Placed[];
  readonly formats: readonly Placed[];
}

/** Keywords of numbers; `multiples` are whole. */
export interface Numbers {
  readonly low: Bound | null;
  readonly high: Bound | null;
  readonly multiples: readonly number[];
}

/**
 * All that holds for a value. `values`, where it is not null, are the only ones, by `keyOf`. `hints` are the
 * types that some keyword was about.
 */
export interface Shape {
  readonly types: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, Json> | null;
  readonly numbers: Numbers;
  readonly strings: Strings;
  readonly objects: Objects;
  readonly arrays: Arrays;
  readonly hints: ReadonlySet<string>;
}

/** The shape of every value. */
export const ANY: Shape = {
  types: ALL_TYPES,
  values: null,
  numbers: { low: null, high: null, multiples: [] },
  strings: { least: 0, most: null, patterns: [], formats: [] },
  objects: { properties: new Map(), required: [], more: [], stated: false, least: 0, most: null },
  arrays: { prefix: [], items: [], stated: false, least: 0, most: null },
  hints: new Set(),
};

/** Whether it is plain that no value fits. */
export function isNever({ types, values }: Shape): boolean {
  return !types.size || values?.size === 0;
}

/** What holds for a property. */
export function ofName({ properties, more }: Objects, name: string): Places {
  return properties.get(name) ?? more;
}

/** What holds for an item. */
export function ofIndex({ prefix, items }: Arrays, index: number): Places {
  return prefix[index] ?? items;
}

/** Whether nothing satisfies what holds. */
export function isNowhere(places: Places): boolean {
  return places.length === 1 && places[0] === NOWHERE;
}

/** The shape of the values that fit both. */
export function together(a: Shape, b: Shape): Shape {
  return {
    types: new Set([...a.types].filter((type) => b.types.has(type))),
    values: valuesTogether(a.values, b.values),
    numbers: {
      low: tighter(a.numbers.low, b.numbers.low, 1),
      high: tighter(a.numbers.high, b.numbers.high, -1),
      multiples: joined(a.numbers.multiples, b.numbers.multiples),
    },
    strings: {
      ...countsTogether(a.strings, b.strings),
      patterns: joined(a.strings.patterns, b.strings.patterns),
      formats: joined(a.strings.formats, b.strings.formats),
    },
    objects: objectsTogether(a.objects, b.objects),
    arrays: arraysTogether(a.arrays, b.arrays),
    hints: new Set([...a.hints, ...b.hints]),
  };
}

/** The places that all hold. */
function both(a: Places, b: Places): Places {
  return [...new Set([...a, ...b])].sort();
}

/**
 * The shape that answers are given: one that a schema leaves open is closed where people mean it.
 *
 * Without `type`, values are of the types that the other keywords are about. Properties and items that the
 * schema does not name are left out if it names some and says nothing of others.
 */
export function narrowed(shape: Shape): Shape {
  const isOpen = shape.types.size === ALL_TYPES.size && shape.hints.size > 0 && !shape.values;
  let { objects, arrays } = shape;
  const names = [...objects.properties.keys(), ...objects.required];
  const named = new Map(names.map((name) => [name, ofName(shape.objects, name)]));
  if (!objects.stated && named.size && objects.least <= named.size) {
    objects = { ...objects, properties: named, more: [NOWHERE], stated: true };
  }
  if (!arrays.stated && arrays.prefix.length && arrays.least <= arrays.prefix.length) {
    arrays = { ...arrays, items: [NOWHERE], stated: true };
  }
  return { ...shape, types: isOpen ? shape.hints : shape.types, objects, arrays };
}

/** A text that is the same for values that JSON Schema holds to be equal. */
export function keyOf(value: Json): string {
  if (isList(value)) return `[${value.map(keyOf).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${keyOf(each)}`).join()}}`;
}

/** The narrowest type of a value. */
export function typeOf(value: Json): string {
  if (value === null) return "null";
  if (isList(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value; // "boolean", "string" or "object"
}

function valuesTogether(a: Shape["values"], b: Shape["values"]): Shape["values"] {
  if (!a || !b) return a ?? b;
  return new Map([...a].filter(([key]) => b.has(key)));
}

/**
 * The bound that leaves less: the greater one with the sign 1, the lesser with -1; of equal ones a strict
 * one.
 */
export function tighter(a: Bound | null, b: Bound | null, sign: 1 | -1): Bound | null {
  if (!a || !b) return a ?? b;
  const difference = sign * compared(a.value, b.value);
  if (difference) return difference > 0 ? a : b;
  return a.strict || !b.strict ? a : b;
}

interface Counts {
  readonly least: number;
  readonly most: number | null;
}

function countsTogether(a: Counts, b: Counts): Counts {
  const most = a.most === null || b.most === null ? (a.most ?? b.most) : Math.min(a.most, b.most);
  return { least: Math.max(a.least, b.least), most };
}

function joined<Item>(a: readonly Item[], b: readonly Item[]): readonly Item[] {
  const known = new Set(a.map((item) => JSON.stringify(item)));
  return [...a, ...b.filter((item) => !known.has(JSON.stringify(item)))];
}

function objectsTogether(a: Objects, b: Objects): Objects {
  const names = joined([...a.properties.keys()], [...b.properties.keys()]);
  return {
    properties: new Map(names.map((name) => [name, both(ofName(a, name), ofName(b, name))])),
    required: joined(a.required, b.required),
    more: both(a.more, b.more),
    stated: a.stated || b.stated,
    ...countsTogether(a, b),
  };
}

function arraysTogether(a: Arrays, b: Arrays): Arrays {
  const length = Math.max(a.prefix.length, b.prefix.length);
  return {
    prefix: Array.from({ length }, (_, index) => both(ofIndex(a, index), ofIndex(b, index))),
    items: both(a.items, b.items),
    stated: a.stated || b.stated,
    ...countsTogether(a, b),
  };
}
