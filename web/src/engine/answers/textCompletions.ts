/** OpenAI-shaped text completions: the model goes on from prompts as they are, without a chat template. */

import { KernelcError } from "../../artifact/errors.js";
import { Answer, type ChatParts, type Piece } from "./answer.js";
import { makerOf, type LogitProcessor } from "../sampling/logitProcessors.js";
import { joined, TextLogprobTable } from "./logprobs.js";
import type {
  AnswerDetails,
  FinishReason,
  TextChoice,
  TextChunk,
  TextCompletion,
  TextLogprobs,
  TextRequest,
} from "../openai/completions.js";
import { characters } from "../request/fields.js";
import type { PromptInput } from "../request/prompts.js";
import { checkedText, type CheckedText } from "../request/text.js";
import { alone, atLeastOne, begun, untilUsage, UsageCounter, usageOf } from "./running.js";

export class TextAnswers {
  private readonly parts: ChatParts;

  constructor(parts: ChatParts) {
    this.parts = parts;
  }

  /** Whole answers. @throws KernelcError: "usage", "context", "aborted", "device-lost". */
  async complete(request: TextRequest): Promise<TextCompletion> {
    const choices: Gathered[] = [];
    for await (const chunk of untilUsage(this.chunks(request))) {
      const [choice] = chunk.choices;
      if (choice) (choices[choice.index] ??= new Gathered()).take(choice, chunk.kernelc);
      if (!chunk.usage) continue;
      const { id, object, created, model, usage } = chunk;
      const done = choices.map((each, index) => each.choice(index, typeof request.logprobs === "number"));
      const details = choices[0]?.details;
      if (!details) break;
      return { id, object, created, model, choices: atLeastOne(done), usage, kernelc: details };
    }
    throw new Error("the answer had no end");
  }

  /** Answers piece by piece; resolves once the first prompt is read. @throws as `complete`. */
  stream(request: TextRequest): Promise<AsyncGenerator<TextChunk, void, undefined>> {
    return begun(this.chunks(request), request.signal);
  }

  private async *chunks(request: TextRequest): AsyncGenerator<TextChunk, void, undefined> {
    const checked = checkedText(request, this.parts.engine.vocabSize, this.parts.generation);
    const makeProcess = makerOf(this.parts.processors, checked.processor);
    yield* alone(this.parts.mutex, checked.signal, () => new Run(this.parts, checked, makeProcess).chunks());
  }
}

/** A choice, put together from its chunks. */
class Gathered {
  details: AnswerDetails | undefined;
  private text = "";
  private finish: FinishReason = "stop";
  private readonly logprobs: (TextLogprobs | null)[] = [];

  take(choice: TextChunk["choices"][number], details: AnswerDetails | undefined): void {
    this.text += choice.text;
    this.logprobs.push(choice.logprobs);
    this.finish = choice.finish_reason ?? this.finish;
    this.details ??= details;
  }

  choice(index: number, withLogprobs: boolean): TextChoice {
    const logprobs = withLogprobs ? joined(this.logprobs) : null;
    return { index, text: this.text, finish_reason: this.finish, logprobs };
  }
}

/** One request on its way: for each prompt its answers, one after the other. */
class Run {
  private readonly id = `cmpl-${crypto.randomUUID()}`;
  private readonly created = Math.floor(Date.now() / 1000);
  private readonly counter = new UsageCounter();

  constructor(
    private readonly parts: ChatParts,
    private readonly request: CheckedText,
    private readonly makeProcess: () => LogitProcessor | null,
  ) {}

  async *chunks(): AsyncGenerator<TextChunk, void, undefined> {
    const { prompts, seeds, includeUsage } = this.request;
    const read = prompts.map((prompt) => ({ ids: this.idsOf(prompt), text: this.textOf(prompt) }));
    for (const [at, prompt] of read.entries()) {
      for (const [which, seed] of seeds.entries()) {
        yield* this.answer(at * seeds.length + which, { ...prompt, seed, first: which === 0 });
      }
    }
    if (includeUsage) yield { ...this.head(), choices: [], usage: this.counter.usage };
  }

  private async *answer(
    index: number,
    { ids, text, seed, first }: { ids: readonly number[]; text: string; seed: number; first: boolean },
  ): AsyncGenerator<TextChunk, void, undefined> {
    const reader = { decoder: this.parts.coder.stream({ continued: true }), parser: null };
    const process = this.makeProcess();
    const more = { continued: true, matchers: null, process, reportsProgress: false, reader };
    const question = { ...this.request, ids, seed, ...more };
    const table = new TextLogprobTable(this.parts.coder, characters(text));
    if (text) yield this.chunk({ index, text, finish_reason: null, logprobs: null });
    for await (const piece of new Answer(this.parts, question).pieces()) {
      if (piece.end) this.counter.add(piece.end, first);
      yield this.chunkOf(index, piece, table);
    }
  }

  private chunkOf(index: number, { delta, tokens, end }: Piece, table: TextLogprobTable): TextChunk {
    const logprobs = tokens.length ? table.of(tokens) : null;
    const text = delta?.text ?? "";
    const chunk = this.chunk({ index, text, finish_reason: end?.reason ?? null, logprobs });
    return end ? { ...chunk, kernelc: { ...end.details, dropped_turns: 0 } } : chunk;
  }

  private chunk(choice: TextChunk["choices"][number]): TextChunk {
    const { prompts, seeds, includeUsage } = this.request;
    const last = choice.finish_reason !== null && choice.index === prompts.length * seeds.length - 1;
    return { ...this.head(), choices: [choice], ...usageOf(this.counter, { last, separate: includeUsage }) };
  }

  private head(): Pick<TextChunk, "id" | "object" | "created" | "model"> {
    const model = this.request.model ?? this.parts.name;
    return { id: this.id, object: "text_completion", created: this.created, model };
  }

  /** The ids of a prompt: a text comes after BOS where the model wants it; ids are used as they are. */
  private idsOf(prompt: PromptInput): readonly number[] {
    const { coder, engine } = this.parts;
    const ids = typeof prompt === "string" ? [...coder.promptPrefix, ...coder.encode(prompt)] : prompt;
    if (!ids.length) {
      const help = "write something for the model to go on from";
      throw new KernelcError("usage", "the prompt is empty", { help });
    }
    if (ids.length <= engine.context) return ids;
    const message = `the prompt is ${ids.length} tokens, the context holds ${engine.context}`;
    throw new KernelcError("context", message, {
      help: "shorten it, or load the model with a longer context",
    });
  }

  /** What an answer begins with, where the request wants to see the prompt again. */
  private textOf(prompt: PromptInput): string {
    if (!this.request.echo) return "";
    return typeof prompt === "string" ? prompt : this.parts.coder.decode(prompt, { continued: true });
  }
}
