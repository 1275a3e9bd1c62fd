/** Fits a conversation into the model's context. */

import { KernelcError } from "../artifact/errors.js";
import type { PromptEncoder } from "./prompt.js";
import type { Message, Prompt } from "./types.js";

/** What to do where a conversation outgrows the context: refuse it, or leave out its oldest turns. */
export type ContextPolicy = "stop" | "slide";

export interface FitOptions {
  /** Tokens that the context holds. */
  readonly context: number;
  readonly policy: ContextPolicy;
  /** Tokens that the answer may take; under "slide" up to a quarter of the context is kept free for them. */
  readonly maxNew: number;
}

export interface Fitted {
  readonly prompt: Prompt;
  /** The messages that the prompt contains. */
  readonly messages: readonly Message[];
  /** How many of the oldest turns were left out. */
  readonly droppedTurns: number;
}

/**
 * The prompt of a conversation. One that does not fit the context is refused with KernelcError("context") under the
 * policy "stop"; under "slide" the oldest turns are left out, but never the system prompt or the question. A turn is
 * left out whole or kept whole.
 */
export function fitPrompt(prompts: PromptEncoder, messages: readonly Message[], options: FitOptions): Fitted {
  const { context, policy, maxNew } = options;
  const reserve = policy === "slide" ? Math.min(maxNew, Math.floor(context / 4)) : 0;
  const turns = turnsOf(messages);
  const system = messages[0]?.role === "system" ? messages.slice(0, 1) : [];
  for (let droppedTurns = 0; ; droppedTurns += 1) {
    const shown = [...system, ...turns.slice(droppedTurns).flat()];
    const prompt = prompts.prompt(shown);
    if (prompt.ids.length + reserve <= context) return { prompt, messages: shown, droppedTurns };
    if (policy === "slide" && droppedTurns + 1 < turns.length) continue;
    if (prompt.ids.length > context) throw tooLong(prompt.ids.length, context, policy === "stop" && turns.length > 1);
    return { prompt, messages: shown, droppedTurns };
  }
}

/** The messages after the system prompt, grouped into turns. Each turn begins with what the user says. */
function turnsOf(messages: readonly Message[]): Message[][] {
  const turns: Message[][] = [];
  for (const message of messages[0]?.role === "system" ? messages.slice(1) : messages) {
    const turn = turns.at(-1);
    if (turn && message.role !== "user") turn.push(message);
    else turns.push([message]);
  }
  return turns;
}

function tooLong(length: number, context: number, hasTurns: boolean): KernelcError {
  const help = hasTurns
    ? "start a new chat, or let the oldest turns be forgotten"
    : "ask something shorter, or load the model with a longer context";
  return new KernelcError("context", `the conversation is ${length} tokens, the context holds ${context}`, { help });
}
