/**
 * Tuples that the parser of the library (@huggingface/jinja) does not know, `()` and those with a comma at
 * their end such as `(1,)`: they are handed to it as lists with a filter that makes tuples of them.
 */

import type { tokenize } from "@huggingface/jinja";

type Token = ReturnType<typeof tokenize>[number];

/** The name of that filter: no template can write it. */
export const TUPLE = " tuple";

// After one of these words a parenthesis holds a value; after another it holds the arguments of a call.
const WORDS = ["in", "not", "and", "or", "if", "else", "is", "elif"];
const CALLED = ["CloseParen", "CloseSquareBracket", "StringLiteral"];

/** The tokens, with those tuples as lists. */
export function withTuples(tokens: readonly Token[]): Token[] {
  const found: Token[][] = [];
  const open: number[] = []; // where in `found` a parenthesis is open; -1 for that of a call
  for (const [at, token] of tokens.entries()) {
    const before = tokens[at - 1];
    if (token.type === "OpenParen") open.push(holdsValue(before) ? found.length : -1);
    const begin = token.type === "CloseParen" ? (open.pop() ?? -1) : -1;
    const first = found[begin];
    if (!first || (before?.type !== "Comma" && begin !== found.length - 1)) {
      found.push([token]);
      continue;
    }
    first.push(made("OpenSquareBracket", "[", token));
    if (before?.type === "Comma") found.pop();
    const filter = [made("Pipe", "|", token), made("Identifier", TUPLE, token)];
    found.push([made("CloseSquareBracket", "]", token), ...filter, token]);
  }
  return found.flat();
}

function holdsValue(before: Token | undefined): boolean {
  if (before?.type === "Identifier") return WORDS.includes(before.value);
  return before === undefined || !CALLED.includes(before.type);
}

/** A token like another one, of another type. */
export function made(type: string, value: string, like: Token): Token {
  return Object.assign(Object.create(Object.getPrototypeOf(like) as object) as Token, like, { type, value });
}
