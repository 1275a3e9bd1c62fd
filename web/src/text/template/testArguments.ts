/**
 * Tests with an argument, such as `is divisibleby(3)`, `is sameas none` and `is in [...]`, for the parser of
 * @huggingface/jinja, which knows none: they are handed to it as filters, which the interpreter reads as tests.
 */

import type { tokenize } from "@huggingface/jinja";

import { COMPARISONS } from "./filters.js";

type Token = ReturnType<typeof tokenize>[number];

/** What the name of such a filter begins with: no template can write it. */
export const TEST = "is ";
export const TEST_NOT = "is not ";

const OPENS: ReadonlyMap<string, string> = new Map([["OpenParen", "CloseParen"], ["OpenSquareBracket", "CloseSquareBracket"]]);
const LITERALS = ["NumericLiteral", "StringLiteral", "Identifier"];

/** The tokens, with tests that take an argument as filters. */
export function withTestArguments(tokens: readonly Token[]): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    const negated = tokens[at + 1]?.value === "not" && tokens[at + 1]?.type === "Identifier";
    const name = tokens[at + (negated ? 2 : 1)];
    const isTest = token.type === "Identifier" && token.value === "is" && name?.type === "Identifier";
    if (!isTest || !COMPARISONS.has(name.value)) {
      found.push(token);
      continue;
    }
    const begin = at + (negated ? 3 : 2);
    const end = endOfArgument(tokens, begin);
    const inner = tokens.slice(begin, end);
    const called = inner[0]?.type === "OpenParen";
    found.push(made("Pipe", "|", token), made("Identifier", (negated ? TEST_NOT : TEST) + name.value, token));
    found.push(...(called ? inner : [made("OpenParen", "(", token), ...inner, made("CloseParen", ")", token)]));
    at = end - 1;
  }
  return found;
}

/** Where the argument that starts at `begin` ends: a literal or a name, or what is in brackets. */
function endOfArgument(tokens: readonly Token[], begin: number): number {
  const first = tokens[begin];
  const close = OPENS.get(first?.type ?? "");
  if (!first || !close) return LITERALS.includes(first?.type ?? "") ? begin + 1 : begin;
  let depth = 0;
  for (let at = begin; at < tokens.length; at += 1) {
    if (tokens[at]?.type === first.type) depth += 1;
    if (tokens[at]?.type === close) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return tokens.length;
}

function made(type: string, value: string, like: Token): Token {
  return Object.assign(Object.create(Object.getPrototypeOf(like) as object) as Token, like, { type, value });
}
