import type { Conversation } from "../state/conversations.js";
import type { Failure } from "../state/failures.js";
import type { PromptProgress } from "../state/ports.js";
import { isInterrupted, type AppState } from "../state/state.js";
import { versionCounts, versionsAt } from "../state/versions.js";
import type { Versions } from "./versionSwitch.js";

/** What a message needs to know about its surroundings. */
export interface MessageContext {
  /** The phase of this answer while it is being written, else null. */
  phase: "reading" | "writing" | null;
  progress: PromptProgress | null;
  /** Whether this answer was being written when the page was closed. */
  interrupted: boolean;
  last: boolean;
  /** Whether a model is loaded that could answer now. */
  canAsk: boolean;
  /** Whether another version may be shown now. */
  canChange: boolean;
  /** null where there is but one. */
  versions: Versions | null;
  failure: Failure | null;
}

/** The surroundings of all messages of the current conversation. */
export function messageContexts(state: AppState): MessageContext[] {
  const { current, answering, answerFailure, elsewhere } = state;
  const counts = versionCounts(current);
  const free = answering === null && !elsewhere.has(current.id);
  return current.messages.map((message, index) => {
    const own = answering?.messageId === message.id ? answering : null;
    const after = current.messages[index - 1]?.id ?? null;
    return {
      phase: own?.phase ?? null,
      progress: own?.progress ?? null,
      interrupted: isInterrupted(message, current, state),
      last: index === current.messages.length - 1,
      canAsk: state.model.loaded !== null && free,
      canChange: free,
      versions: counts.has(after) ? versionsOf(current, index) : null,
      failure: answerFailure?.messageId === message.id ? answerFailure.failure : null,
    };
  });
}

function versionsOf(conversation: Conversation, index: number): Versions {
  const { all, shown } = versionsAt(conversation, index);
  return { shown, count: all.length };
}

/** Whether two contexts show the same. */
export function sameContext(one: MessageContext, other: MessageContext): boolean {
  const { versions, ...rest } = one;
  const keys = Object.keys(rest) as (keyof typeof rest)[];
  return (
    keys.every((key) => one[key] === other[key]) &&
    versions?.shown === other.versions?.shown &&
    versions?.count === other.versions?.count
  );
}
