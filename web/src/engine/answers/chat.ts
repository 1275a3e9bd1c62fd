/** OpenAI-shaped chat completions on top of an engine that takes and gives token ids. */

import { ConversationFitter } from "../../text/conversation.js";
import { Answer, type ChatParts, type Piece } from "./answer.js";
import type { MatcherMaker } from "../masked/grammars.js";
import { makerOf, type LogitProcessor } from "../sampling/logitProcessors.js";
import { chatLogprobs } from "./logprobs.js";
import { deltaOf, Gathered, reasonOf } from "./choices.js";
import type { ChatChunk, ChatCompletion, ChatRequest, ChunkChoice } from "../openai/completions.js";
import { AnswerReading } from "./reading.js";
import { checkedRequest, type CheckedRequest } from "../request/chat.js";
import { callSchemas } from "../request/tools.js";
import { alone, atLeastOne, begun, untilUsage, UsageCounter, usageOf } from "./running.js";

export class ChatCompletions {
  private readonly parts: ChatParts;
  private readonly fitter = new ConversationFitter();

  constructor(parts: ChatParts) {
    this.parts = parts;
  }

  /** A whole answer. @throws KernelcError: "usage", "context", "template", "aborted", "device-lost". */
  async complete(request: ChatRequest): Promise<ChatCompletion> {
    const choices: Gathered[] = [];
    for await (const chunk of untilUsage(this.chunks(request))) {
      const [choice] = chunk.choices;
      if (choice) (choices[choice.index] ??= new Gathered()).take(choice, chunk.kernelc);
      if (!chunk.usage) continue;
      const { id, created, model, usage } = chunk;
      const done = choices.map((each, index) => each.choice(index, Boolean(request.logprobs)));
      const kernelc = choices[0]?.details;
      if (!kernelc) break;
      return { id, object: "chat.completion", created, model, choices: atLeastOne(done), usage, kernelc };
    }
    throw new Error("the answer had no end");
  }

  /** Answers piece by piece; resolves once the prompt is known to fit. @throws as `complete`. */
  stream(request: ChatRequest): Promise<AsyncGenerator<ChatChunk, void, undefined>> {
    return begun(this.chunks(request), request.signal);
  }

  private async *chunks(request: ChatRequest): AsyncGenerator<ChatChunk, void, undefined> {
    const checked = checkedRequest(request, this.parts.engine.vocabSize, this.parts.generation);
    const { grammars, forms, processors } = this.parts;
    const makeProcess = makerOf(processors, checked.processor);
    const { format, tools } = checked;
    const free = !tools?.required;
    const holds = tools?.held.length && (tools.required || forms.calls.opens.length > 0);
    const required = holds
      ? await grammars.ofCalls(forms, callSchemas(tools), { several: tools.several, free })
      : null;
    const matchers = format && (await grammars.of(format));
    const reading = new AnswerReading(forms, checked, required);
    const run = (): Run => new Run(this.parts, checked, { matchers, reading, makeProcess }, this.fitter);
    yield* alone(this.parts.mutex, checked.signal, () => run().chunks());
  }
}

/** One request on its way: its answers one after the other. */
class Run {
  private readonly id = `chatcmpl-${crypto.randomUUID()}`;
  private readonly created = Math.floor(Date.now() / 1000);
  private readonly counter = new UsageCounter();

  constructor(
    private readonly parts: ChatParts,
    private readonly request: CheckedRequest,
    private readonly how: {
      readonly matchers: MatcherMaker | null;
      readonly reading: AnswerReading;
      readonly makeProcess: () => LogitProcessor | null;
    },
    private readonly fitter: ConversationFitter,
  ) {}

  async *chunks(): AsyncGenerator<ChatChunk, void, undefined> {
    const { engine, prompts } = this.parts;
    const { messages, maxNew, contextPolicy, continues, seeds, includeUsage, tools } = this.request;
    const { matchers, reading, makeProcess } = this.how;
    const asked = { continues, tools: tools?.tools ?? [], begun: (text: string) => reading.begun(text) };
    const room = { context: engine.context, policy: contextPolicy, maxNew, prompt: asked };
    const { prompt, droppedTurns } = this.fitter.fit(prompts, messages, room);
    const continued = this.parts.isPlain || continues;
    for (const [index, seed] of seeds.entries()) {
      const reader = reading.reader(this.parts.coder, this.parts.stopIds, continued);
      const held = reading.matchers ?? matchers;
      const more = { ids: prompt.ids, seed, continued, matchers: held, process: makeProcess(), reader };
      const answer = new Answer(this.parts, { ...this.request, ...more });
      yield this.chunk(index, { role: "assistant", content: "" });
      let ended = false;
      const remember = (): void => {
        if (!ended && answer.said.length) prompts.remember(prompt, answer.said);
        ended = true;
      };
      try {
        for await (const piece of answer.pieces()) {
          if (piece.end) remember(); // the caller may have its next prompt made before anything follows
          yield this.chunkOf(index, piece, droppedTurns);
        }
      } finally {
        remember();
      }
    }
    if (includeUsage) yield { ...this.head(), choices: [], usage: this.counter.usage };
  }

  private chunkOf(index: number, piece: Piece, dropped_turns: number): ChatChunk {
    const { delta, end, progress } = piece;
    if (end) this.counter.add(end, index === 0);
    const chunk = this.chunk(index, delta ? deltaOf(delta) : {}, piece, end !== undefined);
    if (end) return { ...chunk, kernelc: { ...end.details, dropped_turns } };
    return progress ? { ...chunk, prompt_progress: progress } : chunk;
  }

  private chunk(index: number, delta: ChunkChoice["delta"], piece?: Piece, over = false): ChatChunk {
    const { seeds, includeUsage } = this.request;
    const logprobs = piece?.tokens.length ? chatLogprobs(piece.tokens, this.parts.coder) : null;
    return {
      ...this.head(),
      choices: [{ index, delta, finish_reason: reasonOf(piece?.end), logprobs }],
      ...usageOf(this.counter, { last: over && index === seeds.length - 1, separate: includeUsage }),
    };
  }

  private head(): Pick<ChatChunk, "id" | "object" | "created" | "model"> {
    const model = this.request.model ?? this.parts.name;
    return { id: this.id, object: "chat.completion.chunk", created: this.created, model };
  }
}
