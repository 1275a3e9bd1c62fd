/** Operators of templates as Python has them. */

import {
  equal,
  floatOf,
  itemsOf,
  listOf,
  text,
  tupleOf,
  typeName,
  valueOf,
  written,
  type Value,
} from "./python.js";
import { checkText, Stopped } from "./sizes.js";

const MAX_ITEMS = 10 ** 6;

/** The number that a value is, true and false among them; null where it is none. */
export function numberOf(value: Value): number | null {
  return ["IntegerValue", "FloatValue", "BooleanValue"].includes(value.type) ? Number(value.value) : null;
}

/** `left + right`. Throws an Error where Python has no sum of the two. */
export function sum(left: Value, right: Value): Value {
  if (left.type === "StringValue" && right.type === "StringValue") return valueOf(text(left) + text(right));
  const [first, second] = [itemsOf(left), itemsOf(right)];
  if (first && second && left.type === right.type) {
    return left.type === "TupleValue" ? tupleOf([...first, ...second]) : listOf([...first, ...second]);
  }
  return calculated("add", left, right, (a, b) => a + b);
}

/** `left * right`, which repeats a text or a list, too. */
export function product(left: Value, right: Value): Value {
  const [repeated, times] = numberOf(left) === null ? [left, right] : [right, left];
  const items = itemsOf(repeated);
  if (
    (!items && repeated.type !== "StringValue") ||
    times.type === "FloatValue" ||
    numberOf(times) === null
  ) {
    return calculated("multiply", left, right, (a, b) => a * b);
  }
  const count = Math.max(0, numberOf(times) ?? 0);
  if (!items) {
    checkText(text(repeated).length * count);
    return valueOf(text(repeated).repeat(count));
  }
  if (items.length * count > MAX_ITEMS) throw new Stopped("memory");
  const all = Array.from({ length: items.length ? count : 0 }, () => items).flat();
  return repeated.type === "TupleValue" ? tupleOf(all) : listOf(all);
}

/** `left - right`. */
export function difference(left: Value, right: Value): Value {
  return calculated("subtract", left, right, (a, b) => a - b);
}

/** `left / right`, or `//` or `%`: rounded down, and with the divisor's sign. */
export function quotient(operator: string, left: Value, right: Value): Value {
  if (numberOf(left) !== null && numberOf(right) === 0) throw new Error("division by zero");
  if (operator === "/") return floatOf(Number(calculated("divide", left, right, (a, b) => a / b).value));
  if (operator === "//") return calculated("divide", left, right, (a, b) => Math.floor(a / b));
  return calculated("divide", left, right, (a, b) => {
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  });
}

function calculated(
  verb: string,
  left: Value,
  right: Value,
  calculate: (a: number, b: number) => number,
): Value {
  const [first, second] = [numberOf(left), numberOf(right)];
  if (first === null || second === null)
    throw new Error(`cannot ${verb} ${typeName(left)} and ${typeName(right)}`);
  const found = calculate(first, second);
  return left.type === "FloatValue" || right.type === "FloatValue" ? floatOf(found) : valueOf(found + 0);
}

/**
 * Below 0 where the left is less, 0 where none is, above 0 where the right is. Throws an Error where they
 * have no order.
 */
export function order(left: Value, right: Value): number {
  if (left.type === "StringValue" && right.type === "StringValue")
    return orderOfTexts(text(left), text(right));
  const [first, second] = [numberOf(left), numberOf(right)];
  if (first !== null && second !== null) return first - second;
  const [ours, theirs] = [itemsOf(left), itemsOf(right)];
  if (!ours || !theirs || left.type !== right.type)
    throw new Error(`cannot compare ${typeName(left)} and ${typeName(right)}`);
  for (const [at, item] of ours.entries()) {
    const other = theirs[at];
    if (other === undefined) return 1;
    if (!equal(item, other)) return order(item, other);
  }
  return ours.length - theirs.length;
}

/** By code points, of which JavaScript's own order may see halves. */
function orderOfTexts(left: string, right: string): number {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at += 1;
  return (left.codePointAt(at) ?? -1) - (right.codePointAt(at) ?? -1);
}

/** Whether two values stand in the order that an operator (`<`, `<=`, `>`, `>=`) asks for. */
export function inOrder(operator: string, left: Value, right: Value): boolean {
  const found = order(left, right);
  if (found === 0) return operator.length === 2;
  return operator.startsWith("<") ? found < 0 : found > 0;
}

/** `item in all`. */
export function contains(all: Value, item: Value): boolean {
  if (all.type === "UndefinedValue") return false;
  if (all.type === "StringValue" && item.type === "StringValue") return text(all).includes(text(item));
  if (all.type === "ObjectValue") {
    return item.type === "StringValue" && (all.value as Map<string, Value>).has(written(item));
  }
  const items = itemsOf(all);
  if (!items) throw new Error(`cannot look for ${typeName(item)} in ${typeName(all)}`);
  return items.some((each) => equal(each, item));
}
