/** Code of a page's own that changes the scores of tokens before one is drawn. */

import { KernelcError } from "../../artifact/errors.js";
import type { Coder } from "../../text/types.js";
import { absoluteUrl } from "../addresses.js";
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

/** The processors of an engine. */
export class ProcessorTable {
  constructor(
    private readonly factories: ReadonlyMap<string, LogitProcessorFactory>,
    private readonly model: ProcessorModel,
  ) {}

  /**
   * What makes the processor of each answer to a request. The first is made at once, to refuse the request
   * before it waits for others.
   *
   * @throws KernelcError "usage" where there is no such processor, or where it refuses the options.
   */
  makerOf(choice: ProcessorChoice | null): () => LogitProcessor | null {
    if (choice === null) return () => null;
    let first: LogitProcessor | null = this.make(choice);
    return () => {
      const made = first ?? this.make(choice);
      first = null;
      return made;
    };
  }

  private make({ name, options }: ProcessorChoice): LogitProcessor {
    const factory = this.factories.get(name);
    if (!factory) {
      const names = [...this.factories.keys()].map((each) => `"${each}"`).join(", ");
      return refuse(
        "logit_processor",
        name,
        names ? `one of ${names}` : "none: the engine was opened without any",
      );
    }
    const process = guarded(name, () => factory(options, this.model));
    if (typeof process !== "function")
      throw new KernelcError("usage", `the logit processor "${name}" made no function`, {
        param: "logit_processor",
      });
    return (logits, step) => {
      guarded(name, () => process(logits, step));
      if (logits.some((logit) => logit > -Infinity)) return;
      const message = `the logit processor "${name}" ruled out every token at position ${step.said.length}`;
      throw new KernelcError("usage", message, { param: "logit_processor" });
    };
  }
}

function guarded<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the logit processor "${name}" failed: ${why}`;
    throw new KernelcError("usage", message, { param: "logit_processor", cause: error });
  }
}

export function processorModel(coder: Coder, vocabSize: number, endIds: readonly number[]): ProcessorModel {
  const encode = (text: string): readonly number[] => coder.encode(text);
  return { vocabSize, endIds, encode, decode: (ids) => coder.decode(ids) };
}

/** Imports the modules. @throws KernelcError "usage" that names the processor. */
export async function loadProcessors(
  processors: LogitProcessors = {},
): Promise<ReadonlyMap<string, LogitProcessorFactory>> {
  const loading = Object.entries(processors).map(async ([name, source]) => {
    return [name, typeof source === "function" ? source : await imported(name, source)] as const;
  });
  return new Map(await Promise.all(loading));
}

async function imported(name: string, address: string): Promise<LogitProcessorFactory> {
  const url = absoluteUrl(address, "a module");
  try {
    const found = ((await import(/* @vite-ignore */ url)) as { readonly default?: unknown }).default;
    if (typeof found === "function") return found as LogitProcessorFactory;
    throw new Error("its default export is no function");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the logit processor "${name}" did not load from ${url}: ${why}`;
    const help = "serve the module as JavaScript, and allow it in the page's policy (script-src)";
    throw new KernelcError("usage", message, { help, cause: error });
  }
}
