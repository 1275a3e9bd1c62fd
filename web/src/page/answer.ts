import { MAX_CONTENT, type AnswerStats, type Conversation } from "./state/conversations.js";
import type { ChatChunk, ChatEngine, GenerationInfo, StreamRequest, Usage } from "./state/ports.js";
import { inForce, type Settings } from "./state/settings.js";

/**
 * The request for a conversation's next answer, by a model whose authors recommend `own`. Its last message,
 * the answer that is still empty, is left out.
 */
export function requestFor(
  conversation: Conversation,
  given: Settings,
  signal: AbortSignal,
  own: GenerationInfo | null = null,
): StreamRequest {
  const settings = inForce(given, own);
  const system: StreamRequest["messages"] = settings.system.trim()
    ? [{ role: "system", content: settings.system }]
    : [];
  const said = conversation.messages.slice(0, -1).map(({ role, content }) => ({ role, content }));
  return {
    messages: [...system, ...said],
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

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

export interface Outcome {
  text: string;
  finish: "stop" | "length" | "stopped" | "failed";
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
 * `onText` is called from time to time with the whole text so far.
 */
export async function streamAnswer(
  engine: ChatEngine,
  request: StreamRequest,
  clock: () => number,
  onText: (text: string) => void,
): Promise<Outcome> {
  const reading = new Reading(clock);
  let next = 0;
  try {
    for await (const chunk of await engine.chat.completions.create(request)) {
      reading.take(chunk);
      const begun = clock();
      if (begun < next || !reading.text) continue;
      onText(reading.text);
      next = begun + Math.max(SHOW_EVERY_MS, SHOW_SHARE * (clock() - begun));
    }
    return reading.outcome(request.signal?.aborted ? "stopped" : reading.finish, null);
  } catch (error) {
    return request.signal?.aborted ? reading.outcome("stopped", null) : reading.outcome("failed", error);
  }
}

/** The text of an answer so far, and when it arrived. */
class Reading {
  text = "";
  finish: "stop" | "length" = "stop";
  private usage: Usage | null = null;
  private engineRate: number | null = null;
  private chunks = 0;
  private firstMs: number | null = null;
  private lastMs = 0;
  private readonly startMs: number;

  constructor(private readonly clock: () => number) {
    this.startMs = clock();
  }

  take(chunk: ChatChunk): void {
    const choice = chunk.choices[0];
    if (choice?.delta.content) this.takeText(choice.delta.content);
    if (choice?.finish_reason === "length") this.finish = "length";
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
