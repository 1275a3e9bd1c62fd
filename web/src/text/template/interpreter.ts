/**
 * Runs a chat template with the library @huggingface/jinja, within limits, and with Python's semantics where the
 * library follows JavaScript's.
 *
 * A template is untrusted. The library's interpreter walks the template itself and knows no JavaScript objects, so
 * a template reaches nothing but its variables; what is left to bound is time and memory.
 *
 * The library differs from Python in these points, which are corrected here: the white space that `trim` and `strip`
 * remove, the characters that they are told to remove, `==` across types, how none, booleans and lists are written,
 * the sign of `%`, `+` between a string and something else, `capitalize`, what `length` of a string counts, loops
 * over texts, and undefined values.
 */

import { Environment, Interpreter } from "@huggingface/jinja";

import { stripLeft, stripRight } from "../addedTokens.js";

type Node = NonNullable<Parameters<Interpreter["evaluate"]>[0]>;
export type Value = ReturnType<Interpreter["evaluate"]>;
export type Program = Parameters<Interpreter["run"]>[0];

export const MAX_OUTPUT = 4 * 2 ** 20;
const MAX_ITEMS = 10 ** 6;
const MAX_MILLISECONDS = 2000; // a real template takes a few
const STEPS_A_LOOK = 256;

/** Thrown where a template was stopped because it exceeded a limit. */
export class Stopped extends Error {
  readonly reason: "time" | "memory" | "length";

  constructor(reason: "time" | "memory" | "length") {
    super(reason);
    this.reason = reason;
  }
}

const scratch = new Environment();

/** A JavaScript value as a value of the library. */
export function valueOf(plain: string | number | boolean): Value {
  scratch.variables.delete("value");
  return scratch.set("value", plain);
}

// The fields of the library's nodes that are used here.
type Named = Node & { readonly value: string };
type Call = Node & { readonly callee: Node; readonly args: readonly Node[] };
type Member = Node & { readonly object: Node; readonly property: Node; readonly computed: boolean };
type Binary = Node & { readonly operator: { readonly value: string }; readonly left: Node; readonly right: Node };
type Loop = Node & { readonly iterable: Node };
type Filter = Node & { readonly operand: Node; readonly filter: Node };

const STATEMENTS = new Set(["Program", "Set", "If", "For", "Macro", "CallStatement", "FilterStatement", "Break", "Continue", "Comment"]);
const BODIES = ["body", "alternate", "defaultBlock"];

export class BoundedInterpreter extends Interpreter {
  #steps = 0;
  readonly #end = performance.now() + MAX_MILLISECONDS;
  readonly #written = new WeakSet<object>();

  override run(program: Program): Value {
    this.#markWritten(program);
    return super.run(program);
  }

  /** Note the expressions that are output, `{{ ... }}`, which must be written as Python writes them. */
  #markWritten(node: object): void {
    for (const [key, value] of Object.entries(node)) {
      if (!BODIES.includes(key) || !Array.isArray(value)) continue;
      for (const child of value as Node[]) {
        if (STATEMENTS.has(child.type)) this.#markWritten(child);
        else this.#written.add(child);
      }
    }
  }

  override evaluate(node: Node | undefined, environment: Environment): Value {
    this.#steps += 1;
    if ((this.#steps % STEPS_A_LOOK === 0 || node?.type === "For") && performance.now() > this.#end) {
      throw new Stopped("time");
    }
    const value = this.#asPython(node, environment) ?? super.evaluate(node, environment);
    if (value.type === "StringValue" && text(value).length > MAX_OUTPUT) throw new Stopped("length");
    if (Array.isArray(value.value) && value.value.length > MAX_ITEMS) throw new Stopped("memory");
    return node && this.#written.has(node) && value.type !== "StringValue" ? valueOf(written(value)) : value;
  }

  /** The value of an expression that Python evaluates differently from the library; null for all others. */
  #asPython(node: Node | undefined, environment: Environment): Value | null {
    if (node?.type === "FilterExpression") return this.#filter(node as Filter, environment);
    if (node?.type === "CallExpression") return this.#method(node as Call, environment);
    if (node?.type === "BinaryExpression") return this.#binary(node as Binary, environment);
    if (node?.type === "MemberExpression") return this.#member(node as Member, environment);
    if (node?.type === "For") return this.#loop(node as Loop, environment);
    return null;
  }

  #filter({ operand, filter }: Filter, environment: Environment): Value | null {
    const { callee, args } = filter.type === "CallExpression" ? (filter as Call) : { callee: filter, args: [] };
    const name = (callee as Named).value;
    if (!["trim", "length", "count", "capitalize"].includes(name)) return null;
    const found = this.evaluate(operand, environment);
    const value = found.type === "UndefinedValue" ? valueOf("") : found;
    if (value.type !== "StringValue") return this.#filtered(filter, value, environment);
    if (name === "trim") return valueOf(this.#stripped(text(value), "strip", args, environment));
    return name === "capitalize" ? valueOf(capitalized(text(value))) : valueOf([...text(value)].length);
  }

  /** An attribute or item; an error where the object is undefined. */
  #member(node: Member, environment: Environment): Value {
    const value = this.evaluate(node.object, environment);
    if (value.type === "UndefinedValue") throw new Error(`${nameOf(node.object)} is undefined`);
    const inner = new Environment(environment);
    inner.setVariable(" object", value);
    return super.evaluate({ ...node, object: identifier(" object") } as Node, inner);
  }

  /** A loop over an undefined value, which does nothing, or over the characters of a text; null for all others. */
  #loop(node: Loop, environment: Environment): Value | null {
    if (!["Identifier", "MemberExpression"].includes(node.iterable.type)) return null;
    const value = this.evaluate(node.iterable, environment);
    if (value.type !== "UndefinedValue" && value.type !== "StringValue") return null;
    const chars = value.type === "StringValue" ? [...text(value)] : [];
    const items = chars.map((char) => ({ type: "StringLiteral", value: char }));
    return super.evaluate({ ...node, iterable: { type: "ArrayLiteral", value: items } } as Node, environment);
  }

  /** The library's result for a filter whose operand has been evaluated. */
  #filtered(filter: Node, value: Value, environment: Environment): Value {
    const inner = new Environment(environment);
    inner.setVariable(" operand", value);
    const node = { type: "FilterExpression", operand: identifier(" operand"), filter };
    return super.evaluate(node, inner);
  }

  /** `text.strip()` and similar methods. */
  #method({ callee, args }: Call, environment: Environment): Value | null {
    if (callee.type !== "MemberExpression" || (callee as Member).computed) return null;
    const { object, property } = callee as Member;
    const name = (property as Named).value;
    if (!["strip", "lstrip", "rstrip", "capitalize"].includes(name)) return null;
    const value = this.evaluate(object, environment);
    if (value.type !== "StringValue") throw new Error(`${typeName(value)} has no attribute '${name}'`);
    if (name === "capitalize") return valueOf(capitalized(text(value)));
    return valueOf(this.#stripped(text(value), name, args, environment));
  }

  #stripped(whole: string, method: string, args: readonly Node[], environment: Environment): string {
    const chars = args[0] ? this.evaluate(args[0], environment) : null;
    if (chars?.type === "StringValue") return strippedOf(whole, method, new Set(text(chars)));
    const left = method === "rstrip" ? whole : stripLeft(whole);
    return method === "lstrip" ? left : stripRight(left);
  }

  #binary({ operator, left, right }: Binary, environment: Environment): Value | null {
    if (!["==", "!=", "~", "%", "/", "//", "+"].includes(operator.value)) return null;
    const [first, second] = [this.evaluate(left, environment), this.evaluate(right, environment)];
    if (operator.value === "==") return valueOf(equal(first, second));
    if (operator.value === "!=") return valueOf(!equal(first, second));
    if (operator.value === "~") return valueOf(written(first) + written(second));
    if (operator.value === "+") return this.#sum(first, second, environment);
    return this.#quotient(operator.value, first, second, environment);
  }

  #sum(left: Value, right: Value, environment: Environment): Value {
    const texts = [left, right].filter(({ type }) => type === "StringValue").length;
    if (texts === 2) return valueOf(text(left) + text(right));
    if (texts === 1) throw new Error(`cannot add ${typeName(left)} and ${typeName(right)}`);
    return this.#plainly("+", left, right, environment);
  }

  #quotient(operator: string, left: Value, right: Value, environment: Environment): Value {
    if (right.value === 0) throw new Error("division by zero");
    const whole = left.type === "IntegerValue" && right.type === "IntegerValue";
    if (operator !== "%" || !whole) return this.#plainly(operator, left, right, environment);
    const [dividend, divisor] = [left.value as number, right.value as number];
    return valueOf((((dividend % divisor) + divisor) % divisor) + 0);
  }

  /** The library's result for an operator whose operands have been evaluated. */
  #plainly(operator: string, left: Value, right: Value, environment: Environment): Value {
    const inner = new Environment(environment);
    inner.setVariable(" left", left);
    inner.setVariable(" right", right);
    const node = { type: "BinaryExpression", operator: { value: operator }, left: identifier(" left"), right: identifier(" right") };
    return super.evaluate(node, inner);
  }
}

function identifier(value: string): Named {
  return { type: "Identifier", value };
}

function nameOf(node: Node): string {
  return node.type === "Identifier" ? `'${(node as Named).value}'` : "a value";
}

function text(value: Value): string {
  return value.value as string;
}

function strippedOf(whole: string, method: string, chars: ReadonlySet<string>): string {
  const all = [...whole];
  let [start, end] = [0, all.length];
  while (method !== "rstrip" && start < end && chars.has(all[start] ?? "")) start += 1;
  while (method !== "lstrip" && end > start && chars.has(all[end - 1] ?? "")) end -= 1;
  return all.slice(start, end).join("");
}

function capitalized(whole: string): string {
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

function typeName(value: Value): string {
  return TYPE_NAMES[value.type] ?? "a list";
}

/** Python's `==`: numbers and booleans compare by value, lists and mappings by their contents. */
function equal(left: Value, right: Value): boolean {
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
function written(value: Value): string {
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
