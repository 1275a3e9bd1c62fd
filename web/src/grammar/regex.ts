/**
 * Reads regular expressions: the subset of ECMA-262 that is regular, and that Python's `re` means alike.
 *
 * Literals, escapes, classes with ranges, `.`, \d \w \s and their opposites, groups, alternation, and the
 * quantifiers * + ? {n} {n,} {n,m}, greedy or lazy, which accept the same texts. Refused by name: assertions
 * other than ^ and $ at the ends, lookaround, backreferences, flags, Unicode properties, possessive
 * quantifiers. The port of `runtime/grammar/regex.py`. Source: ECMA-262, "Patterns"; JSON Schema draft
 * 2020-12, section 6.4 (which points to it).
 */

import * as chars from "./chars.js";
import type { Range, Ranges } from "./chars.js";
import { GrammarError } from "./refusal.js";
import * as syntax from "./syntax.js";
import type { Tree } from "./syntax.js";

const MOST_CHARACTERS = 10_000;
const MOST_DEPTH = 100;
const MOST_REPEATS = 10_000;
const CLASSES: ReadonlyMap<string, Ranges> = new Map([
  ["d", chars.DIGITS],
  ["w", chars.WORD],
  ["s", chars.SPACE],
  ["D", chars.complement(chars.DIGITS)],
  ["W", chars.complement(chars.WORD)],
  ["S", chars.complement(chars.SPACE)],
]);
const CONTROLS: ReadonlyMap<string, number> = new Map([
  ["n", 0x0a],
  ["t", 0x09],
  ["r", 0x0d],
  ["f", 0x0c],
  ["v", 0x0b],
  ["0", 0x00],
]);
const REFUSED_GROUPS = [
  ["(?=", "lookahead"],
  ["(?!", "lookahead"],
  ["(?<=", "lookbehind"],
  ["(?<!", "lookbehind"],
  ["(?P=", "a backreference"],
  ["(?>", "an atomic group"],
  ["(?#", "a comment"],
  ["(?(", "a condition"],
] as const;
const HEXADECIMAL = /^[0-9a-fA-F]{1,8}$/;
const COUNT = /^[0-9]{1,9}$/;
const DIGIT = /^\p{Nd}$/u;
const LETTER_OR_NUMBER = /^[\p{L}\p{N}]$/u;
const ONLY_AT_END = "$ is supported only at the end of the pattern or of one of its alternatives";

type Bounds = readonly [low: number, high: number | null];

/**
 * The tree of a pattern, which must match a whole text. With `search` it may match anywhere in the text, as
 * JSON Schema's `pattern` does, unless ^ or $ hold it to an end.
 *
 * @throws GrammarError with the place in the pattern, for what is wrong or not supported.
 */
export function parseRegex(pattern: string, where = "regex", search = false): Tree {
  return new Parser(pattern, where, search).whole();
}

class Parser {
  /** The pattern's characters, which places count, whatever units they take. */
  private readonly text: readonly string[];
  private at = 0;

  constructor(
    pattern: string,
    private readonly where: string,
    private readonly search: boolean,
  ) {
    chars.checkText(pattern, where);
    this.text = Array.from(pattern);
    const { length } = this.text;
    if (length <= MOST_CHARACTERS) return;
    throw new GrammarError(`the pattern has ${length} characters, wanted at most ${MOST_CHARACTERS}`, where);
  }

  whole(): Tree {
    const branches = [this.branch()];
    while (this.take("|")) branches.push(this.branch());
    if (this.at < this.text.length) throw this.fail("got a ) that closes nothing");
    return syntax.either(branches);
  }

  /** An alternative of the whole pattern, the only place where ^ and $ may stand. */
  private branch(): Tree {
    const begins = this.take("^");
    const body = this.sequence(0);
    const ends = this.take("$");
    if (this.at < this.text.length && !"|)".includes(this.peek())) throw this.fail(ONLY_AT_END);
    if (!this.search) return body;
    const free = [syntax.ANYTHING];
    return syntax.concat(...(begins ? [] : free), body, ...(ends ? [] : free));
  }

  private alternation(depth: number): Tree {
    if (depth > MOST_DEPTH) throw this.fail(`groups are nested more than ${MOST_DEPTH} deep`);
    const branches = [this.sequence(depth)];
    while (this.take("|")) branches.push(this.sequence(depth));
    return syntax.either(branches);
  }

  private sequence(depth: number): Tree {
    const parts: Tree[] = [];
    while (this.at < this.text.length && !"|)$".includes(this.peek())) {
      parts.push(this.quantified(this.atom(depth)));
    }
    return syntax.concat(...parts);
  }

  private quantified(atom: Tree): Tree {
    const bounds = this.bounds();
    if (!bounds) return atom;
    this.take("?"); // lazy: other matches first, the same texts
    if (this.peek() === "+") throw this.fail("possessive quantifiers are not supported");
    if (this.bounds()) throw this.fail("a quantifier follows another; put the first in a group");
    return syntax.repeat(atom, ...bounds);
  }

  /** A quantifier, if there is one. */
  private bounds(): Bounds | null {
    if (this.take("*")) return [0, null];
    if (this.take("+")) return [1, null];
    if (this.take("?")) return [0, 1];
    if (this.peek() !== "{") return null;
    const closing = this.text.indexOf("}", this.at);
    const inside = closing < 0 ? "" : this.text.slice(this.at + 1, closing).join("");
    const comma = inside.indexOf(",");
    const [low, high] = comma < 0 ? [inside, ""] : [inside.slice(0, comma), inside.slice(comma + 1)];
    if (!COUNT.test(low) || (high && !COUNT.test(high))) {
      throw this.fail("wanted {n}, {n,} or {n,m}; write \\{ for the brace itself");
    }
    const least = Number(low);
    const most = comma < 0 ? least : high ? Number(high) : null;
    if (Math.max(least, most ?? 0) > MOST_REPEATS) {
      throw this.fail(`a quantifier above ${MOST_REPEATS} is not supported`);
    }
    if (most !== null && most < least) throw this.fail("the quantifier's bounds are the wrong way round");
    this.at = closing + 1;
    return [least, most];
  }

  private atom(depth: number): Tree {
    const char = this.next();
    if (char === "(") return this.group(depth);
    if (char === "[") return syntax.charsOf(this.class());
    if (char === ".") return syntax.charsOf(chars.DOT);
    if (char === "\\") return syntax.charsOf(this.escape(false));
    if ("*+?{".includes(char)) {
      this.at -= 1;
      throw this.fail(`${char} has nothing to repeat; write \\${char} for the character itself`);
    }
    if (char === "^") {
      this.at -= 1;
      throw this.fail("^ is supported only at the start of the pattern or of one of its alternatives");
    }
    return syntax.text(char);
  }

  private group(depth: number): Tree {
    const rest = this.text.slice(this.at - 1, this.at + 3).join("");
    for (const [start, name] of REFUSED_GROUPS) {
      if (!rest.startsWith(start)) continue;
      this.at -= 1;
      throw this.fail(`${name} is not supported`);
    }
    if (rest.startsWith("(?:")) this.at += 2;
    else if (rest.startsWith("(?<") || rest.startsWith("(?P<")) {
      const closing = this.text.indexOf(">", this.at);
      if (closing < 0) throw this.fail("the name of a group does not end");
      this.at = closing + 1;
    } else if (rest.startsWith("(?")) {
      this.at -= 1;
      throw this.fail("flags in a pattern are not supported");
    }
    const inside = this.alternation(depth + 1);
    if (this.peek() === "$") throw this.fail(ONLY_AT_END);
    if (!this.take(")")) throw this.fail("a ( is not closed");
    return inside;
  }

  /** What follows a [ up to its ]. */
  private class(): Ranges {
    const negated = this.take("^");
    const pairs: Range[] = [];
    if (this.peek() === "]") {
      // It is empty in ECMA-262, and a literal ] in Python: so neither.
      throw this.fail("a class that begins with ] is not supported; write \\]");
    }
    do {
      let item = this.classItem();
      if (this.peek() === "-" && !["]", undefined].includes(this.text[this.at + 1])) {
        this.at += 1;
        const [low, high] = [single(item), single(this.classItem())];
        if (low === null || high === null || low > high) {
          throw this.fail("wanted a range of two characters in order; write \\- for the minus");
        }
        item = chars.ranges([[low, high]]);
      }
      pairs.push(...item);
    } while (this.peek() !== "]");
    this.at += 1;
    const found = chars.ranges(pairs);
    return negated ? chars.complement(found) : found;
  }

  private classItem(): Ranges {
    if (this.at >= this.text.length) throw this.fail("a [ is not closed");
    const char = this.next();
    return char === "\\" ? this.escape(true) : chars.ofText(char);
  }

  /** What follows a backslash. */
  private escape(inClass: boolean): Ranges {
    if (this.at >= this.text.length) throw this.fail("the pattern ends in a backslash");
    const char = this.next();
    const known = CLASSES.get(char);
    if (known) return known;
    const control = CONTROLS.get(char);
    if (control !== undefined && !(char === "0" && DIGIT.test(this.peek()))) {
      return chars.ranges([[control, control]]);
    }
    if (char === "b" && inClass) return chars.ofText("\b");
    if (char === "x" || char === "u") return chars.ofText(this.hexadecimal(char === "x" ? 2 : 4));
    if ("bBAZzG".includes(char)) throw this.fail(`the assertion \\${char} is not supported`);
    if (DIGIT.test(char) || char === "k") throw this.fail(`the backreference \\${char} is not supported`);
    if (char === "p" || char === "P") throw this.fail("Unicode properties are not supported");
    if (LETTER_OR_NUMBER.test(char)) throw this.fail(`the escape \\${char} is not known`);
    return chars.ofText(char);
  }

  private hexadecimal(wanted: number): string {
    let digits = wanted;
    let code = this.text.slice(this.at, this.at + digits);
    if (digits === 4 && code[0] === "{") {
      code = this.text.slice(this.at + 1, Math.max(this.text.indexOf("}", this.at), 0));
      this.at += 2;
      digits = code.length;
    }
    const written = code.join("");
    if (code.length !== digits || !HEXADECIMAL.test(written)) {
      throw this.fail("wanted \\xHH, \\uHHHH or \\u{H...}");
    }
    this.at += digits;
    const value = Number.parseInt(written, 16);
    if (value > chars.LAST || (value >= 0xd800 && value <= 0xdfff)) {
      throw this.fail(`\\u${written} is no character; write characters above U+FFFF as \\u{...}`);
    }
    return String.fromCodePoint(value);
  }

  private peek(): string {
    return this.text[this.at] ?? "";
  }

  private next(): string {
    this.at += 1;
    return this.text[this.at - 1] ?? "";
  }

  private take(char: string): boolean {
    const found = this.peek() === char;
    if (found) this.at += 1;
    return found;
  }

  private fail(message: string): GrammarError {
    return new GrammarError(message, `${this.where}: character ${this.at + 1}`);
  }
}

/** The only character of a set. */
function single(item: Ranges): number | null {
  const [first, ...others] = item;
  return first && !others.length && first[0] === first[1] ? first[0] : null;
}
