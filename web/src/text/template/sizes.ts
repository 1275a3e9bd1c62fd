/**
 * How large the values of a template may be. Lists in lists share their parts, so a value of a few kilobytes may be
 * gigabytes when it is written: a value counts with all that it would be written as.
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

const known = new WeakMap<object, number>();

/** Throws Stopped where a value is too large. */
export function checkSize(value: Value): void {
  if (value.type === "StringValue") checkText((value.value as string).length);
  else if (sizeOf(value) > MAX_ITEMS) throw new Stopped("memory");
}

/** Throws Stopped where a text of this length would be too long. */
export function checkText(length: number): void {
  if (!(length <= MAX_OUTPUT)) throw new Stopped("length");
}

/** How many values there are in a value, each as often as it would be written; texts count by their length, too. */
function sizeOf(value: Value): number {
  const { value: inner }: { value?: unknown } = value;
  if (typeof inner === "string") return 1 + inner.length / 64;
  const parts = Array.isArray(inner) ? (inner as Value[]) : inner instanceof Map ? [...(inner as Map<string, Value>).values()] : null;
  if (!parts) return 1;
  const found = known.get(value);
  if (found !== undefined) return found;
  let size = 1;
  for (const part of parts) size += sizeOf(part);
  // What can still change is counted again each time.
  if (Array.isArray(inner)) known.set(value, size);
  return size;
}
