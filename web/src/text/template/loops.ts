/** Loops of templates: what they go over, their variables, and what they write. */

import type { Environment, Interpreter } from "@huggingface/jinja";

import { itemsOf, text, typeName, valueOf, type Value } from "./python.js";
import { MAX_OUTPUT, Stopped } from "./sizes.js";

type Node = NonNullable<Parameters<Interpreter["evaluate"]>[0]>;

/** What a block has written so far. */
export class Output {
  readonly #parts: string[] = [];
  #length = 0;

  write(part: string): void {
    this.#length += part.length;
    if (this.#length > MAX_OUTPUT) throw new Stopped("length");
    this.#parts.push(part);
  }

  toString(): string {
    return this.#parts.join("");
  }
}

/** What a loop over a value goes over; null where there can be no loop over it. */
export function membersOf(value: Value): Value[] | null {
  if (value.type === "UndefinedValue") return [];
  if (value.type === "StringValue") return [...text(value)].map(valueOf);
  if (value.type === "ObjectValue") return [...(value.value as Map<string, Value>).keys()].map(valueOf);
  return itemsOf(value);
}

/** The variables `loop`, which have attributes where mappings have items. */
export const LOOPS: WeakSet<Value> = new WeakSet();

/** The variable `loop`. */
export function loopOf(items: readonly Value[], at: number): Value {
  const plain = {
    index: at + 1,
    index0: at,
    revindex: items.length - at,
    revindex0: items.length - at - 1,
    first: at === 0,
    last: at === items.length - 1,
    length: items.length,
    depth: 1,
    depth0: 0,
  };
  const loop = valueOf({ ...plain, cycle: (...of: unknown[]) => of[at % of.length] });
  const fields = loop.value as Map<string, Value>;
  fields.set("previtem", items[at - 1] ?? valueOf(undefined));
  fields.set("nextitem", items[at + 1] ?? valueOf(undefined));
  LOOPS.add(loop);
  return loop;
}

/** Give a loop's variable, or its several ones, the values of an item. */
export function bind(names: Node, item: Value, scope: Environment): void {
  if (names.type === "Identifier") {
    scope.setVariable((names as Node & { readonly value: string }).value, item);
    return;
  }
  const targets = names.type === "TupleLiteral" ? (names as unknown as { value: readonly Node[] }).value : [];
  const values = itemsOf(item);
  if (!values) throw new Error(`cannot unpack ${typeName(item)}`);
  if (values.length !== targets.length)
    throw new Error(`${values.length} values to unpack, wanted ${targets.length}`);
  targets.forEach((target, at) => bind(target, values[at] ?? item, scope));
}
