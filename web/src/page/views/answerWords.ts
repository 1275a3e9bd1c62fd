import { formatCount, formatRate, formatSeconds } from "../format.js";
import type { AnswerStats, Finish } from "../state/conversations.js";
import type { PromptProgress } from "../state/ports.js";

const ENDINGS: Readonly<Record<Finish, string>> = {
  stop: "",
  length: "cut off: the longest answer was reached",
  context: "cut off: the context is full",
  stopped: "stopped",
  failed: "failed",
};

/** "12.3 tokens/s · first token after 0.4 s · 120 tokens", and how it ended unless by itself. */
export function statsLine(
  stats: AnswerStats | undefined,
  finish: Finish | undefined,
  interrupted = false,
): string {
  const parts: string[] = [];
  if (stats) {
    if (stats.tokensPerSecond > 0) parts.push(formatRate(stats.tokensPerSecond));
    parts.push(`first token after ${formatSeconds(stats.firstTokenMs / 1000)}`);
    parts.push(`${formatCount(stats.completionTokens)} ${stats.completionTokens === 1 ? "token" : "tokens"}`);
  }
  const ending = interrupted ? "interrupted" : ENDINGS[finish ?? "stop"];
  return [...parts, ...(ending ? [ending] : [])].join(" · ");
}

/** What is said while the prompt is read: that of a long one takes a while. */
export function readingWords(progress: PromptProgress | null): string {
  if (!progress || progress.total - progress.cached < LONG_PROMPT) return "Reading your message";
  const { processed, total, cached } = progress;
  const again = cached === 0 ? "" : `, ${formatCount(cached)} were known`;
  return `Reading the conversation: ${formatCount(processed)} of ${formatCount(total)} tokens${again}`;
}

/** From this many tokens on, reading is worth a count. */
const LONG_PROMPT = 256;
