/** Code of a page's own that changes the scores of tokens before one is drawn. */

import { refuse } from "./sampling.js";

/** What a logit processor is told of the place of a token. */
export interface LogitStep {
  /** The ids of the prompt, and those of the answer so far. Neither may be changed. */
  readonly prompt: readonly number[];
  readonly said: readonly number[];
}

/**
 * Changes `logits`, the scores of all tokens (vocab_size numbers), in place: after biases and penalties,
 * before temperature, top_k and the rest, and before what a `response_format` allows. -Infinity rules a token
 * out. It is called again for the same place where a device was lost.
 */
export type LogitProcessor = (logits: Float32Array, step: LogitStep) => void;

/** What a logit processor may know of the model. */
export interface ProcessorModel {
  readonly vocabSize: number;
  /** The ids that end an answer. */
  readonly endIds: readonly number[];
  /** The ids of a text, without BOS. */
  encode(text: string): readonly number[];
  decode(ids: readonly number[]): string;
}

/** Makes the processor of one answer; `options` are those of the request. */
export type LogitProcessorFactory = (options: unknown, model: ProcessorModel) => LogitProcessor;

/**
 * Factories by the names that requests use, or addresses of modules whose default export is one. To an engine
 * in a worker only addresses can be given; the worker imports the module.
 */
export type LogitProcessors = Readonly<Record<string, LogitProcessorFactory | string>>;

/** What a request asks for. */
export interface ProcessorChoice {
  readonly name: string;
  readonly options: unknown;
}

/** The processors of an engine that has some (`ownProcessors.ts`). */
export interface ProcessorTable {
  /** @throws KernelcError "usage" where there is no such processor, or where it refuses the options. */
  makerOf(choice: ProcessorChoice): () => LogitProcessor;
}

/**
 * What makes the processor of each answer to a request. The first is made at once, to refuse the request
 * before it waits for others.
 *
 * @throws KernelcError "usage" where there is no such processor, or where it refuses the options.
 */
export function makerOf(
  table: ProcessorTable | null,
  choice: ProcessorChoice | null,
): () => LogitProcessor | null {
  if (choice === null) return () => null;
  return (
    table?.makerOf(choice) ??
    refuse("logit_processor", choice.name, "none: the engine was opened without any")
  );
}
