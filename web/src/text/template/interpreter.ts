/**
 * Runs a chat template with the library @huggingface/jinja, within limits, and with Python's semantics where
 * the library follows JavaScript's.
 *
 * A template is untrusted. The library's interpreter walks the template itself and knows no JavaScript
 * objects, so a template reaches nothing but its variables; what is left to bound is time and memory. Time is
 * looked at between steps, so no single step may take long: every value has a bounded size (sizes.ts), and so
 * has what each filter makes.
 *
 * The library differs from Python in much that templates use, so filters (filters.ts), operators, tests,
 * methods and how values are written (python.ts) are our own, and so are loops: over texts, with `break` and
 * `continue` (the library drops what the iteration had written), and with variables that end with the
 * iteration. tests/web/jinja_cases.py lists expressions that must have the value that jinja2 gives them.
 */

import { Environment, Interpreter } from "@huggingface/jinja";

import { GROUPS, type Arguments } from "./arguments.js";
import { FILTERS } from "./filters.js";
import { bind, loopOf, membersOf, Output } from "./loops.js";
import { MAPPING_METHODS, TEXT_METHODS } from "./methods.js";
import { contains, difference, inOrder, product, quotient, sum } from "./operators.js";
import { equal, itemsOf, text, tupleOf, typeName, valueOf, written, type Value } from "./python.js";
import { checkSize, Stopped } from "./sizes.js";
import { TEST, TEST_NOT } from "./testArguments.js";
import { passes } from "./tests.js";

type Node = NonNullable<Parameters<Interpreter["evaluate"]>[0]>;
export type Program = Parameters<Interpreter["run"]>[0];

const MAX_MILLISECONDS = 2000; // a real template takes a few
const STEPS_A_LOOK = 256;

// The fields of the library's nodes that are used here.
type Named = Node & { readonly value: string };
type Call = Node & { readonly callee: Node; readonly args: readonly Node[] };
type Member = Node & { readonly object: Node; readonly property: Node; readonly computed: boolean };
type Binary = Node & {
  readonly operator: { readonly value: string };
  readonly left: Node;
  readonly right: Node;
};
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

const STATEMENTS = new Set([
  "Program",
  "Set",
  "If",
  "For",
  "Macro",
  "CallStatement",
  "FilterStatement",
  "Break",
  "Continue",
  "Comment",
]);
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
    const { callee, args } =
      filter.type === "CallExpression" ? (filter as Call) : { callee: filter, args: [] };
    const name = (callee as Named).value;
    const own = FILTERS.get(name);
    if (name.startsWith(TEST)) {
      const [negated, test] = name.startsWith(TEST_NOT)
        ? [true, name.slice(TEST_NOT.length)]
        : [false, name.slice(TEST.length)];
      const { positional } = this.#arguments(args, environment);
      return valueOf(passes(this.evaluate(operand, environment), test, positional, environment) !== negated);
    }
    if (!own) return null;
    const value = this.evaluate(operand, environment);
    const given = this.#arguments(args, environment);
    checkSize(value); // as above: they may have made it larger
    return own(value, given, environment);
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
      return this.evaluate(
        { type: "FilterExpression", operand: identifier(" operand"), filter: called } as Node,
        inner,
      );
    };
    return { positional, keywords, apply };
  }

  /** An attribute or item; an error where the object is undefined. */
  #member(node: Member, environment: Environment): Value {
    const value = this.evaluate(node.object, environment);
    if (value.type === "UndefinedValue") throw new Error(`${nameOf(node.object)} is undefined`);
    if (node.computed && value.type === "StringValue" && node.property.type !== "SliceExpression") {
      const at = this.evaluate(node.property, environment);
      // A whole character, where JavaScript counts halves.
      if (at.type === "IntegerValue") return valueOf([...text(value)].at(at.value as number));
    }
    const inner = new Environment(environment);
    inner.setVariable(" object", value);
    const found = super.evaluate({ ...node, object: identifier(" object") } as Node, inner);
    if (node.property.type === "SliceExpression" && value.type === "TupleValue")
      return tupleOf(itemsOf(found) ?? []);
    const name = node.computed ? undefined : (node.property as Named).value;
    return GROUPS.get(value)?.get(name ?? "") ?? found;
  }

  /** A method of a text or of a mapping; null for those that the library has. */
  #method({ callee, args }: Call, environment: Environment): Value | null {
    if (callee.type !== "MemberExpression" || (callee as Member).computed) return null;
    const { object, property } = callee as Member;
    const name = (property as Named).value;
    const [ofText, ofMapping] = [TEXT_METHODS.get(name), MAPPING_METHODS.get(name)];
    if (!ofText && !ofMapping) return null;
    const value = this.evaluate(object, environment);
    if (ofText && value.type === "StringValue")
      return ofText(text(value), this.#arguments(args, environment));
    if (ofMapping && value.type === "ObjectValue") return ofMapping(value);
    throw new Error(`${typeName(value)} has no attribute '${name}'`);
  }

  #binary({ operator, left, right }: Binary, environment: Environment): Value | null {
    const own = OPERATORS.get(operator.value);
    if (!own) return null;
    const first = this.evaluate(left, environment);
    if (CHAINED.test(operator.value) && left.type === "BinaryExpression") {
      const before = left as Binary; // `a < b < c` asks for both, as in Python
      if (CHAINED.test(before.operator.value)) {
        if (!first.__bool__().value) return first;
        return own(this.evaluate(before.right, environment), this.evaluate(right, environment));
      }
    }
    const second = this.evaluate(right, environment);
    checkSize(first); // the right may have made what it shares with it larger
    return own(first, second);
  }
}

const CHAINED = /^[<>]=?$/;

const OPERATORS: ReadonlyMap<string, (left: Value, right: Value) => Value> = new Map<
  string,
  (left: Value, right: Value) => Value
>([
  ["==", (left, right) => valueOf(equal(left, right))],
  ["!=", (left, right) => valueOf(!equal(left, right))],
  ["in", (left, right) => valueOf(contains(right, left))],
  ["not in", (left, right) => valueOf(!contains(right, left))],
  ["~", (left, right) => valueOf(written(left) + written(right))],
  ["+", sum],
  ["-", difference],
  ["*", product],
  ...["/", "//", "%"].map(
    (name) => [name, (left: Value, right: Value) => quotient(name, left, right)] as const,
  ),
  ...["<", "<=", ">", ">="].map(
    (name) => [name, (left: Value, right: Value) => valueOf(inOrder(name, left, right))] as const,
  ),
]);

function identifier(value: string): Named {
  return { type: "Identifier", value };
}

function nameOf(node: Node): string {
  return node.type === "Identifier" ? `'${(node as Named).value}'` : "a value";
}
