/**
 * Turns messages into token ids. Earlier turns keep their ids, and messages cannot forge the model's markup.
 *
 * Encoding a generated text again may give other ids than those that were generated, and every cached key and
 * value after the first difference would be lost. So the encoder remembers the ids of the texts that it has
 * seen, and encodes only what follows them.
 *
 * A template writes markup such as `</s>` into the prompt, which becomes special tokens. What looks like
 * markup in a message is only text: it passes through the template as a single character (a guard, from a
 * private plane of Unicode) and is spelt out again afterwards.
 */

import { anyOf } from "./addedTokens.js";
import { formOf, type CallForm } from "./tools/forms.js";
import { rendered } from "./tools/rendering.js";
import type { Coder, Definition, Message, Prompt, Template } from "./types.js";

const ANCHORS = ["\n", "x", "\n\nx"];
const MAX_KNOWN = 1024; // texts remembered; a turn adds two at most
const FIRST_GUARD = 0xf0000;

export interface PromptOptions {
  /**
   * Whether the last message is the beginning of the answer: the prompt ends with it, and what the template
   * writes after an answer is left out.
   */
  readonly continues?: boolean;
  /** The tools that the model is told of. */
  readonly tools?: readonly Definition[];
  /** What the prompt ends with, markup included, given what the template wrote. */
  readonly begun?: (text: string) => string;
}

/** Renders and encodes prompts with the tokenizer and the template of one model. */
export interface PromptEncoder {
  /** The ids of a prompt; throws KernelcError("template") where it cannot be rendered. */
  encode(messages: readonly Message[]): number[];
  /** The prompt as text, for `remember`, and as ids. */
  prompt(messages: readonly Message[], options?: PromptOptions): Prompt;
  /** Note that these ids stand for a prompt and the answer to it, so that the next prompt keeps them. */
  remember(prompt: Prompt, answerIds: readonly number[]): void;
  /** Forget all texts, as for a new conversation. */
  forget(): void;
}

export function makePromptEncoder(coder: Coder, template: Template): PromptEncoder {
  return new Encoder(coder, template);
}

class Encoder implements PromptEncoder {
  readonly #coder: Coder;
  readonly #template: Template;
  readonly #form: CallForm;
  readonly #markup: Markup;
  readonly #known = new Map<string, readonly number[]>();
  /** By token that is not special: whether the template looks for it in answers. */
  readonly #read = new Map<string, boolean>();

  constructor(coder: Coder, template: Template) {
    this.#coder = coder;
    this.#template = template;
    this.#form = formOf(template.source);
    this.#markup = new Markup(coder.markup);
  }

  encode(messages: readonly Message[]): number[] {
    return this.prompt(messages).ids;
  }

  prompt(
    messages: readonly Message[],
    { continues = false, tools = [], begun = () => "" }: PromptOptions = {},
  ): Prompt {
    const guarded = messages.map((message) => ({
      ...(this.#guardedIn({ ...message, content: "" }) as Message),
      role: message.role, // ours, whatever word a model has for markup
      content: this.#guarded(message.role, message.content),
    }));
    const last = continues ? guarded.pop() : undefined;
    const told = tools.map((each) => this.#guardedIn(each) as Definition);
    const written = rendered(this.#template, this.#form, guarded, told);
    const text = written + (last?.content ?? "") + begun(written);
    return { text, ids: this.#encodeBehindKnown(text) ?? this.#cut(text) };
  }

  remember(prompt: Prompt, answerIds: readonly number[]): void {
    for (const continued of [false, true]) {
      // Templates treat a space at the start of an answer differently.
      const answer = this.#coder.decode(answerIds, { continued });
      if (!answer) continue; // its ids would stand for the prompt alone
      this.#remember(prompt.text + this.#guarded("assistant", answer), [...prompt.ids, ...answerIds]);
    }
  }

  forget(): void {
    this.#known.clear();
  }

  /**
   * A message's text with guards for the markup in it. An answer keeps what the template looks for: many cut
   * away the thoughts before "</think>".
   */
  #guarded(role: Message["role"], content: string): string {
    if (role !== "assistant") return this.#markup.guard(content);
    const shown = this.#markup.found(content).filter((token) => !this.#coder.specialIds.has(token));
    return this.#markup.guard(content, new Set(shown.filter((token) => this.#reads(token))));
  }

  /** A JSON value with guards for the markup in its texts. */
  #guardedIn(value: unknown): unknown {
    if (typeof value === "string") return this.#markup.guard(value);
    if (Array.isArray(value)) return value.map((each: unknown) => this.#guardedIn(each));
    if (typeof value !== "object" || value === null) return value;
    const fields = Object.entries(value);
    const guarded = fields.map(([name, each]) => [this.#markup.guard(name), this.#guardedIn(each)]);
    return Object.fromEntries(guarded);
  }

  /** Whether the template looks for this token in an answer: then a guard changes what it writes. */
  #reads(token: string): boolean {
    const known = this.#read.get(token);
    if (known !== undefined) return known;
    const guard = this.#markup.guard(token);
    const found =
      this.#renderedAnswer(`a${token}b`) !==
      this.#renderedAnswer(`a${guard}b`).replaceAll(guard, () => token);
    this.#read.set(token, found);
    return found;
  }

  #renderedAnswer(content: string): string {
    try {
      const user = { role: "user", content: "x" } as const;
      return this.#template.render([user, { role: "assistant", content }, user]);
    } catch {
      return "";
    }
  }

  #remember(text: string, ids: readonly number[]): void {
    this.#known.delete(text);
    this.#known.set(text, ids);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
  }

  /**
   * The ids of `text`, beginning with those of the longest remembered text that it starts with; null for
   * none.
   */
  #encodeBehindKnown(text: string): number[] | null {
    let beginning = "";
    for (const known of this.#known.keys()) {
      if (known.length > beginning.length && text.startsWith(known)) beginning = known;
    }
    const rest = beginning ? this.#cutInner(text.slice(beginning.length)) : null;
    return rest && [...(this.#known.get(beginning) ?? []), ...rest];
  }

  /**
   * The ids of `text` in the middle of a longer one; null where they cannot be determined. A tokenizer treats
   * the start of a text specially (sentencepiece adds a space), so `text` is encoded after an anchor that
   * remains a token of its own.
   */
  #cutInner(text: string): number[] | null {
    if (!text) return [];
    for (const anchor of ANCHORS) {
      const [lead, ids] = [this.#cut(anchor), this.#cut(anchor + text)];
      if (ids.length > lead.length && lead.every((id, at) => ids[at] === id)) return ids.slice(lead.length);
    }
    return null;
  }

  /**
   * The ids of a rendered text: markup becomes special tokens, guards become the text that they stand for.
   */
  #cut(text: string): number[] {
    if (!this.#markup.guards(text)) return this.#coder.encode(text, { parseSpecial: true });
    return this.#markup
      .split(text)
      .flatMap((part) => (typeof part === "number" ? [part] : this.#coder.encode(part)));
  }
}

/** The markup of a model, its guards, and how to find both in a text. */
class Markup {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #guardOf = new Map<string, string>();
  readonly #tokenOf = new Map<string, string>();
  readonly #tokens: RegExp;
  readonly #guards: RegExp;

  constructor(markup: ReadonlyMap<string, number>) {
    this.#ids = markup;
    const length = (token: string): number => [...token].length;
    for (const token of [...markup.keys()].sort((left, right) => length(right) - length(left))) {
      const guard = String.fromCodePoint(FIRST_GUARD + this.#guardOf.size);
      this.#guardOf.set(token, guard);
      this.#tokenOf.set(guard, token);
    }
    this.#tokens = anyOf(markup.keys());
    this.#guards = anyOf(this.#tokenOf.keys());
  }

  /** What looks like markup in a text, each once. */
  found(content: string): string[] {
    return [...new Set([...content.matchAll(this.#tokens)].map(([token]) => token))];
  }

  /** A message's text with a guard in place of everything that looks like markup, but for `keep`. */
  guard(content: string, keep: ReadonlySet<string> = new Set()): string {
    return content.replace(this.#tokens, (token) =>
      keep.has(token) ? token : (this.#guardOf.get(token) ?? token),
    );
  }

  /** Whether there is a guard in `text`. */
  guards(text: string): boolean {
    return text.search(this.#guards) >= 0;
  }

  /** The ids of markup, and the texts between with their guards spelt out again. */
  split(text: string): (string | number)[] {
    const parts: (string | number)[] = [];
    let begin = 0;
    const between = (end: number): void => {
      if (end > begin) parts.push(this.#spelt(text.slice(begin, end)));
    };
    for (const match of text.matchAll(this.#tokens)) {
      between(match.index);
      parts.push(this.#ids.get(match[0]) ?? match[0]);
      begin = match.index + match[0].length;
    }
    between(text.length);
    return parts;
  }

  #spelt(text: string): string {
    return text.replace(this.#guards, (guard) => this.#tokenOf.get(guard) ?? guard);
  }
}
