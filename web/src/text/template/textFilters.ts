/** Filters of jinja2 that make texts. */

import { argument, attribute, flag, items, whole, type Filter } from "./arguments.js";
import { PYTHON_SPACE } from "../addedTokens.js";
import { capitalized, linesOf, stripped, text, valueOf, written } from "./python.js";
import { checkText, joinTexts } from "./sizes.js";

/** The text with `old` replaced, `count` times, or everywhere where that is null or less than 0. */
export function replaced(source: string, old: string, fresh: string, count: number | null): string {
  const parts = old ? source.split(old) : ["", ...source, ""];
  const times = Math.min(parts.length - 1, count === null || count < 0 ? Infinity : count);
  checkText(source.length + times * (fresh.length - old.length));
  return (
    parts.slice(0, times + 1).join(fresh) +
    parts
      .slice(times + 1)
      .map((part) => old + part)
      .join("")
  );
}

const replacing: Filter = (value, given) => {
  const [from, to, count] = [
    argument(given, 0, "old"),
    argument(given, 1, "new"),
    argument(given, 2, "count"),
  ];
  if (!from || !to) throw new Error("replace wants two texts");
  const times = count && count.type !== "NullValue" ? Number(count.value) : null;
  return valueOf(replaced(written(value), written(from), written(to), times));
};

const joined: Filter = (value, given) => {
  const path = argument(given, 1, "attribute");
  const between = written(argument(given, 0, "d") ?? given.keywords.get("separator") ?? valueOf(""));
  return valueOf(
    joinTexts(
      items(value).map((item) => written(path ? attribute(item, path) : item)),
      between,
    ),
  );
};

// Source: do_indent of jinja2's filters.
const indented: Filter = (value, given) => {
  const width = argument(given, 0, "width") ?? valueOf(4);
  const [first, blank] = [flag(given, 1, "first"), flag(given, 2, "blank")];
  if (width.type !== "StringValue") checkText(Number(width.value));
  const space = width.type === "StringValue" ? text(width) : " ".repeat(Math.max(0, Number(width.value)));
  const lines = linesOf(`${written(value)}\n`);
  checkText(written(value).length + lines.length * space.length);
  const indents = (line: string, at: number): boolean => (at === 0 ? first : blank || line !== "");
  return valueOf(lines.map((line, at) => (indents(line, at) ? space + line : line)).join("\n"));
};

// Source: do_title of jinja2's filters, whose words begin after spaces, hyphens and opening brackets.
const WORDS = new RegExp(`([-({\\[<${PYTHON_SPACE}]+)`, "u");
const titled: Filter = (value) => {
  const words = written(value)
    .split(WORDS)
    .map(([first = "", ...rest]) => first.toUpperCase() + rest.join("").toLowerCase());
  return valueOf(words.join(""));
};

const centered: Filter = (value, given) => {
  const [line, width] = [written(value), whole(given, 0, "width", 80)];
  checkText(width);
  const missing = Math.max(0, width - [...line].length);
  const left = (missing >> 1) + (missing & width & 1); // as Python's str.center
  return valueOf(" ".repeat(left) + line + " ".repeat(missing - left));
};

const truncated: Filter = (value, given) => {
  const [length, killWords] = [whole(given, 0, "length", 255), flag(given, 1, "killwords")];
  const end = written(argument(given, 2, "end") ?? valueOf("..."));
  const leeway = whole(given, 3, "leeway", 5);
  const chars = [...written(value)];
  if (chars.length <= length + leeway) return valueOf(chars.join(""));
  const cut = chars.slice(0, Math.max(0, length - end.length)).join("");
  const space = cut.lastIndexOf(" ");
  return valueOf((killWords || space < 0 ? cut : cut.slice(0, space)) + end);
};

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};
const escaped: Filter = (value) =>
  valueOf(written(value).replace(/[&<>'"]/g, (char) => ESCAPES[char] ?? char));

const worded: Filter = (value) => valueOf(written(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0);
const trimmed: Filter = (value, given) => stripped(written(value), "strip", argument(given, 0, "chars"));
const asText: Filter = (value) => valueOf(written(value));

export const TEXT_FILTERS: readonly (readonly [string, Filter])[] = [
  ["capitalize", (value) => valueOf(capitalized(written(value)))],
  ["center", centered],
  ["e", escaped],
  ["escape", escaped],
  ["indent", indented],
  ["join", joined],
  ["lower", (value) => valueOf(written(value).toLowerCase())],
  ["replace", replacing],
  ["string", asText],
  ["title", titled],
  ["trim", trimmed],
  ["truncate", truncated],
  ["upper", (value) => valueOf(written(value).toUpperCase())],
  ["wordcount", worded],
];
