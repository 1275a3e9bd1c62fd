/** The messages between a page and an engine in a worker. */

import type { ErrorRecord } from "../../artifact/errors.js";
import type {
  ChatChunk,
  ChatRequest,
  EngineOptions,
  ModelCard,
  Notice,
  Progress,
  TextChunk,
  TextRequest,
  TokenRequest,
} from "../api.js";

/** The options that are plain data. */
export type PlainOptions = Pick<
  EngineOptions,
  | "context"
  | "memoryBytes"
  | "build"
  | "device"
  | "threads"
  | "limits"
  | "features"
  | "immediates"
  | "selfCheck"
  | "score"
  | "warm"
>;

/** A request without its signal, which cannot be sent to a worker. */
export type PlainRequest = Omit<ChatRequest, "signal">;
export type PlainTextRequest = Omit<TextRequest, "signal">;
export type PlainTokenRequest = Omit<TokenRequest, "signal">;

/** The calls that a worker answers, with their arguments. */
export type Call =
  | { readonly method: "open"; readonly url: string; readonly options: PlainOptions }
  | { readonly method: "chat"; readonly request: PlainRequest }
  | { readonly method: "complete"; readonly request: PlainTextRequest }
  | { readonly method: "generate"; readonly ids: readonly number[]; readonly request: PlainTokenRequest }
  | { readonly method: "score"; readonly ids: readonly number[] }
  | { readonly method: "stats" | "reset" | "dispose" | "simulateLoss" }
  | { readonly method: "plan"; readonly contextLength: number };

/** To the worker: a call with its own number, or the end of one. */
export type ToWorker =
  { readonly id: number; readonly call: Call } | { readonly id: number; readonly abort: true };

/** A piece of an answer, of whichever kind the call asked for. */
export type AnyChunk = ChatChunk | TextChunk;

/**
 * From the worker: chunks of call `id`, then its result or error; progress and notices of loading; and what
 * it is busy with that cannot be stopped from within.
 */
export type FromWorker =
  | { readonly id: number; readonly chunks: readonly AnyChunk[] }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: ErrorRecord }
  | { readonly progress: Progress }
  | { readonly notice: Notice }
  | { readonly busy: string | null };

/** The result of "open". */
export interface Opened {
  readonly model: ModelCard;
}
