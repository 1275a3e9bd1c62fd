import {
  MAX_CONTENT,
  type AnswerStats,
  type ChatMessage,
  type Conversation,
  type Finish,
} from "./state/conversations.js";
import type {
  ChatChunk,
  ChatEngine,
  GenerationInfo,
  PromptProgress,
  StreamRequest,
  Usage,
} from "./state/ports.js";
import { partsOf } from "./reading/reasoning.js";
import { inForce, type Settings } from "./state/settings.js";

/**
 * The request for a conversation's last answer, by a model whose authors recommend `own`, on a site whose
 * system prompt is `site`. Where something of the answer is there already, it goes on from there.
 */
export function requestFor(
  conversation: Conversation,
  given: Settings,
  signal: AbortSignal,
  own: GenerationInfo | null = null,
  site = "",
): StreamRequest {
  const settings = inForce(given, own);
  const written = conversation.system ?? settings.system;
  const content = written.trim() ? written : site;
  const system: StreamRequest["messages"] = content.trim() ? [{ role: "system", content }] : [];
  const messages = [...system, ...saidIn(conversation.messages)];
  return {
    messages,
    continue_final_message: messages.at(-1)?.role === "assistant",
    context_policy: conversation.slides ? "slide" : "stop",
    return_progress: true,
    reasoning_format: "none", // it folds thoughts itself
    stream: true,
    temperature: settings.temperature,
    top_p: settings.topP,
    top_k: settings.topK,
    min_p: settings.minP,
    repetition_penalty: settings.repetitionPenalty,
    max_tokens: settings.maxTokens,
    seed: settings.seed ?? randomSeed(),
    signal,
  };
}

/**
 * What was said, without answers that are empty: models do not know such turns. Nor do they know one of
 * reasoning alone, which templates do not drop where it has no end; but the last one goes on from there.
 * Questions that then follow each other become one, since templates want turns to alternate.
 */
function saidIn(messages: readonly ChatMessage[]): StreamRequest["messages"] {
  const said: { role: ChatMessage["role"]; content: string }[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    const unanswered = role === "assistant" && index < messages.length - 1 && !partsOf(content).answer.trim();
    if (unanswered || !content.trim()) continue;
    const last = said.at(-1);
    if (last?.role === role) last.content += `\n\n${content}`;
    else said.push({ role, content });
  }
  return said;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

export interface Outcome {
  text: string;
  finish: Finish;
  stats: AnswerStats | null;
  error: unknown;
}

/**
 * Least milliseconds between two displays of a growing answer: smooth to read, and little work besides the
 * model's.
 */
const SHOW_EVERY_MS = 50;
/**
 * Displaying takes at most one part in this many of the page's time, even where a long table takes long to
 * draw.
 */
const SHOW_SHARE = 5;

/**
 * Streams an answer. Never throws: the outcome says what went wrong, and has the text that came until then.
 *
 * `onText` is called from time to time with the whole text so far, which begins with `begun`; `onProgress`
 * with how far the prompt is read.
 */
export async function streamAnswer(
  engine: ChatEngine,
  request: StreamRequest,
  clock: () => number,
  begun: string,
  { onText, onProgress }: AnswerEvents,
): Promise<Outcome> {
  const reading = new Reading(clock, begun);
  let next = 0;
  try {
    for await (const chunk of await engine.chat.completions.create(request)) {
      reading.take(chunk);
      if (chunk.prompt_progress) onProgress(chunk.prompt_progress);
      const now = clock();
      if (now < next || !reading.hasText) continue;
      onText(reading.text);
      next = now + Math.max(SHOW_EVERY_MS, SHOW_SHARE * (clock() - now));
    }
    return reading.outcome(request.signal?.aborted ? "stopped" : reading.finish, null);
  } catch (error) {
    return request.signal?.aborted ? reading.outcome("stopped", null) : reading.outcome("failed", error);
  }
}

/** What `streamAnswer` tells on the way. */
export interface AnswerEvents {
  onText(text: string): void;
  onProgress(progress: PromptProgress): void;
}

/** The text of an answer so far, and when it arrived. */
class Reading {
  finish: Finish = "stop";
  private usage: Usage | null = null;
  private engineRate: number | null = null;
  private chunks = 0;
  private firstMs: number | null = null;
  private lastMs = 0;
  private readonly startMs: number;

  constructor(
    private readonly clock: () => number,
    public text: string,
  ) {
    this.startMs = clock();
  }

  /** Whether any text has come. */
  get hasText(): boolean {
    return this.chunks > 0;
  }

  take(chunk: ChatChunk): void {
    const choice = chunk.choices[0];
    if (choice?.delta.content) this.takeText(choice.delta.content);
    if (choice?.finish_reason === "length")
      this.finish = chunk.kernelc?.finish === "context" ? "context" : "length";
    if (chunk.usage) this.usage = chunk.usage;
    if (chunk.kernelc) this.engineRate = chunk.kernelc.decode_tokens_per_second;
  }

  outcome(finish: Outcome["finish"], error: unknown): Outcome {
    return { text: this.text.slice(0, MAX_CONTENT), finish, stats: this.stats(), error };
  }

  private takeText(text: string): void {
    this.text += text;
    this.chunks += 1;
    this.lastMs = this.clock();
    this.firstMs ??= this.lastMs;
  }

  /**
   * The numbers of an answer; null where no text came. A stopped answer has no usage: its chunks count as
   * tokens.
   */
  private stats(): AnswerStats | null {
    if (this.firstMs === null) return null;
    const completionTokens = this.usage?.completion_tokens ?? this.chunks;
    const seconds = (this.lastMs - this.firstMs) / 1000;
    const seen = seconds > 0 ? Math.max(0, completionTokens - 1) / seconds : 0;
    const tokensPerSecond = this.engineRate ?? seen;
    return {
      promptTokens: this.usage?.prompt_tokens ?? 0,
      completionTokens,
      firstTokenMs: this.firstMs - this.startMs,
      tokensPerSecond,
    };
  }
}
