/**
 * Reading a text that comes in pieces, one character after the other, by generators.
 *
 * A generator asks for the next character with `yield*`, so that readers look as if the whole text were
 * there, and however a text is cut into pieces, the same is read. The counterpart of
 * `runtime/chat/tools/characters.py`.
 */

export type Reading<T> = Generator<undefined, T, string>;

export const SPACE = " \t\r\n";
/** What comes after the last character, again and again. */
export const END = "";
const AFTER_WORD = `,}]${SPACE}`;

/** What was read is not what it began like. */
export class Unreadable extends Error {}

/** Whether a character is white space; END is none. */
export function isSpace(char: string): boolean {
  return char !== END && SPACE.includes(char);
}

/** A text without white space at its start. */
export function withoutSpace(text: string): string {
  return text.replace(/^[ \t\r\n]+/, "");
}

/** The characters of a text, which may be read again. */
export class Characters {
  private noted: string[] | null = null;
  private readonly back: string[] = [];
  private ended = false;

  /** What was read since `mark`. */
  get raw(): string {
    return this.noted?.join("") ?? "";
  }

  /** Begin to note what is read. */
  mark(): void {
    this.noted = [];
  }

  /** Note no more: what follows may be long. */
  unmark(): void {
    this.noted = null;
  }

  /** The next character, END after the last. */
  *next(): Reading<string> {
    let char = this.back.pop();
    if (char === undefined) {
      char = this.ended ? END : yield;
      this.ended = char === END;
    }
    if (char !== END) this.noted?.push(char);
    return char;
  }

  /** Let these characters, which were read last, be read again. */
  unread(text: string): void {
    const chars = [...text].reverse();
    for (const char of chars) this.back.push(char);
    if (this.noted && chars.length) this.noted.length = Math.max(0, this.noted.length - chars.length);
  }

  /** The next character that is no white space. */
  *afterSpace(): Reading<string> {
    for (;;) {
      const char = yield* this.next();
      if (!isSpace(char)) return char;
    }
  }

  /** The text of a JSON string, behind its first quote. @throws Unreadable */
  *string(): Reading<string> {
    let escaped = false;
    const raw: string[] = [];
    for (;;) {
      const char = yield* this.next();
      if (char === '"' && !escaped) break;
      if (char < " ") throw new Unreadable(); // the end, too
      escaped = char === "\\" && !escaped;
      raw.push(char);
    }
    let text: string;
    try {
      text = JSON.parse(`"${raw.join("")}"`) as string;
    } catch {
      throw new Unreadable();
    }
    if (/\p{Surrogate}/u.test(text)) throw new Unreadable();
    return text;
  }

  /**
   * Hands over everything from a brace, which was read, to the one that closes it, or to the end. Control
   * characters in strings, which JSON does not allow and models write, are handed over escaped.
   */
  *balanced(put: (text: string) => void): Reading<void> {
    put("{");
    let [depth, quoted, escaped] = [1, false, false];
    while (depth) {
      const char = yield* this.next();
      if (char === END) return;
      const inString = quoted;
      if (!quoted) {
        quoted = char === '"';
        depth += Number("{[".includes(char)) - Number("}]".includes(char));
      } else if (escaped) escaped = false;
      else [quoted, escaped] = [char !== '"', char === "\\"];
      put(inString && char < " " ? JSON.stringify(char).slice(1, -1) : char);
    }
  }

  /** Reads any JSON value, whose first character was read; gives the text of a number or a word. */
  *skipValue(first: string): Reading<string> {
    if (first === '"') yield* this.string();
    else if (first === "{" || first === "[") yield* this.balanced(() => undefined);
    else {
      const word: string[] = [];
      let char = first;
      while (char !== END && !AFTER_WORD.includes(char)) {
        word.push(char);
        char = yield* this.next();
      }
      this.unread(char);
      return word.join("");
    }
    return "";
  }
}
