/**
 * Reads GBNF, llama.cpp's form of grammars.
 *
 * Rules `name ::= ...` with "literals", [classes], `.`, names of rules, groups, alternatives, the quantifiers
 * * + ? {n} {n,} {n,m}, and # comments. The text follows the rule `root`. A rule goes on over a line's end
 * inside parentheses, and after ::= or |. The port of `runtime/grammar/gbnf.py`. Source: grammars/README.md
 * of llama.cpp, "GBNF Guide". Left recursion is refused, as it is there.
 */

import { ALL, checkText, codeOf, complement, ranges, type Range, type Ranges } from "./chars.js";
import { Embedder } from "./embed.js";
import { Grammar, type Part } from "./grammar.js";
import { shown } from "./json/shown.js";
import { GrammarError } from "./refusal.js";

const MOST_CHARACTERS = 200_000;
const MOST_DEPTH = 100;
const MOST_REPEATS = 2_000;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ...Array.from('\\"[]-^', (char) => [char, char] as const),
]);
const CODES: ReadonlyMap<string, number> = new Map([["x", 2], ["u", 4], ["U", 8]]);
const SIGNS: ReadonlyMap<string, Bounds> = new Map([["*", [0, null]], ["+", [1, null]], ["?", [0, 1]]]);
const IN_NAME = /^[A-Za-z0-9_-]$/;
const COUNT = /^[0-9]+$/;

/** How often something may come; null is without end. */
type Bounds = readonly [low: number, high: number | null];

/** The grammar of a GBNF text. @throws GrammarError with the line, for what is wrong or not known. */
export function gbnfGrammar(source: string, where = "grammar"): Grammar {
  checkText(source, where);
  return new Parser(Array.from(source), where).whole();
}

class Parser {
  private readonly grammar = new Grammar();
  private readonly embedder = new Embedder(this.grammar, "plain");
  private readonly rules = new Map<string, number>();
  private readonly defined = new Set<string>();
  private readonly usedAt = new Map<string, number>();
  private at = 0;

  constructor(
    private readonly text: readonly string[],
    private readonly where: string,
  ) {
    if (text.length <= MOST_CHARACTERS) return;
    const reason = `the grammar has ${text.length} characters, wanted at most ${MOST_CHARACTERS}`;
    throw new GrammarError(reason, where);
  }

  whole(): Grammar {
    this.skip(true);
    while (this.at < this.text.length) {
      this.rule();
      this.skip(true);
    }
    for (const [name, at] of this.usedAt) {
      if (this.defined.has(name)) continue;
      this.at = at;
      throw this.failure(`there is no rule ${shown(name)}`);
    }
    const root = this.defined.has("root") ? this.rules.get("root") : undefined;
    if (root === undefined) {
      throw new GrammarError("there is no rule 'root', which the text follows", this.where);
    }
    this.grammar.start = root;
    return this.grammar;
  }

  private rule(): void {
    const name = this.name();
    if (this.defined.has(name)) throw this.failure(`the rule ${shown(name)} is there twice`);
    this.skip();
    if (this.slice(this.at, this.at + 3) !== "::=") throw this.failure("wanted ::=");
    this.at += 3;
    this.skip(true);
    const { entry, exit } = this.grammar.rule(this.number(name));
    this.defined.add(name);
    this.alternatives(0)(entry, exit);
    if (this.at < this.text.length && !"\r\n".includes(this.peek())) {
      throw this.failure(`got ${shown(this.peek())}, wanted the end of the rule`);
    }
  }

  private number(name: string): number {
    const known = this.rules.get(name);
    if (known !== undefined) return known;
    const number = this.grammar.addRule(`${this.where}: ${name}`);
    this.rules.set(name, number);
    return number;
  }

  private alternatives(depth: number): Part {
    if (depth > MOST_DEPTH) throw this.failure(`groups are nested more than ${MOST_DEPTH} deep`);
    const branches = [this.sequence(depth)];
    while (this.peek() === "|") {
      this.at += 1;
      this.skip(true);
      branches.push(this.sequence(depth));
    }
    return (begin, end) => {
      for (const branch of branches) branch(begin, end);
    };
  }

  private sequence(depth: number): Part {
    const parts: Part[] = [];
    for (let atom = this.atom(depth); atom; atom = this.atom(depth)) {
      this.skip(depth > 0);
      parts.push(this.quantified(atom));
      this.skip(depth > 0);
    }
    return (begin, end) => this.grammar.sequence(begin, parts, end);
  }

  /** Read one element of a sequence; null where the sequence ends. */
  private atom(depth: number): Part | null {
    const char = this.peek();
    if (char === '"') return this.literal();
    if (char === "[") return this.characters(this.class());
    if (char === ".") {
      this.at += 1;
      return this.characters(ALL);
    }
    if (char === "(") return this.group(depth);
    if (IN_NAME.test(char)) {
      const { at } = this;
      const name = this.name();
      const number = this.number(name);
      if (!this.usedAt.has(name)) this.usedAt.set(name, at);
      return (begin, end) => this.grammar.addCall(begin, number, end);
    }
    if (char === "<" || char === "!") {
      throw this.failure("tokens in a grammar are not supported; write their text");
    }
    return null;
  }

  private characters(of: Ranges): Part {
    return (begin, end) => this.embedder.addChars(begin, of, end);
  }

  private group(depth: number): Part {
    this.at += 1;
    this.skip(true);
    const inside = this.alternatives(depth + 1);
    if (this.peek() !== ")") throw this.failure("a ( is not closed");
    this.at += 1;
    return inside;
  }

  private quantified(atom: Part): Part {
    const bounds = this.bounds();
    if (!bounds) return atom;
    const { grammar } = this;
    // Copies share one rule, so that nested repetitions add up and do not multiply.
    const rule = grammar.addRule(`${this.where}: a repetition`);
    const { entry, exit } = grammar.rule(rule);
    atom(entry, exit);
    return (begin, end) => this.addCopies(begin, rule, end, bounds);
  }

  private addCopies(begin: number, rule: number, end: number, [low, high]: Bounds): void {
    const { grammar } = this;
    let from = begin;
    const copy = (): void => {
      const after = grammar.node();
      grammar.addCall(from, rule, after);
      from = after;
    };
    for (let count = 0; count < low; count += 1) copy();
    if (high === null) {
      const [loop, again] = [grammar.node(), grammar.node()];
      grammar.addEmpty(from, loop);
      grammar.addCall(loop, rule, again);
      grammar.addEmpty(again, loop);
      from = loop;
    }
    for (let count = low; count < (high ?? low); count += 1) {
      grammar.addEmpty(from, end);
      copy();
    }
    grammar.addEmpty(from, end);
  }

  private bounds(): Bounds | null {
    const sign = SIGNS.get(this.peek());
    if (sign) {
      this.at += 1;
      return sign;
    }
    if (this.peek() !== "{") return null;
    const closing = this.text.indexOf("}", this.at);
    const inner = this.slice(this.at + 1, Math.max(closing, 0));
    const [low = "", ...rest] = inner.split(",").map((part) => part.trim());
    const high = rest.join();
    const counts = [low, high].filter(Boolean);
    if (closing < 0 || !low || !counts.every((part) => COUNT.test(part))) {
      throw this.failure("wanted {n}, {n,} or {n,m}");
    }
    if (counts.some((part) => part.length > 5 || Number(part) > MOST_REPEATS)) {
      throw this.failure(`a repetition above ${MOST_REPEATS} is not supported`);
    }
    const least = Number(low);
    const most = rest.length ? (high ? Number(high) : null) : least;
    if (most !== null && most < least) {
      throw this.failure("the bounds of a repetition are the wrong way round");
    }
    this.at = closing + 1;
    return [least, most];
  }

  private literal(): Part {
    this.at += 1;
    const found: string[] = [];
    while (this.peek() !== '"') found.push(this.character("a literal"));
    this.at += 1;
    const data = new TextEncoder().encode(found.join(""));
    return (begin, end) => this.grammar.addBytes(begin, data, end);
  }

  private class(): Ranges {
    this.at += 1;
    const isNegated = this.peek() === "^";
    if (isNegated) this.at += 1;
    const pairs: Range[] = [];
    while (this.peek() !== "]") {
      const low = codeOf(this.character("a class"));
      let high = low;
      if (this.peek() === "-" && this.text[this.at + 1] !== "]") {
        this.at += 1;
        high = codeOf(this.character("a class"));
        if (high < low) throw this.failure("the range of a class is the wrong way round");
      }
      pairs.push([low, high]);
    }
    this.at += 1;
    const found = ranges(pairs);
    return isNegated ? complement(found) : found;
  }

  /** Read one character of a literal or a class. */
  private character(inside: string): string {
    const char = this.peek();
    if (char === "" || char === "\n") throw this.failure(`${inside} does not end on its line`);
    this.at += 1;
    if (char !== "\\") return char;
    const code = this.peek();
    this.at += 1;
    const length = CODES.get(code);
    if (length !== undefined) return this.numbered(code, length);
    const found = ESCAPES.get(code);
    if (found === undefined) throw this.failure(`the escape \\${code} is not known`);
    return found;
  }

  private numbered(code: string, length: number): string {
    const digits = this.slice(this.at, this.at + length);
    const value = /^[0-9a-fA-F]+$/.test(digits) ? Number.parseInt(digits, 16) : Infinity;
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
      throw this.failure(`\\${code}${digits} is no character`);
    }
    this.at += digits.length;
    return String.fromCodePoint(value);
  }

  private name(): string {
    const begin = this.at;
    while (IN_NAME.test(this.peek())) this.at += 1;
    if (begin === this.at) throw this.failure(`got ${shown(this.peek())}, wanted the name of a rule`);
    return this.slice(begin, this.at);
  }

  /** Skip spaces and comments, and line ends where asked to. */
  private skip(newlines = false): void {
    for (let char = this.peek(); char; char = this.peek()) {
      if (char === "#") while (!["", "\n", "\r"].includes(this.peek())) this.at += 1;
      else if (" \t".includes(char) || (newlines && "\r\n".includes(char))) this.at += 1;
      else break;
    }
  }

  private peek(): string {
    return this.text[this.at] ?? "";
  }

  private slice(begin: number, end: number): string {
    return this.text.slice(begin, end).join("");
  }

  private failure(reason: string): GrammarError {
    const line = this.text.slice(0, this.at).filter((char) => char === "\n").length + 1;
    return new GrammarError(reason, `${this.where}: line ${line}`);
  }
}
