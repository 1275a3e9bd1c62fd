/** The filter `tojson`, as transformers has it: json.dumps of Python. */

import { argument, flag, type Filter } from "./arguments.js";
import { floatText, itemsOf, text, typeName, valueOf, type Value } from "./python.js";
import { checkText } from "./sizes.js";

const MAX_INDENT = 1000;

interface Options {
  /** What a level is indented by; null for one line. */
  readonly indent: string | null;
  readonly ascii: boolean;
  readonly sorted: boolean;
  /** Between items, and between a name and its value. */
  readonly separators: readonly [string, string];
}

export const json: Filter = (value, given) => {
  const found = argument(given, 1, "indent") ?? valueOf(null);
  const width = found.type === "StringValue" || found.type === "NullValue" ? 0 : Number(found.value);
  if (!Number.isInteger(width) || width > MAX_INDENT)
    throw new Error(`indent is ${width}, wanted at most ${MAX_INDENT}`);
  const spaces = " ".repeat(Math.max(0, width));
  const indent = found.type === "StringValue" ? text(found) : found.type === "NullValue" ? null : spaces;
  const [between, colon] = itemsOf(argument(given, 2, "separators") ?? valueOf(null)) ?? [];
  const separators = [
    between ? text(between) : indent === null ? ", " : ",",
    colon ? text(colon) : ": ",
  ] as const;
  const options = {
    indent,
    separators,
    ascii: flag(given, 0, "ensure_ascii"),
    sorted: flag(given, 3, "sort_keys"),
  };
  return valueOf(new Writer(options).of(value, 0));
};

/** Writes a value and counts what it has written, so that it stops where that is too long. */
class Writer {
  readonly #options: Options;
  #length = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  of(value: Value, depth: number): string {
    const items = itemsOf(value);
    if (items)
      return this.#block(
        "[]",
        items.map((item) => this.of(item, depth + 1)),
        depth,
      );
    if (value.type !== "ObjectValue") return this.#counted(plain(value, this.#options.ascii));
    const entries = [...(value.value as Map<string, Value>)];
    if (this.#options.sorted) entries.sort(([left], [right]) => (left < right ? -1 : 1));
    return this.#block(
      "{}",
      entries.map(([key, item]) => this.#name(key) + this.of(item, depth + 1)),
      depth,
    );
  }

  #name(key: string): string {
    return this.#counted(quoted(key, this.#options.ascii) + this.#options.separators[1]);
  }

  #block(brackets: string, parts: readonly string[], depth: number): string {
    const { indent, separators } = this.#options;
    const [open = "", close = ""] = brackets;
    if (!parts.length) return this.#counted(brackets);
    const line = (levels: number): string => (indent === null ? "" : `\n${indent.repeat(levels)}`);
    const between = separators[0] + line(depth + 1);
    this.#length += between.length * parts.length;
    return this.#counted(open + line(depth + 1)) + parts.join(between) + this.#counted(line(depth) + close);
  }

  #counted(part: string): string {
    this.#length += part.length;
    checkText(this.#length);
    return part;
  }
}

function plain(value: Value, ascii: boolean): string {
  if (value.type === "StringValue") return quoted(text(value), ascii);
  if (value.type === "FloatValue") return floatText(Number(value.value), "NaN", "Infinity");
  if (value.type === "NullValue") return "null";
  if (["IntegerValue", "BooleanValue"].includes(value.type)) return String(value.value);
  throw new Error(`${typeName(value)} is no JSON`);
}

function quoted(whole: string, ascii: boolean): string {
  const found = JSON.stringify(whole);
  if (!ascii) return found;
  return found.replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
