/** How the answer to a request is read: which marks are seen in it, and what it is taken apart into. */

import { formOf, thoughtsOf, type CallForm, type Forms, type Thoughts } from "../../text/tools/forms.js";
import { markedDecoder, shownMarks } from "../../text/tools/marked.js";
import { AnswerParser } from "../../text/tools/parser.js";
import type { Coder, Definition, StreamDecoder, Template } from "../../text/types.js";
import type { MatcherMaker, RequiredCall } from "../masked/grammars.js";
import type { CheckedRequest } from "../request/chat.js";

/** What one answer is read with. */
export interface Reader {
  readonly decoder: StreamDecoder;
  /** Takes the answer apart; null where it is nothing but text. */
  readonly parser: AnswerParser | null;
}

export function formsOf(template: Template, coder: Coder): Forms {
  const tokens = new Set([...coder.specialIds.keys(), ...coder.markup.keys()]);
  const thoughts = template.isPlain ? null : thoughtsOf(template.source, tokens);
  return { calls: formOf(template.source), thoughts };
}

/** Reads the answers to one request for a chat. */
export class AnswerReading {
  private readonly form: CallForm | null;
  private readonly thoughts: Thoughts | null;
  private thinking = false;

  constructor(
    private readonly forms: Forms,
    private readonly request: CheckedRequest,
    /** A call that must come, or that is held to its schema where one does. */
    private readonly call: RequiredCall | null,
  ) {
    const { tools, splitsThoughts, continues } = request;
    // What goes on cannot begin with a call that has no mark.
    this.form = tools && { ...forms.calls, bare: forms.calls.bare && !continues };
    this.thoughts = splitsThoughts ? forms.thoughts : null;
  }

  /**
   * What follows a prompt of which the template wrote this: the beginning of a call that must come, unless
   * the model thinks before it.
   */
  begun(written: string): string {
    this.thinking = this.isThinking(written);
    return this.isBegun ? (this.call?.begins ?? "") : "";
  }

  /** What holds the answer to a call that must come, after `begun`; null where none must. */
  get matchers(): MatcherMaker | null {
    return this.call && this.call.matchers({ begun: this.isBegun, thinking: this.thinking });
  }

  private get isBegun(): boolean {
    return this.call !== null && !this.call.free && !this.thinking && !this.call.mayThink;
  }

  /** What the next answer is read with, after `begun`; `ends` are the ids that end it, which are no marks. */
  reader(coder: Coder, ends: readonly number[], continued: boolean): Reader {
    const { form, request, thinking } = this;
    const none = (request.continues && !thinking) || this.isBegun;
    const thoughts = none ? null : this.thoughts;
    const decoder = coder.stream({ continued });
    if (!form && !thoughts) return { decoder, parser: null };
    const special = new Map([...coder.specialIds].filter(([, id]) => !ends.includes(id)));
    const most = this.call && !this.call.free ? this.call.most : null;
    const mostCalls = most ?? (request.tools && !request.tools.parallel ? 1 : null);
    const { callable: names = [], tools = [] } = request.tools ?? {};
    const strings = new Map(tools.map((tool) => [tool.function.name, stringsOf(tool)] as const));
    const parser = new AnswerParser(form, thoughts, { names, strings, thinking, mostCalls });
    if (this.isBegun) parser.push(this.call?.begins ?? "");
    return { decoder: markedDecoder(decoder, shownMarks(special, form, thoughts)), parser };
  }

  /** Whether a prompt ends within a thought, which the template began or the answer that is to go on. */
  private isThinking(written: string): boolean {
    const marks = this.forms.thoughts;
    if (!marks) return false;
    const begun = this.request.continues ? (this.request.messages.at(-1)?.content ?? "") : "";
    if (begun.includes(marks.close)) return false;
    return written.trimEnd().endsWith(marks.open) || begun.trimStart().startsWith(marks.open);
  }
}

/** The parameters of a tool that are texts. */
function stringsOf({ function: { parameters } }: Definition): readonly string[] {
  const { properties } = parameters;
  if (typeof properties !== "object" || properties === null) return [];
  const isText = (schema: unknown): boolean =>
    typeof schema === "object" && schema !== null && "type" in schema && schema.type === "string";
  return Object.entries(properties).flatMap(([name, schema]) => (isText(schema) ? [name] : []));
}
