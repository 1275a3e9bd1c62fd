/** Values in errors, written as Python's `repr` writes them, so that both runtimes say the same. */

import { isList, isObject, type Json } from "./text.js";

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

export function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return "None";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (isList(value)) return `[${value.map(shown).join(", ")}]`;
  if (!isObject(value)) return String(value);
  const members = Object.entries(value).map(([name, each]) => `${quoted(name)}: ${shown(each)}`);
  return `{${members.join(", ")}}`;
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = Array.from(text, (char) => {
    if (char === quote) return `\\${char}`;
    const code = char.codePointAt(0) ?? 0;
    const isControl = code < 0x20 || (code >= 0x7f && code <= 0xa0);
    return ESCAPES.get(char) ?? (isControl ? `\\x${code.toString(16).padStart(2, "0")}` : char);
  });
  return quote + inner.join("") + quote;
}

/** What Python calls the type of a value. */
export function typeName(value: Json): string {
  if (value === null) return "nothing";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return typeof value === "string" ? "str" : isList(value) ? "list" : "dict";
}
