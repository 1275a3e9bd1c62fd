/** Answers of the toy model, of which each id is a letter. */

import { ChatCompletions } from "../../src/engine/answers/chat.js";
import { GENERATE_ROLES, TokenEngine } from "../../src/engine/engine.js";
import { Grammars } from "../../src/engine/masked/grammars.js";
import type { LogitProcessorFactory } from "../../src/engine/sampling/logitProcessors.js";
import { tableOf } from "../../src/engine/sampling/ownProcessors.js";
import type { Forms } from "../../src/text/tools/forms.js";
import { Mutex } from "../../src/engine/mutex.js";
import { TextAnswers } from "../../src/engine/answers/textCompletions.js";
import { TOLD } from "../../src/text/tools/forms.js";
import type { PromptEncoder } from "../../src/text/prompt.js";
import type { Coder, Message } from "../../src/text/types.js";
import { CONTEXT, ToyExecutor, toyManifest, VOCAB } from "./engine_fakes.js";

const MANIFEST = toyManifest();

/** A tokenizer of which each id is a letter, or the short text that the list has for it. */
export function coderOf(letters: ArrayLike<string>, markup: ReadonlyMap<string, number> = new Map()): Coder {
  const texts = Array.from(letters);
  return {
    kind: "tokenizers",
    vocabSize: VOCAB,
    bosId: null,
    eosId: null,
    promptPrefix: [],
    specialIds: new Map(),
    addedIds: new Map(),
    markup,
    templateTokens: new Map(),
    protect: () => undefined,
    leadingSpace: "keep",
    encode: (text) => [...text].map((letter) => Math.max(0, texts.indexOf(letter))),
    decode: (ids) => Array.from(ids, (id) => texts[id] ?? "").join(""),
    token: (id) => texts[id] ?? "",
    piece: (id) => ({ data: new TextEncoder().encode(texts[id] ?? ""), droppable: false }),
    stream: () => ({ push: (id) => texts[id] ?? "", flush: () => "" }),
  };
}

export const coder = coderOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789. ");

export interface Setup {
  readonly chat: ChatCompletions;
  readonly texts: TextAnswers;
  readonly engine: TokenEngine;
  readonly mutex: Mutex;
  readonly remembered: number[][];
}

const NO_FORMS: Forms = { calls: TOLD, thoughts: null };

export function setUp(
  stopIds: readonly number[] = [],
  using: Coder = coder,
  forms: Forms = NO_FORMS,
  factories: Readonly<Record<string, LogitProcessorFactory>> = {},
): Setup {
  const remembered: number[][] = [];
  const text = (messages: readonly Message[]): string => messages.map(({ content }) => content).join("");
  const prompts: PromptEncoder = {
    encode: (messages) => using.encode(text(messages)),
    // Its template writes nothing, so that the beginning of an answer follows the question as it is.
    prompt: (messages, { continues = false, begun = () => "" } = {}) => {
      const said = text(messages) + begun(text(continues ? messages.slice(0, -1) : messages));
      return { text: said, ids: using.encode(said) };
    },
    remember: (prompt, ids) => void remembered.push([...prompt.ids, ...ids]),
    forget: () => undefined,
  };
  const make = (): ToyExecutor => new ToyExecutor();
  const engine = new TokenEngine(make(), MANIFEST, CONTEXT, GENERATE_ROLES, async () => make());
  const mutex = new Mutex();
  const grammars = new Grammars(using, VOCAB, stopIds);
  const own = new Map(Object.entries(factories));
  const processors = own.size ? tableOf(own)(using, VOCAB, stopIds) : null;
  const model = { processors, engine, coder: using, prompts, stopIds, grammars, name: "toy" };
  const parts = { ...model, isPlain: false, forms, generation: null, mutex };
  return { chat: new ChatCompletions(parts), texts: new TextAnswers(parts), engine, mutex, remembered };
}
