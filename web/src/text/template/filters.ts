/**
 * Filters of jinja2 that the library @huggingface/jinja lacks, or whose results it does not bound or gets
 * wrong.
 */

import {
  argument,
  attribute,
  compare,
  flag,
  GROUPS,
  items,
  pairsOf,
  truth,
  whole,
  type Filter,
} from "./arguments.js";
import { json } from "./json.js";
import { LOOPS } from "./loops.js";
import { NUMBER_FILTERS } from "./numbers.js";
import { itemsOf, listOf, text, tupleOf, typeName, valueOf, written, type Value } from "./python.js";
import { checkText } from "./sizes.js";
import { passes } from "./tests.js";
import { TEXT_FILTERS } from "./textFilters.js";

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
    const [sensitive, path] = [flag(given, 0, "case_sensitive"), argument(given, 1, "attribute")];
    const of = (item: Value): Value => (path ? attribute(item, path) : item);
    const [first, ...rest] = items(value);
    if (!first) return valueOf(undefined);
    return rest.reduce(
      (best, item) => (sign * compare(of(item), of(best), sensitive) > 0 ? item : best),
      first,
    );
  };
}

const batched: Filter = (value, given) => {
  const [size, fill] = [whole(given, 0, "linecount", 1), argument(given, 1, "fill_with")];
  if (size < 1) throw new Error("batch wants a size of 1 or more");
  const all = items(value);
  const batches = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.slice(at * size, (at + 1) * size),
  );
  const last = batches.at(-1);
  if (fill && last) checkText(size);
  while (fill && last && last.length < size) last.push(fill);
  return listOf(batches.map(listOf));
};

/** Groups are tuples of a key and a list, which also have names. */
function group(grouper: Value, members: Value[]): Value {
  const list = listOf(members);
  const found = tupleOf([grouper, list]);
  GROUPS.set(
    found,
    new Map([
      ["grouper", grouper],
      ["list", list],
    ]),
  );
  return found;
}

const grouped: Filter = (value, given) => {
  const path = argument(given, 0, "attribute");
  if (!path) throw new Error("groupby wants the name of an attribute");
  const [otherwise, sensitive] = [argument(given, 1, "default"), flag(given, 2, "case_sensitive")];
  const keyed = items(value).map((item) => {
    const found = attribute(item, path);
    return { item, key: found.type === "UndefinedValue" && otherwise ? otherwise : found };
  });
  const groups: { key: Value; members: Value[] }[] = [];
  for (const { item, key } of keyed.toSorted((left, right) => compare(left.key, right.key, sensitive))) {
    const last = groups.at(-1);
    if (last && compare(last.key, key, sensitive) === 0) last.members.push(item);
    else groups.push({ key, members: [item] });
  }
  return listOf(groups.map(({ key, members }) => group(key, members)));
};

/** A text that two values share where Python takes them for equal, as keys of a set. */
function keyOf(value: Value, sensitive: boolean): string {
  if (value.type === "StringValue")
    return JSON.stringify(sensitive ? text(value) : text(value).toLowerCase());
  if (value.type === "TupleValue")
    return `(${(itemsOf(value) ?? []).map((item) => keyOf(item, true)).join()})`;
  if (["IntegerValue", "FloatValue", "BooleanValue"].includes(value.type)) return String(Number(value.value));
  if (value.type === "NullValue" || value.type === "UndefinedValue") return value.type;
  throw new Error(`${typeName(value)} cannot be looked for among others`);
}

// Source: do_sort of jinja2's filters: several attributes, between commas, decide one after the other.
const sorted: Filter = (value, given) => {
  const [sensitive, path] = [flag(given, 1, "case_sensitive"), argument(given, 2, "attribute")];
  const paths = path ? written(path).split(",").map(valueOf) : [];
  const keyed = items(value).map((item) => ({
    item,
    keys: path ? paths.map((each) => attribute(item, each)) : [item],
  }));
  const sign = flag(given, 0, "reverse") ? -1 : 1;
  keyed.sort((left, right) => {
    for (const [at, key] of left.keys.entries()) {
      const found = compare(key, right.keys[at] ?? key, sensitive);
      if (found !== 0) return sign * found;
    }
    return 0;
  });
  return listOf(keyed.map(({ item }) => item));
};

const sortedPairs: Filter = (value, given) => {
  const [sensitive, by] = [
    flag(given, 0, "case_sensitive"),
    written(argument(given, 1, "by") ?? valueOf("key")),
  ];
  if (!["key", "value"].includes(by)) throw new Error('dictsort wants by="key" or by="value"');
  const sign = flag(given, 2, "reverse") ? -1 : 1;
  const of = (pair: Value): Value => itemsOf(pair)?.[by === "key" ? 0 : 1] ?? pair;
  const pairs = items(pairsOf(value));
  return listOf(pairs.toSorted((left, right) => sign * compare(of(left), of(right), sensitive)));
};

const unique: Filter = (value, given) => {
  const path = argument(given, 1, "attribute");
  const sensitive = flag(given, 0, "case_sensitive");
  const seen = new Set<string>();
  return listOf(
    items(value).filter((item) => {
      const key = keyOf(path ? attribute(item, path) : item, sensitive);
      return !seen.has(key) && Boolean(seen.add(key));
    }),
  );
};

const defaulted: Filter = (value, given) => {
  const otherwise = argument(given, 0, "default_value") ?? valueOf("");
  const missing = value.type === "UndefinedValue" || (flag(given, 1, "boolean") && !truth(value));
  return missing ? otherwise : value;
};

/** An attribute, not an item: mappings have no attributes but their methods. */
const attributed: Filter = (value, given) => {
  if (value.type !== "NamespaceValue" && !LOOPS.has(value)) return valueOf(undefined);
  const name = written(argument(given, 0, "name") ?? valueOf(""));
  return (value.value as Map<string, Value>).get(name) ?? valueOf(undefined);
};

const counted: Filter = (value) => valueOf(items(value).length);
const listed: Filter = (value) => listOf([...items(value)]);
const first: Filter = (value) => items(value)[0] ?? valueOf(undefined);
const last: Filter = (value) => items(value).at(-1) ?? valueOf(undefined);
const reversed: Filter = (value) =>
  value.type === "StringValue"
    ? valueOf([...text(value)].reverse().join(""))
    : listOf(items(value).toReversed());

export const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ...TEXT_FILTERS,
  ...NUMBER_FILTERS,
  ["attr", attributed],
  ["batch", batched],
  ["count", counted],
  ["d", defaulted],
  ["default", defaulted],
  ["dictsort", sortedPairs],
  ["first", first],
  ["groupby", grouped],
  ["items", pairsOf],
  ["last", last],
  ["length", counted],
  ["list", listed],
  ["map", mapped],
  ["max", extreme(1)],
  ["min", extreme(-1)],
  ["reject", selection(false, false)],
  ["rejectattr", selection(true, false)],
  ["reverse", reversed],
  ["select", selection(false, true)],
  ["selectattr", selection(true, true)],
  ["sort", sorted],
  ["tojson", json],
  ["unique", unique],
]);
