/** What an engine in a worker and its page say to each other. */

import type { ErrorRecord } from "../../artifact/errors.js";
import type { ChatChunk, ChatRequest, EngineOptions, ModelCard, Notice, Progress, TokenRequest } from "../api.js";

/** The options that are plain data. */
export type PlainOptions = Pick<
  EngineOptions,
  "context" | "limits" | "features" | "immediates" | "selfCheck" | "score"
>;

/** A request without its signal, which does not cross. */
export type PlainRequest = Omit<ChatRequest, "signal">;
export type PlainTokenRequest = Omit<TokenRequest, "signal">;

/** What can be asked of the engine, with the arguments of each. */
export type Call =
  | { readonly method: "open"; readonly url: string; readonly options: PlainOptions }
  | { readonly method: "chat"; readonly request: PlainRequest }
  | { readonly method: "generate"; readonly ids: readonly number[]; readonly request: PlainTokenRequest }
  | { readonly method: "score"; readonly ids: readonly number[] }
  | { readonly method: "stats" | "reset" | "dispose" | "simulateLoss" }
  | { readonly method: "plan"; readonly contextLength: number };

/** To the worker: a call under a number of its own, or the end of one. */
export type ToWorker = { readonly id: number; readonly call: Call } | { readonly id: number; readonly abort: true };

/** From the worker: of call `id`, pieces, then its result or error; and what loading has to tell. */
export type FromWorker =
  | { readonly id: number; readonly chunks: readonly ChatChunk[] }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: ErrorRecord }
  | { readonly progress: Progress }
  | { readonly notice: Notice };

/** What "open" results in. */
export interface Opened {
  readonly model: ModelCard;
}
