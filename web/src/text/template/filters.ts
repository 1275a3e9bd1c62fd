/** Filters of jinja2 that the library @huggingface/jinja lacks, or whose results it does not bound. */

import { Environment } from "@huggingface/jinja";

import { equal, itemsOf, listOf, text, typeName, valueOf, written, type Value } from "./python.js";
import { checkText } from "./sizes.js";

/** The arguments of a filter. `apply` applies another filter by its name. */
export interface Arguments {
  readonly positional: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
  readonly apply: (name: string, value: Value, rest: Value[]) => Value;
}

/** A filter; null where the library's own does. */
export type Filter = (value: Value, given: Arguments, environment: Environment) => Value | null;

const MAX_INDENT = 1000;

/** An argument by its place or its name. */
function argument(given: Arguments, at: number, name: string): Value | undefined {
  return given.positional[at] ?? given.keywords.get(name);
}

function flag(given: Arguments, at: number, name: string): boolean {
  return argument(given, at, name)?.__bool__().value ?? false;
}

function whole(given: Arguments, at: number, name: string, otherwise: number): number {
  const value = argument(given, at, name)?.value ?? otherwise;
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new Error(`${name} is no whole number`);
}

/** The items of anything that can be looped over. */
function items(value: Value): Value[] {
  if (value.type === "UndefinedValue") return [];
  if (value.type === "StringValue") return [...text(value)].map(valueOf);
  if (value.value instanceof Map) return [...(value.value as Map<string, Value>).keys()].map(valueOf);
  const found = itemsOf(value);
  if (found) return found;
  throw new Error(`${typeName(value)} has no items`);
}

/** An attribute by its path, such as "function.name". */
function attribute(value: Value, path: Value): Value {
  let found = value;
  for (const step of written(path).split(".")) {
    const map: unknown = found.value;
    if (map instanceof Map) found = (map as Map<string, Value>).get(step) ?? valueOf(undefined);
    else found = itemsOf(found)?.[Number(step)] ?? valueOf(undefined);
  }
  return found;
}

function truth(value: Value): boolean {
  return value.__bool__().value;
}

/** Less, equal or greater, as `sort` of jinja2 has it: texts without regard to case. */
function compare(left: Value, right: Value): number {
  const [first, second] = [left, right].map((value) =>
    value.type === "StringValue" ? text(value).toLowerCase() : Number(value.value),
  );
  if (typeof first !== typeof second || first === undefined || second === undefined) {
    throw new Error(`cannot compare ${typeName(left)} and ${typeName(right)}`);
  }
  return first < second ? -1 : first > second ? 1 : 0;
}

type Test = (value: Value, wanted: Value) => boolean;
const equals: Test = (value, wanted) => equal(value, wanted);
const contains: Test = (value, wanted) =>
  wanted.type === "StringValue" ? text(wanted).includes(written(value)) : items(wanted).some((item) => equal(item, value));

/** Tests that compare with something; the library has the others. */
export const COMPARISONS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ...["eq", "equalto", "=="].map((name) => [name, equals] as const),
  ...["ne", "!="].map((name) => [name, (value: Value, wanted: Value) => !equal(value, wanted)] as const),
  ...["lt", "lessthan", "<"].map((name) => [name, (a: Value, b: Value) => Number(a.value) < Number(b.value)] as const),
  ...["gt", "greaterthan", ">"].map((name) => [name, (a: Value, b: Value) => Number(a.value) > Number(b.value)] as const),
  ...["le", "<="].map((name) => [name, (a: Value, b: Value) => Number(a.value) <= Number(b.value)] as const),
  ...["ge", ">="].map((name) => [name, (a: Value, b: Value) => Number(a.value) >= Number(b.value)] as const),
  ["in", contains],
  ["sameas", (value, wanted) => value === wanted || (value.type === wanted.type && value.value === wanted.value)],
  ["divisibleby", (value, wanted) => Number(value.value) % Number(wanted.value) === 0],
]);

// All environments of the library share one table of tests.
const tests = new Environment().tests as Map<string, (...values: Value[]) => boolean>;
tests.set("float", (value) => value?.type === "FloatValue");

/** Whether a value passes the test of this name. */
export function passes(value: Value, name: string, rest: readonly Value[], environment: Environment): boolean {
  const comparison = COMPARISONS.get(name);
  if (comparison) return comparison(value, rest[0] ?? valueOf(undefined));
  const test = environment.tests.get(name);
  if (!test) throw new Error(`there is no test ${JSON.stringify(name)}`);
  return test(value, ...rest);
}

/** `select` and its kin: `byAttribute` looks at an attribute of each item, `wanted` says which items stay. */
function selection(byAttribute: boolean, wanted: boolean): Filter {
  return (value, { positional }, environment) => {
    const [path, ...others] = byAttribute ? positional : [undefined, ...positional];
    if (byAttribute && !path) throw new Error("it wants the name of an attribute");
    const [name, ...more] = others;
    const rest = more.filter((each) => each !== undefined);
    const kept = items(value).filter((item) => {
      const looked = path ? attribute(item, path) : item;
      return (name ? passes(looked, written(name), rest, environment) : truth(looked)) === wanted;
    });
    return listOf(kept);
  };
}

const mapped: Filter = (value, given) => {
  const path = given.keywords.get("attribute");
  const [name, ...rest] = given.positional;
  const otherwise = given.keywords.get("default");
  return listOf(
    items(value).map((item) => {
      if (!path) return given.apply(written(name ?? valueOf("")), item, rest);
      const found = attribute(item, path);
      return found.type === "UndefinedValue" ? (otherwise ?? found) : found;
    }),
  );
};

/** The least or greatest item; `sign` is 1 for the greatest. */
function extreme(sign: number): Filter {
  return (value, given) => {
    const path = argument(given, 1, "attribute");
    const of = (item: Value): Value => (path ? attribute(item, path) : item);
    const [first, ...rest] = items(value);
    if (!first) return valueOf(undefined);
    return rest.reduce((best, item) => (sign * compare(of(item), of(best)) > 0 ? item : best), first);
  };
}

const replaced: Filter = (value, given) => {
  const [from, to, count] = [argument(given, 0, "old"), argument(given, 1, "new"), argument(given, 2, "count")];
  const [whole_, old, fresh] = [written(value), written(from ?? valueOf("")), written(to ?? valueOf(""))];
  const parts = old ? whole_.split(old) : ["", ...whole_, ""];
  const most = count && count.type === "IntegerValue" && Number(count.value) >= 0 ? Number(count.value) : Infinity;
  const times = Math.min(parts.length - 1, most);
  checkText(whole_.length + times * (fresh.length - old.length));
  return valueOf(parts.slice(0, times + 1).join(fresh) + parts.slice(times + 1).map((part) => old + part).join(""));
};

const joined: Filter = (value, given) => {
  const path = argument(given, 1, "attribute");
  const between = written(argument(given, 0, "d") ?? given.keywords.get("separator") ?? valueOf(""));
  const parts = items(value).map((item) => written(path ? attribute(item, path) : item));
  checkText(parts.reduce((sum, part) => sum + part.length + between.length, 0) - between.length);
  return valueOf(parts.join(between));
};

const indented: Filter = (value, given) => {
  const width = argument(given, 0, "width") ?? valueOf(4);
  const [first, blank] = [flag(given, 1, "first"), flag(given, 2, "blank")];
  if (width.type !== "StringValue") checkText(Number(width.value));
  const space = width.type === "StringValue" ? text(width) : " ".repeat(Math.max(0, Number(width.value)));
  const lines = written(value).split("\n");
  checkText(written(value).length + lines.length * space.length);
  return valueOf(lines.map((line, at) => ((first || at > 0) && (blank || line) ? space + line : line)).join("\n"));
};

const centered: Filter = (value, given) => {
  const [line, width] = [written(value), whole(given, 0, "width", 80)];
  checkText(width);
  const missing = Math.max(0, width - [...line].length);
  const left = (missing >> 1) + (missing & width & 1); // as Python's str.center
  return valueOf(" ".repeat(left) + line + " ".repeat(missing - left));
};

const batched: Filter = (value, given) => {
  const [size, fill] = [whole(given, 0, "linecount", 1), argument(given, 1, "fill_with")];
  if (size < 1) throw new Error("batch wants a size of 1 or more");
  const all = items(value);
  const batches = Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
  const last = batches.at(-1);
  if (fill && last) checkText(size);
  while (fill && last && last.length < size) last.push(fill);
  return listOf(batches.map(listOf));
};

const grouped: Filter = (value, given) => {
  const path = argument(given, 0, "attribute");
  if (!path) throw new Error("groupby wants the name of an attribute");
  const sorted = items(value).toSorted((left, right) => compare(attribute(left, path), attribute(right, path)));
  const groups: { key: Value; members: Value[] }[] = [];
  for (const item of sorted) {
    const key = attribute(item, path);
    const last = groups.at(-1);
    if (last && compare(last.key, key) === 0) last.members.push(item);
    else groups.push({ key, members: [item] });
  }
  return listOf(groups.map(({ key, members }) => listOf([key, listOf(members)])));
};

const unique: Filter = (value, given) => {
  const path = argument(given, 1, "attribute");
  const sensitive = flag(given, 0, "case_sensitive");
  const seen = new Set<string>();
  return listOf(
    items(value).filter((item) => {
      const of = path ? attribute(item, path) : item;
      const key = of.type + (sensitive ? written(of) : written(of).toLowerCase());
      return !seen.has(key) && Boolean(seen.add(key));
    }),
  );
};

const rounded: Filter = (value, given) => {
  const [digits, method] = [whole(given, 0, "precision", 0), written(argument(given, 1, "method") ?? valueOf("common"))];
  const [number, scale] = [Number(value.value), 10 ** digits];
  const scaled = number * scale;
  const down = Math.floor(scaled);
  const even = scaled - down === 0.5 ? down + (down & 1) : Math.round(scaled); // as Python rounds
  const found = method === "ceil" ? Math.ceil(scaled) : method === "floor" ? down : even;
  const float = valueOf(0.5);
  return new (float.constructor as new (value: number) => Value)(found / scale);
};

const summed: Filter = (value, given) => {
  const path = argument(given, 0, "attribute");
  const start = argument(given, 1, "start");
  const numbers = items(value).map((item) => Number((path ? attribute(item, path) : item).value));
  return valueOf(numbers.reduce((sum, number) => sum + number, Number(start?.value ?? 0)));
};

const truncated: Filter = (value, given) => {
  const [length, killWords] = [whole(given, 0, "length", 255), flag(given, 1, "killwords")];
  const end = written(argument(given, 2, "end") ?? valueOf("..."));
  const leeway = whole(given, 3, "leeway", 5);
  const chars = [...written(value)];
  if (chars.length <= length + leeway) return valueOf(chars.join(""));
  const cut = chars.slice(0, Math.max(0, length - end.length)).join("");
  const space = cut.lastIndexOf(" ");
  return valueOf((killWords || space < 0 ? cut : cut.slice(0, space)) + end);
};

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", '"': "&#34;" };
const escaped: Filter = (value) => valueOf(written(value).replace(/[&<>'"]/g, (char) => ESCAPES[char] ?? char));

const defaulted: Filter = (value, given) => {
  const otherwise = argument(given, 0, "default_value") ?? valueOf("");
  const missing = value.type === "UndefinedValue" || (flag(given, 1, "boolean") && !truth(value));
  return missing ? otherwise : value;
};

const json: Filter = (_, given) => {
  const indent = argument(given, 0, "indent");
  if (indent && Number(indent.value) > MAX_INDENT) throw new Error(`indent is more than ${MAX_INDENT}`);
  return null;
};

const listed: Filter = (value) => listOf([...items(value)]);
const first: Filter = (value) => items(value)[0] ?? valueOf(undefined);
const last: Filter = (value) => items(value).at(-1) ?? valueOf(undefined);
const reversed: Filter = (value) =>
  value.type === "StringValue" ? valueOf([...text(value)].reverse().join("")) : listOf(items(value).toReversed());
const attributed: Filter = (value, given) => attribute(value, argument(given, 0, "name") ?? valueOf(""));
const worded: Filter = (value) => valueOf(written(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0);
const asText: Filter = (value) => valueOf(written(value));

export const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ["attr", attributed],
  ["batch", batched],
  ["center", centered],
  ["d", defaulted],
  ["default", defaulted],
  ["e", escaped],
  ["escape", escaped],
  ["first", first],
  ["groupby", grouped],
  ["indent", indented],
  ["join", joined],
  ["last", last],
  ["list", listed],
  ["map", mapped],
  ["max", extreme(1)],
  ["min", extreme(-1)],
  ["reject", selection(false, false)],
  ["rejectattr", selection(true, false)],
  ["replace", replaced],
  ["reverse", reversed],
  ["round", rounded],
  ["select", selection(false, true)],
  ["selectattr", selection(true, true)],
  ["string", asText],
  ["sum", summed],
  ["tojson", json],
  ["truncate", truncated],
  ["unique", unique],
  ["wordcount", worded],
]);
