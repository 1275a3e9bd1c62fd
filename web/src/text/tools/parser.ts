/**
 * An answer on its way, taken apart: thoughts, text, and calls of tools.
 *
 * However a text is cut into pieces, the deltas say the same. A thought can only be at the beginning. A call
 * begins once its tool is known to be one of `names` and its arguments have begun; until then it is held
 * back, and what turns out to be none is text. White space around calls and thoughts is dropped. The
 * counterpart of `runtime/chat/tools/parser.py`.
 */

import { CallReader, type Names } from "./calls.js";
import {
  CALL, CHANNEL, ENDS, headerOf, mayBeHeader, MESSAGE, MOST_HEADER, RETURN, START,
} from "./channels.js";
import { Characters, END, Unreadable, withoutSpace, type Reading } from "./characters.js";
import type { Delta, Kind } from "./deltas.js";
import type { CallForm, Thoughts } from "./forms.js";
import type { Strings } from "./xmlCalls.js";

export interface ParserOptions {
  /** The tools that may be called: "any" for whatever has a name. */
  readonly names?: Iterable<string> | "any";
  /** The parameters of each tool that are texts, for forms that do not tell texts from numbers. */
  readonly strings?: Strings;
  /** Whether the prompt ends with the beginning of a thought. */
  readonly thinking?: boolean;
  /** After so many calls nothing more is wanted. */
  readonly mostCalls?: number | null;
}

export class AnswerParser {
  /** Whether the answer is in a thought. */
  thinking: boolean;
  /** Whether it has as many calls as it may have. */
  done = false;
  /** How many calls it has. */
  calls = 0;
  private deltas: Delta[] = [];
  private readonly characters = new Characters();
  private readonly reader: CallReader | null;
  private readonly mostCalls: number | null;
  private readonly names: Names;
  private readonly reading: Reading<never>;

  /** Without a `form` there are no calls, without `thoughts` none of these. */
  constructor(
    private readonly form: CallForm | null,
    private readonly thoughts: Thoughts | null,
    { names = [], strings = new Map(), thinking = false, mostCalls = null }: ParserOptions = {},
  ) {
    this.thinking = thinking && thoughts !== null;
    this.mostCalls = mostCalls;
    const called = (kind: Kind, text: string): void => this.called(kind, text);
    this.reader = form && new CallReader(this.characters, form, namesOf(names), strings, called);
    this.names = namesOf(names);
    this.reading = form?.channels || thoughts?.channels ? this.messages() : this.answer();
    this.reading.next("");
  }

  /** What is known now that `text` came. */
  push(text: string): readonly Delta[] {
    for (const char of text) {
      if (this.done) break;
      this.reading.next(char);
    }
    return this.taken();
  }

  /** The rest, now that nothing more comes: a call that it cuts off does not make it `done`. */
  flush(): readonly Delta[] {
    if (!this.done) {
      this.reading.next(END);
      this.done = false;
    }
    return this.taken();
  }

  private taken(): readonly Delta[] {
    const { deltas } = this;
    this.deltas = [];
    return deltas;
  }

  private put(kind: Kind, text: string): void {
    if (!text) return;
    const last = this.deltas.at(-1);
    if (last?.kind === kind) this.deltas[this.deltas.length - 1] = { ...last, text: last.text + text };
    else this.deltas.push({ kind, text, index: Math.max(0, this.calls - 1) });
  }

  /** Takes what the reader of calls found: a name, arguments, or "" for a call's end. */
  private called(kind: Kind, text: string): void {
    if (kind === "call") {
      this.deltas.push({ kind, text, index: this.calls });
      this.calls += 1;
    } else if (text) this.put("arguments", text);
    else this.done = this.calls === this.mostCalls;
  }

  private *answer(): Reading<never> {
    if (this.thoughts) yield* this.thought(this.thoughts);
    let begins = this.form?.bare ?? false;
    const opens = this.form?.opens ?? [];
    for (;;) {
      const found = yield* this.until(opens, "text", begins);
      if (!found) break;
      begins = false;
      const before = this.calls;
      yield* this.callsBehind(found.mark, found.spaces);
      if (this.calls > before) this.characters.unread(yield* this.characters.afterSpace());
    }
    for (;;) yield; // nothing comes any more
  }

  /** Reads a thought, where the answer begins with one. */
  private *thought({ open, close }: Thoughts): Reading<void> {
    let held = "";
    while (!this.thinking) {
      const char = yield* this.characters.next();
      held += char;
      const begun = withoutSpace(held);
      if (begun === open) this.thinking = true;
      else if (char === END || !open.startsWith(begun)) {
        this.characters.unread(held);
        return;
      }
    }
    this.characters.unread(yield* this.characters.afterSpace());
    yield* this.until([close], "reasoning");
    this.thinking = false;
    this.characters.unread(yield* this.characters.afterSpace());
  }

  /**
   * Hands over text up to one of `marks`; gives that and the white space before it, null at the end. With
   * `stopsAtJson` a bracket or brace that nothing stands before is a mark, too: "".
   */
  private *until(
    marks: readonly string[],
    kind: Kind,
    stopsAtJson = false,
  ): Reading<{ readonly mark: string; readonly spaces: string } | null> {
    let [held, mayStop] = ["", stopsAtJson];
    for (;;) {
      const char = yield* this.characters.next();
      if (char === END) break;
      if (mayStop && "{[".includes(char) && !withoutSpace(held)) {
        this.characters.unread(char);
        return { mark: "", spaces: held };
      }
      held += char;
      let begun = withoutSpace(held);
      while (begun && !marks.some((mark) => mark.startsWith(begun))) {
        const shown = held.length - begun.length + 1;
        this.put(kind, held.slice(0, shown));
        held = held.slice(shown);
        mayStop = false;
        begun = withoutSpace(held);
      }
      if (begun && marks.includes(begun)) return { mark: begun, spaces: held.slice(0, -begun.length) };
    }
    if (withoutSpace(held) || (kind === "text" && !this.calls)) this.put(kind, held);
    return null;
  }

  /**
   * Reads calls behind a mark. What is no call is text, but for its last character, which is read again: a
   * mark may begin with it. What follows a call and is none is read again as a whole.
   */
  private *callsBehind(mark: string, spaces: string): Reading<void> {
    const { characters, calls: before } = this;
    characters.mark();
    try {
      yield* this.reader?.section(mark !== "") ?? never();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      let raw = characters.raw;
      if (this.calls === before) {
        const last = [...raw].at(-1) ?? "";
        this.put("text", spaces + mark + raw.slice(0, raw.length - last.length));
        raw = last;
      }
      characters.unread(raw);
    }
    characters.unmark();
  }

  // ---- an answer of messages (`channels.ts`)

  private *messages(): Reading<never> {
    const { thoughts, thinking } = this;
    let header = thoughts && thinking ? thoughts.open : yield* this.header("");
    const told = new Set<Kind>();
    for (;;) {
      const mark = yield* this.message(header, told);
      this.done = mark !== null;
      if (mark === null || mark === CALL || mark === RETURN) break;
      this.done = false;
      header = yield* this.header(mark === START || mark === CHANNEL ? mark : "");
    }
    for (;;) yield; // nothing comes any more
  }

  /** What stands before a message and begins with `mark`, "" where there is none. */
  private *header(mark: string): Reading<string> {
    let held = mark;
    while (mayBeHeader(withoutSpace(held))) {
      const char = yield* this.characters.next();
      held += char;
      if (held.endsWith(MESSAGE)) return withoutSpace(held);
      if (char === END || held.length > MOST_HEADER) break;
    }
    this.put("text", mark);
    this.characters.unread(held.slice(mark.length));
    return "";
  }

  /** Reads the message behind a header; gives the mark that ends it. `told` has the kinds so far. */
  private *message(header: string, told: Set<Kind>): Reading<string | null> {
    const { channel, recipient, called } = headerOf(header);
    if (called && this.form && this.names.has(called)) return yield* this.messageCall(called, header);
    const thought = channel === "analysis" && !recipient;
    const raw = recipient !== "" || (thought && !this.thoughts); // as it is, so that nothing is lost
    const kind: Kind = thought && !raw ? "reasoning" : "text";
    this.thinking = kind === "reasoning";
    if (raw) this.put("text", header);
    else if (told.has(kind) && header) this.put(kind, "\n\n");
    told.add(kind);
    const found = yield* this.until(ENDS, kind);
    this.thinking = false;
    if (raw) this.putEnd(found);
    return found?.mark ?? null;
  }

  /** Reads a message that is a call; gives the mark that ends it. */
  private *messageCall(name: string, header: string): Reading<string | null> {
    const { characters } = this;
    characters.mark();
    const begun = (yield* characters.afterSpace()) === "{";
    const raw = characters.raw;
    characters.unmark();
    if (begun) {
      this.called("call", name);
      yield* characters.balanced((text) => this.called("arguments", text));
      this.called("arguments", "");
    } else {
      this.put("text", header);
      characters.unread(raw);
    }
    const found = yield* this.until(ENDS, "text");
    if (!begun) this.putEnd(found);
    return found?.mark ?? null;
  }

  /** Hands over the mark that ended a message which is text, mark and all. */
  private putEnd(found: { readonly mark: string; readonly spaces: string } | null): void {
    if (found && found.mark !== START && found.mark !== CHANNEL) this.put("text", found.spaces + found.mark);
  }
}

function namesOf(names: Iterable<string> | "any"): Names {
  return names === "any" ? { has: (name) => name !== "" } : new Set(names);
}

function* never(): Reading<void> {
  throw new Unreadable();
}
