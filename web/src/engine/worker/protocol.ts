/** The messages between a page and the engines in a worker. */

import type { ErrorRecord } from "../../artifact/errors.js";
import type {
  ChatChunk,
  ChatRequest,
  CountRequest,
  EmbeddingRequest,
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
  | "embeddings"
  | "warm"
  | "storePrefixes"
  | "crossOriginStorage"
> & {
  /** Addresses of modules, by the names that requests use. */
  readonly logitProcessors?: Readonly<Record<string, string>>;
  /** Address of the script of threads. */
  readonly threadUrl?: string;
};

/** A request without its signal, which cannot be sent to a worker. */
export type PlainRequest = Omit<ChatRequest, "signal">;
export type PlainTextRequest = Omit<TextRequest, "signal">;
export type PlainEmbeddingRequest = Omit<EmbeddingRequest, "signal">;
export type PlainTokenRequest = Omit<TokenRequest, "signal">;

/** The calls that a worker answers, with their arguments. */
export type Call =
  | { readonly method: "open" | "reload"; readonly url: string; readonly options: PlainOptions }
  | { readonly method: "chat"; readonly request: PlainRequest }
  | { readonly method: "complete"; readonly request: PlainTextRequest }
  | { readonly method: "embed"; readonly request: PlainEmbeddingRequest }
  | { readonly method: "generate"; readonly ids: readonly number[]; readonly request: PlainTokenRequest }
  | { readonly method: "score" | "decode"; readonly ids: readonly number[] }
  | { readonly method: "encode"; readonly text: string }
  | { readonly method: "count"; readonly request: CountRequest }
  | { readonly method: "stats" | "reset" | "dispose" | "simulateLoss" }
  | { readonly method: "plan"; readonly contextLength: number };

/**
 * To the worker: a call with its own number, to one of the worker's engines, which the page numbers too; or
 * the end of a call.
 */
export type ToWorker =
  | { readonly id: number; readonly engine: number; readonly call: Call }
  | { readonly id: number; readonly abort: true };

/** A piece of an answer, of whichever kind the call asked for. */
export type AnyChunk = ChatChunk | TextChunk;

/** What an engine tells without being asked; `busy`: what it does that cannot be stopped from within. */
export type Told =
  | { readonly engine: number; readonly progress: Progress }
  | { readonly engine: number; readonly notice: Notice }
  | { readonly engine: number; readonly busy: string | null };

/** From the worker: chunks of call `id`, then its result or error; and what engines tell. */
export type FromWorker =
  | { readonly id: number; readonly chunks: readonly AnyChunk[] }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: ErrorRecord }
  | Told;

/** The result of "open" and "reload". */
export interface Opened {
  readonly model: ModelCard;
}
