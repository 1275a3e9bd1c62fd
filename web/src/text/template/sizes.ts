/**
 * How large the values of a template may be. Lists in lists share their parts, so a value of a few kilobytes
 * may be gigabytes when it is written: a value counts with all that it would be written as.
 */

import type { Value } from "./python.js";

export const MAX_OUTPUT = 4 * 2 ** 20;
const MAX_ITEMS = 10 ** 6;

/** Thrown where a template was stopped because it exceeded a limit. */
export class Stopped extends Error {
  readonly reason: "time" | "memory" | "length";

  constructor(reason: "time" | "memory" | "length") {
    super(reason);
    this.reason = reason;
  }
}

/** The sizes of lists that nothing can change any more. */
const known = new WeakMap<object, number>();

/** Throws Stopped where a value is too large; else returns how many of its parts had to be looked at. */
export function checkSize(value: Value): number {
  if (value.type === "StringValue") checkText((value.value as string).length);
  if (partsOf(value) === null) return 1;
  return new Count().of(value);
}

/** Throws Stopped where a text of this length would be too long. */
export function checkText(length: number): void {
  if (!(length <= MAX_OUTPUT)) throw new Stopped("length");
}

/** The texts with `between` in between; throws Stopped where that would be too long. */
export function joinTexts(parts: readonly string[], between: string): string {
  checkText(parts.reduce((sum, part) => sum + part.length + between.length, 0) - between.length);
  return parts.join(between);
}

interface Size {
  readonly size: number;
  /** Whether it stays as it is: a namespace, and a list that holds one, may still grow. */
  readonly fixed: boolean;
}

/** Counts the values in a value, each as often as it would be written; texts count by their length, too. */
class Count {
  /** Nothing changes while it counts, so what is shared is looked at once. */
  readonly #seen = new Map<Value, Size>();
  #looked = 0;

  of(value: Value): number {
    this.#sizeOf(value);
    return this.#looked;
  }

  #sizeOf(value: Value): Size {
    this.#looked += 1;
    const { value: inner }: { value?: unknown } = value;
    if (typeof inner === "string") return { size: 1 + inner.length / 64, fixed: true };
    const parts = partsOf(value);
    if (!parts) return { size: 1, fixed: true };
    const fixedSize = known.get(value);
    if (fixedSize !== undefined) return { size: fixedSize, fixed: true };
    const found = this.#seen.get(value) ?? this.#sum(parts, value.type !== "NamespaceValue");
    this.#seen.set(value, found);
    if (found.fixed) known.set(value, found.size);
    return found;
  }

  #sum(parts: Iterable<Value>, unchanging: boolean): Size {
    let [size, fixed] = [1, unchanging];
    for (const part of parts) {
      const found = this.#sizeOf(part);
      size += found.size;
      fixed &&= found.fixed;
      if (size > MAX_ITEMS) throw new Stopped("memory");
    }
    return { size, fixed };
  }
}

/** What a value holds; null where it is no list, mapping or namespace. */
function partsOf({ value }: { value?: unknown }): Iterable<Value> | null {
  if (Array.isArray(value)) return value as Value[];
  return value instanceof Map ? (value as Map<string, Value>).values() : null;
}
