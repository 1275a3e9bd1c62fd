/**
 * Tests with an argument, such as `is divisibleby(3)`, `is sameas none` and `is in [...]`, for the parser of
 * the library (@huggingface/jinja), which knows none: they are handed to it as filters, which the interpreter
 * reads as tests.
 */

import type { tokenize } from "@huggingface/jinja";

import { COMPARISONS } from "./tests.js";

type Token = ReturnType<typeof tokenize>[number];

/** What the name of such a filter begins with: no template can write it. */
export const TEST = "is ";
export const TEST_NOT = "is not ";

const CLOSES: ReadonlyMap<string, string> = new Map([
  ["OpenParen", "CloseParen"],
  ["OpenSquareBracket", "CloseSquareBracket"],
  ["OpenCurlyBracket", "CloseCurlyBracket"],
]);
const POSTFIX = ["OpenSquareBracket", "OpenParen"];
const LITERALS = ["NumericLiteral", "StringLiteral", "Identifier"];

/** The tokens, with tests that take an argument as filters. */
export function withTestArguments(tokens: readonly Token[]): Token[] {
  const found: Token[] = [];
  const ends = bracketEnds(tokens);
  const closing: number[] = []; // where arguments without parentheses end, the innermost last
  for (const [at, token] of tokens.entries()) {
    while (closing.at(-1) === at && closing.pop() !== undefined) found.push(made("CloseParen", ")", token));
    const test = testAt(tokens, at);
    const [before, within] = [testAt(tokens, at - 1), testAt(tokens, at - 2)?.negated];
    if (before || within) continue; // its name, of which the filter has taken the place
    if (!test) {
      found.push(token);
      continue;
    }
    found.push(
      made("Pipe", "|", token),
      made("Identifier", (test.negated ? TEST_NOT : TEST) + test.name, token),
    );
    const begin = at + (test.negated ? 3 : 2);
    if (tokens[begin]?.type === "OpenParen") continue;
    found.push(made("OpenParen", "(", token));
    closing.push(endOfArgument(tokens, begin, ends));
  }
  return found;
}

interface Test {
  readonly name: string;
  readonly negated: boolean;
}

/** The test with an argument whose `is` is there; null where there is none. */
function testAt(tokens: readonly Token[], at: number): Test | null {
  const isWord = (token: Token | undefined, word: string): boolean =>
    token?.type === "Identifier" && token.value === word;
  if (!isWord(tokens[at], "is")) return null;
  const negated = isWord(tokens[at + 1], "not");
  const name = tokens[at + (negated ? 2 : 1)];
  return name?.type === "Identifier" && COMPARISONS.has(name.value) ? { name: name.value, negated } : null;
}

/**
 * Where the argument that starts at `begin` ends: a literal, a name or what is in brackets, with all that
 * follows it as in `messages[0].role`. Source: `parse_test` of jinja2's parser.
 */
function endOfArgument(tokens: readonly Token[], begin: number, ends: ReadonlyMap<number, number>): number {
  const first = tokens[begin]?.type ?? "";
  if (!ends.has(begin) && !LITERALS.includes(first)) return begin;
  let end = ends.get(begin) ?? begin + 1;
  for (;;) {
    const next = tokens[end]?.type ?? "";
    if (next === "Dot") end += 2;
    else if (POSTFIX.includes(next)) end = ends.get(end) ?? end + 1;
    else return Math.min(end, tokens.length - 1); // the last one closes the expression or statement
  }
}

/** For each opening bracket the place behind the one that closes it. */
function bracketEnds(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (const [at, { type }] of tokens.entries()) {
    if (CLOSES.has(type)) open.push(at);
    else if (type === CLOSES.get(tokens[open.at(-1) ?? -1]?.type ?? "")) ends.set(open.pop() ?? at, at + 1);
  }
  return ends;
}

function made(type: string, value: string, like: Token): Token {
  return Object.assign(Object.create(Object.getPrototypeOf(like) as object) as Token, like, { type, value });
}
