/** Reads calls, behind the mark that begins them. The counterpart of `runtime/chat/tools/calls.py`. */

import { END, Unreadable, withoutSpace, type Characters, type Reading } from "./characters.js";
import type { Kind } from "./deltas.js";
import type { CallForm } from "./forms.js";
import { readTypedCalls } from "./typedCalls.js";
import { readFunction, readKeyedFunction, type Strings } from "./xmlCalls.js";

/** The tools that may be called. */
export type Names = Pick<ReadonlySet<string>, "has">;

const ARGUMENTS = ["arguments", "parameters"];
const BARE_FIELDS = [...ARGUMENTS, "name", "type", "id"];
const MOST_NAME = 200; // characters before [ARGS]; no tool has a longer name

/** Reads calls in a form. Whatever it finds goes to `put`: a name, arguments, and "" at a call's end. */
export class CallReader {
  private begun = false;
  private marked = false;

  constructor(
    private readonly characters: Characters,
    private readonly form: CallForm,
    private readonly names: Names,
    /** The parameters of each tool that are texts. */
    private readonly strings: Strings,
    private readonly put: (kind: Kind, text: string) => void,
  ) {}

  /**
   * Reads everything from behind a mark to the one that closes it. Without a mark an object that has other
   * fields than a call's is none. @throws Unreadable
   */
  *section(marked: boolean): Reading<void> {
    this.marked = marked;
    const char = yield* this.characters.afterSpace();
    if (char === "[") yield* this.list();
    else if (char === "{") yield* this.objects();
    else if (marked && this.form.xml && char === "<") {
      yield* readFunction(this.characters, this.names, this.strings, this.put);
    } else if (marked && this.form.keyed) {
      yield* readKeyedFunction(this.characters, char, this.names, this.strings, this.put);
    } else if (marked && this.form.typed) {
      return yield* readTypedCalls(this.characters, char, this.names, this.put);
    } else if (marked && this.form.named) yield* this.named(char);
    else throw new Unreadable();
    if (marked) yield* this.close();
  }

  private *list(): Reading<void> {
    for (;;) {
      if ((yield* this.characters.afterSpace()) !== "{") throw new Unreadable();
      yield* this.object();
      const char = yield* this.characters.afterSpace();
      if (char === "]" || char === END) return;
      if (char !== ",") throw new Unreadable();
    }
  }

  /** Reads objects, the first brace of which was read; there may be a mark of punctuation between two. */
  private *objects(): Reading<void> {
    let char = "{";
    while (char === "{") {
      yield* this.object();
      char = yield* this.characters.afterSpace();
      if (char !== ";" && char !== ",") continue;
      char = yield* this.characters.afterSpace();
      if (char !== "{") throw new Unreadable();
    }
    this.characters.unread(char);
  }

  private *close(): Reading<void> {
    this.characters.unread(yield* this.characters.afterSpace());
    for (const wanted of this.form.close) {
      const char = yield* this.characters.next();
      if (char === END) return; // the model's own end took the mark's place
      if (char !== wanted) throw new Unreadable();
    }
  }

  /** Reads an object of a name and arguments, behind its brace, in any order and with other fields. */
  private *object(): Reading<void> {
    this.begun = false;
    let [name, given] = ["", ""];
    let char = yield* this.characters.afterSpace();
    while (char === '"') {
      const key = yield* this.characters.string();
      if (!this.marked && !BARE_FIELDS.includes(key)) throw new Unreadable();
      if ((yield* this.characters.afterSpace()) !== ":") throw new Unreadable();
      char = yield* this.characters.afterSpace();
      if (key === "name" && !name) name = yield* this.name(char);
      else if (ARGUMENTS.includes(key) && !given && !this.begun) given = yield* this.arguments(char, name);
      else yield* this.characters.skipValue(char);
      char = yield* this.characters.afterSpace();
      if (char === ",") char = yield* this.characters.afterSpace();
      else if (char !== "}") break;
    }
    if (!this.begun) {
      if (char !== "}" || !name || !(given || this.marked)) throw new Unreadable();
      this.begin(name);
      this.put("arguments", given || "{}");
    }
    this.put("arguments", "");
    if (char !== "}") throw new Unreadable();
    this.characters.mark();
  }

  private *name(char: string): Reading<string> {
    const name = char === '"' ? yield* this.characters.string() : "";
    if (!this.names.has(name)) throw new Unreadable();
    return name;
  }

  /** Reads arguments. Where the name is known they are handed over as they come, else returned. */
  private *arguments(char: string, name: string): Reading<string> {
    if (char === "{" && name) {
      this.begin(name);
      yield* this.characters.balanced((each) => this.put("arguments", each));
      this.characters.mark();
      return "";
    }
    const found: string[] = [];
    if (char === "{") yield* this.characters.balanced((each) => found.push(each));
    // An object written out in a text, as OpenAI's API has it.
    else if (char === '"') found.push(yield* this.characters.string());
    else if ((yield* this.characters.skipValue(char)) === "null") found.push("{}");
    const text = found.join("");
    if (!isObject(text)) throw new Unreadable();
    return text;
  }

  /** Reads name[ARGS]{...}, the first character of which was read; an id may stand before [ARGS]. */
  private *named(first: string): Reading<void> {
    let [char, name] = [first, ""];
    while (char !== "[" && char !== "{") {
      if (char === END || name.length === MOST_NAME) throw new Unreadable();
      name += char;
      char = yield* this.characters.next();
    }
    name = withoutSpace(name).replace(/[ \t\r\n]+$/, "");
    if (!this.names.has(name)) throw new Unreadable();
    while (char === "[") {
      const tag = yield* this.upTo("]");
      if (tag === "CALL_ID") {
        yield* this.upTo("[");
        char = "[";
      } else if (tag === "ARGS") char = yield* this.characters.afterSpace();
      else throw new Unreadable();
    }
    if (char !== "{") throw new Unreadable();
    this.begin(name);
    yield* this.characters.balanced((each) => this.put("arguments", each));
    this.put("arguments", "");
    this.characters.mark();
  }

  /** The text before a character, which is read, too. @throws Unreadable where it is far. */
  private *upTo(last: string): Reading<string> {
    let text = "";
    for (;;) {
      const char = yield* this.characters.next();
      if (char === last) return text;
      if (char === END || text.length === MOST_NAME) throw new Unreadable();
      text += char;
    }
  }

  private begin(name: string): void {
    this.begun = true;
    this.characters.unmark();
    this.put("call", name);
  }
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
