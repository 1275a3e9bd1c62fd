/** Tests of jinja2 that the library @huggingface/jinja lacks or gets wrong. */

import { Environment } from "@huggingface/jinja";

import { contains, inOrder, numberOf } from "./operators.js";
import { equal, text, valueOf, type Value } from "./python.js";

type Test = (value: Value, wanted: Value) => boolean;

const ORDERS = { "<": ["lt", "lessthan"], ">": ["gt", "greaterthan"], "<=": ["le"], ">=": ["ge"] };

/** Tests that compare with something; the library has the others. */
export const COMPARISONS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ...["eq", "equalto", "=="].map((name) => [name, equal] as const),
  ...["ne", "!="].map((name) => [name, (value: Value, wanted: Value) => !equal(value, wanted)] as const),
  ...Object.entries(ORDERS).flatMap(([operator, names]) =>
    [operator, ...names].map((name) => [name, (a: Value, b: Value) => inOrder(operator, a, b)] as const),
  ),
  ["in", (value, wanted) => contains(wanted, value)],
  [
    "sameas",
    (value, wanted) => value === wanted || (value.type === wanted.type && value.value === wanted.value),
  ],
  ["divisibleby", (value, wanted) => Number(value.value) % Number(wanted.value) === 0],
]);

const ITERABLE = ["ArrayValue", "TupleValue", "ObjectValue", "StringValue", "UndefinedValue"];

/** Whether a text has letters with case, and all of them in the one that `to` makes. */
function hasCase(value: Value | undefined, to: (whole: string) => string): boolean {
  return value?.type === "StringValue" && /\p{Cased}/u.test(text(value)) && to(text(value)) === text(value);
}

// All environments of the library share one table of tests.
const tests = new Environment().tests as Map<string, (...values: Value[]) => boolean>;
tests.set("float", (value) => value?.type === "FloatValue");
tests.set("number", (value) => value !== undefined && numberOf(value) !== null);
tests.set("iterable", (value) => ITERABLE.includes(value?.type ?? ""));
tests.set("lower", (value) => hasCase(value, (whole) => whole.toLowerCase()));
tests.set("upper", (value) => hasCase(value, (whole) => whole.toUpperCase()));

/** Whether a value passes the test of this name. */
export function passes(
  value: Value,
  name: string,
  rest: readonly Value[],
  environment: Environment,
): boolean {
  const comparison = COMPARISONS.get(name);
  if (comparison) return comparison(value, rest[0] ?? valueOf(undefined));
  const test = environment.tests.get(name);
  if (!test) throw new Error(`there is no test ${JSON.stringify(name)}`);
  return test(value, ...rest);
}
