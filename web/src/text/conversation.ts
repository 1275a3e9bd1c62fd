/** Fits a conversation into the model's context. */

import { KernelcError } from "../artifact/errors.js";
import type { PromptEncoder, PromptOptions } from "./prompt.js";
import type { Message, Prompt } from "./types.js";

/** What to do where a conversation outgrows the context: refuse it, or leave out its oldest turns. */
export type ContextPolicy = "stop" | "slide";

export interface FitOptions {
  /** Tokens that the context holds. */
  readonly context: number;
  readonly policy: ContextPolicy;
  /** Tokens that the answer may take; under "slide" up to a quarter of the context is kept free for them. */
  readonly maxNew: number;
  /** How many of the oldest turns were left out before, under "slide": they stay out. */
  readonly from?: number;
  /** What else is asked of the prompt. */
  readonly prompt?: PromptOptions;
}

export interface Fitted {
  readonly prompt: Prompt;
  /** The messages that the prompt contains. */
  readonly messages: readonly Message[];
  /** How many of the oldest turns were left out. */
  readonly droppedTurns: number;
}

/**
 * The prompt of a conversation. One that does not fit the context is refused with KernelcError("context")
 * under the policy "stop"; under "slide" the oldest turns are left out, but never the system prompt or the
 * question. A turn is left out whole or kept whole.
 *
 * What follows a turn that is left out must all be computed again. So where one must go, more go with it,
 * until another quarter of the context is free: then the next turns need not. Where no number of turns frees
 * so much, only those go that must.
 */
export function fitPrompt(prompts: PromptEncoder, messages: readonly Message[], options: FitOptions): Fitted {
  const { context, policy, maxNew, from = 0 } = options;
  const quarter = Math.floor(context / 4);
  const turns = turnsOf(messages);
  const last = policy === "slide" ? Math.max(0, turns.length - 1) : 0; // as many turns as may be left out
  const free = ({ prompt }: Fitted): number =>
    context - prompt.ids.length - (policy === "slide" ? Math.min(maxNew, quarter) : 0);
  const without = (droppedTurns: number): Fitted => {
    const shown = [...systemOf(messages), ...turns.slice(droppedTurns).flat()];
    return { prompt: prompts.prompt(shown, options.prompt), messages: shown, droppedTurns };
  };
  const first = without(Math.min(from, last));
  if (free(first) >= 0) return first;
  for (const room of [quarter, 0]) {
    const fewest = fewestOf(first.droppedTurns + 1, last, (dropped) => free(without(dropped)) >= room);
    if (fewest !== null) return without(fewest);
  }
  const fitted = without(last);
  const { length } = fitted.prompt.ids;
  if (length > context) throw tooLong(length, context, policy === "stop" && turns.length > 1);
  return fitted;
}

/**
 * Fits one request after the other; a conversation that goes on keeps out the turns that were left out
 * before.
 */
export class ConversationFitter {
  #messages: readonly Message[] = [];
  #dropped = 0;

  /** `fitPrompt`, with the turns left out that the last request left out where this one continues it. */
  fit(prompts: PromptEncoder, messages: readonly Message[], options: Omit<FitOptions, "from">): Fitted {
    const same = (message: Message, at: number): boolean =>
      JSON.stringify(messages[at]) === JSON.stringify(message);
    const fitted = fitPrompt(prompts, messages, {
      ...options,
      from: this.#messages.every(same) ? this.#dropped : 0,
    });
    // The beginning of an answer will have grown in the next request.
    this.#messages = options.prompt?.continues ? messages.slice(0, -1) : [...messages];
    this.#dropped = fitted.droppedTurns;
    return fitted;
  }
}

/**
 * The smallest number from `low` to `high` that serves, where every larger one serves, too; null where none
 * does. It is looked for from `high` downwards in steps that double, and then by halves: of a long chat only
 * a few turns fit, and what takes long is a prompt of many.
 */
export function fewestOf(low: number, high: number, serves: (count: number) => boolean): number | null {
  if (low > high || !serves(high)) return null;
  let most = high; // serves
  let least = low; // everything below it does not
  for (let step = 1; most > least; step *= 2) {
    const tried = Math.max(least, most - step);
    if (!serves(tried)) {
      least = tried + 1;
      break;
    }
    most = tried;
  }
  while (most > least) {
    const middle = (least + most) >> 1;
    if (serves(middle)) most = middle;
    else least = middle + 1;
  }
  return most;
}

function systemOf(messages: readonly Message[]): Message[] {
  return messages[0]?.role === "system" ? messages.slice(0, 1) : [];
}

/** The messages after the system prompt, grouped into turns. Each turn begins with what the user says. */
function turnsOf(messages: readonly Message[]): Message[][] {
  const turns: Message[][] = [];
  for (const message of messages.slice(systemOf(messages).length)) {
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
  return new KernelcError("context", `the conversation is ${length} tokens, the context holds ${context}`, {
    help,
  });
}
