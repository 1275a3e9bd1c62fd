/** Methods of texts that Python has and the library @huggingface/jinja lacks. */

import { listOf, text, valueOf, written, type Value } from "./python.js";
import { checkText } from "./sizes.js";

type Method = (whole: string, args: readonly Value[]) => Value;

const word = (value: Value | undefined): string => (value ? written(value) : "");

function joined(between: string, [list]: readonly Value[]): Value {
  const parts = Array.isArray(list?.value) ? (list.value as Value[]) : [...word(list)].map(valueOf);
  for (const part of parts) if (part.type !== "StringValue") throw new Error("join wants texts");
  checkText(parts.reduce((sum, part) => sum + text(part).length + between.length, 0));
  return valueOf(parts.map(text).join(between));
}

function lines(whole: string): Value {
  const found = whole.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/);
  if (found.at(-1) === "") found.pop();
  return listOf(found.map(valueOf));
}

function counted(whole: string, [part]: readonly Value[]): Value {
  const sought = word(part);
  return valueOf(sought ? whole.split(sought).length - 1 : [...whole].length + 1);
}

function found(whole: string, [part]: readonly Value[]): Value {
  const at = whole.indexOf(word(part));
  return valueOf(at < 0 ? -1 : [...whole.slice(0, at)].length);
}

export const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["count", counted],
  ["find", found],
  ["join", joined],
  ["removeprefix", (whole, [part]) => valueOf(whole.startsWith(word(part)) ? whole.slice(word(part).length) : whole)],
  [
    "removesuffix",
    (whole, [part]) => {
      const end = word(part);
      return valueOf(end && whole.endsWith(end) ? whole.slice(0, -end.length) : whole);
    },
  ],
  ["splitlines", lines],
]);
