/**
 * Runs a chat template with the library @huggingface/jinja, within limits, and with Python's semantics where the
 * library follows JavaScript's.
 *
 * A template is untrusted. The library's interpreter walks the template itself and knows no JavaScript objects, so
 * a template reaches nothing but its variables; what is left to bound is time and memory. Time is looked at between
 * steps, so no single step may take long: every value has a bounded size (sizes.ts), and so has what each filter makes.
 *
 * The library differs from Python in these points, which are corrected here: the white space that `trim` and `strip`
 * remove, the characters that they are told to remove, `==` across types, how none, booleans and lists are written,
 * the sign of `%`, `+` between a string and something else, `capitalize`, what `length` of a string counts, undefined
 * values, and loops: over texts, with `break` and `continue` (the library drops what the iteration had written), and
 * their variables, which end with the iteration. filters.ts has the filters that it lacks.
 */

import { Environment, Interpreter } from "@huggingface/jinja";

import { stripLeft, stripRight } from "../addedTokens.js";
import { FILTERS, passes, type Arguments } from "./filters.js";
import { bind, loopOf, membersOf, Output } from "./loops.js";
import { METHODS } from "./methods.js";
import { capitalized, equal, strippedOf, text, typeName, valueOf, written, type Value } from "./python.js";
import { checkSize, checkText, Stopped } from "./sizes.js";
import { TEST, TEST_NOT } from "./testArguments.js";

type Node = NonNullable<Parameters<Interpreter["evaluate"]>[0]>;
export type Program = Parameters<Interpreter["run"]>[0];

const MAX_MILLISECONDS = 2000; // a real template takes a few
const STEPS_A_LOOK = 256;

// The fields of the library's nodes that are used here.
type Named = Node & { readonly value: string };
type Call = Node & { readonly callee: Node; readonly args: readonly Node[] };
type Member = Node & { readonly object: Node; readonly property: Node; readonly computed: boolean };
type Binary = Node & { readonly operator: { readonly value: string }; readonly left: Node; readonly right: Node };
type Select = Node & { readonly lhs: Node; readonly test: Node };
type If = Node & { readonly test: Node; readonly body: readonly Node[]; readonly alternate: readonly Node[] };
type Loop = Node & {
  readonly loopvar: Node;
  readonly iterable: Node;
  readonly body: readonly Node[];
  readonly defaultBlock: readonly Node[];
};
type Filter = Node & { readonly operand: Node; readonly filter: Node };
type Keyword = Node & { readonly key: Named; readonly value: Node };

const STATEMENTS = new Set(["Program", "Set", "If", "For", "Macro", "CallStatement", "FilterStatement", "Break", "Continue", "Comment"]);
const BODIES = ["body", "alternate", "defaultBlock"];

/** How a block ended: by its end, or by a statement about the loop around it. */
type Ending = "end" | "break" | "continue";

export class BoundedInterpreter extends Interpreter {
  /** Steps until the clock is looked at again. */
  #steps = STEPS_A_LOOK;
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
    if (this.#steps <= 0 || node?.type === "For") this.#look();
    const value = this.#asPython(node, environment) ?? super.evaluate(node, environment);
    this.#steps -= checkSize(value);
    return node && this.#written.has(node) && value.type !== "StringValue" ? valueOf(written(value)) : value;
  }

  /** Throws Stopped where the time is up. */
  #look(): void {
    this.#steps = STEPS_A_LOOK;
    if (performance.now() > this.#end) throw new Stopped("time");
  }

  /** The value of a node that Python evaluates differently from the library; null for all others. */
  #asPython(node: Node | undefined, environment: Environment): Value | null {
    if (node?.type === "For" || node?.type === "If") return this.#block([node], environment);
    if (node?.type === "FilterExpression") return this.#filter(node as Filter, environment);
    if (node?.type === "CallExpression") return this.#method(node as Call, environment);
    if (node?.type === "BinaryExpression") return this.#binary(node as Binary, environment);
    if (node?.type === "MemberExpression") return this.#member(node as Member, environment);
    return null;
  }

  // ---- statements ----

  #block(statements: readonly Node[], environment: Environment): Value {
    const output = new Output();
    this.#statements(statements, environment, output);
    return valueOf(output.toString());
  }

  #statements(statements: readonly Node[], environment: Environment, output: Output): Ending {
    for (const statement of statements) {
      if (statement.type === "Break") return "break";
      if (statement.type === "Continue") return "continue";
      if (statement.type === "For") this.#loop(statement as Loop, environment, output);
      else if (statement.type === "If") {
        const { test, body, alternate } = statement as If;
        const branch = this.evaluate(test, environment).__bool__().value ? body : alternate;
        const ending = this.#statements(branch, environment, output);
        if (ending !== "end") return ending;
      } else {
        const value = this.evaluate(statement, environment);
        if (value.type === "StringValue") output.write(text(value));
        else if (value.type !== "NullValue" && value.type !== "UndefinedValue") output.write(written(value));
      }
    }
    return "end";
  }

  #loop(node: Loop, environment: Environment, output: Output): void {
    this.#look();
    const items = this.#items(node, environment);
    if (items.length === 0) this.#statements(node.defaultBlock, environment, output);
    for (const [at, item] of items.entries()) {
      const scope = new Environment(environment);
      scope.setVariable("loop", loopOf(items, at));
      bind(node.loopvar, item, scope);
      if (this.#statements(node.body, scope, output) === "break") return;
    }
  }

  /** What a loop goes over, those that its `if` leaves out left out. */
  #items({ iterable, loopvar }: Loop, environment: Environment): Value[] {
    const select = iterable.type === "SelectExpression" ? (iterable as Select) : null;
    const value = this.evaluate(select?.lhs ?? iterable, environment);
    const items = membersOf(value);
    if (!items) throw new Error(`cannot loop over ${typeName(value)}`);
    if (!select) return items;
    return items.filter((item) => {
      const scope = new Environment(environment);
      bind(loopvar, item, scope);
      return this.evaluate(select.test, scope).__bool__().value;
    });
  }

  // ---- expressions ----

  #filter({ operand, filter }: Filter, environment: Environment): Value | null {
    const { callee, args } = filter.type === "CallExpression" ? (filter as Call) : { callee: filter, args: [] };
    const name = (callee as Named).value;
    const own = FILTERS.get(name);
    if (name.startsWith(TEST)) {
      const [negated, test] = name.startsWith(TEST_NOT) ? [true, name.slice(TEST_NOT.length)] : [false, name.slice(TEST.length)];
      const { positional } = this.#arguments(args, environment);
      return valueOf(passes(this.evaluate(operand, environment), test, positional, environment) !== negated);
    }
    if (own) {
      const value = this.evaluate(operand, environment);
      const given = this.#arguments(args, environment);
      checkSize(value); // as above: they may have made it larger
      return own(value, given, environment) ?? this.#filtered(filter, value, environment);
    }
    if (!["trim", "length", "count", "capitalize"].includes(name)) return null;
    const found = this.evaluate(operand, environment);
    const value = found.type === "UndefinedValue" ? valueOf("") : found;
    if (value.type !== "StringValue") return this.#filtered(renamed(filter), value, environment);
    if (name === "trim") return valueOf(this.#stripped(text(value), "strip", args, environment));
    return name === "capitalize" ? valueOf(capitalized(text(value))) : valueOf([...text(value)].length);
  }

  #arguments(args: readonly Node[], environment: Environment): Arguments {
    const keywords = new Map<string, Value>();
    const positional: Value[] = [];
    for (const each of args) {
      if (each.type === "KeywordArgumentExpression") {
        const { key, value } = each as Keyword;
        keywords.set(key.value, this.evaluate(value, environment));
      } else positional.push(this.evaluate(each, environment));
    }
    const apply = (name: string, value: Value, rest: Value[]): Value => {
      const inner = new Environment(environment);
      const names = rest.map((each, at) => {
        inner.setVariable(` argument ${at}`, each);
        return identifier(` argument ${at}`);
      });
      const filter = { type: "CallExpression", callee: identifier(name), args: names };
      inner.setVariable(" operand", value);
      const called = names.length ? filter : identifier(name);
      return this.evaluate({ type: "FilterExpression", operand: identifier(" operand"), filter: called } as Node, inner);
    };
    return { positional, keywords, apply };
  }

  /** An attribute or item; an error where the object is undefined. */
  #member(node: Member, environment: Environment): Value {
    const value = this.evaluate(node.object, environment);
    if (value.type === "UndefinedValue") throw new Error(`${nameOf(node.object)} is undefined`);
    const inner = new Environment(environment);
    inner.setVariable(" object", value);
    return super.evaluate({ ...node, object: identifier(" object") } as Node, inner);
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
    const own = METHODS.get(name);
    if (!own && !["strip", "lstrip", "rstrip", "capitalize", "replace"].includes(name)) return null;
    const value = this.evaluate(object, environment);
    if (own && value.type === "StringValue") return own(text(value), this.#arguments(args, environment).positional);
    if (value.type !== "StringValue") throw new Error(`${typeName(value)} has no attribute '${name}'`);
    if (name === "capitalize") return valueOf(capitalized(text(value)));
    if (name === "replace") return FILTERS.get("replace")?.(value, this.#arguments(args, environment), environment) ?? null;
    return valueOf(this.#stripped(text(value), name, args, environment));
  }

  #stripped(whole: string, method: string, args: readonly Node[], environment: Environment): string {
    const chars = args[0] ? this.evaluate(args[0], environment) : null;
    if (chars?.type === "StringValue") return strippedOf(whole, method, new Set(text(chars)));
    const left = method === "rstrip" ? whole : stripLeft(whole);
    return method === "lstrip" ? left : stripRight(left);
  }

  #binary({ operator, left, right }: Binary, environment: Environment): Value | null {
    if (!["==", "!=", "~", "%", "/", "//", "+", "*"].includes(operator.value)) return null;
    const [first, second] = [this.evaluate(left, environment), this.evaluate(right, environment)];
    checkSize(first); // the right may have made what it shares with it larger
    if (operator.value === "==") return valueOf(equal(first, second));
    if (operator.value === "!=") return valueOf(!equal(first, second));
    if (operator.value === "~") return valueOf(written(first) + written(second));
    if (operator.value === "+") return this.#sum(first, second, environment);
    if (operator.value === "*") return repeated(first, second) ?? this.#plainly("*", first, second, environment);
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

/** A text that is repeated, in either order; null for other operands. */
function repeated(left: Value, right: Value): Value | null {
  const [whole, times] = left.type === "StringValue" ? [left, right] : [right, left];
  if (whole.type !== "StringValue" || times.type !== "IntegerValue") return null;
  const count = Math.max(0, times.value as number);
  checkText(text(whole).length * count);
  return valueOf(text(whole).repeat(count));
}

/** The filter `count` is another name of `length`, which the library does not know. */
function renamed(filter: Node): Node {
  return (filter as Named).value === "count" ? identifier("length") : filter;
}

function identifier(value: string): Named {
  return { type: "Identifier", value };
}

function nameOf(node: Node): string {
  return node.type === "Identifier" ? `'${(node as Named).value}'` : "a value";
}
