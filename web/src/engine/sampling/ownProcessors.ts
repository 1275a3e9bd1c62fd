/** The processors that a page gives an engine: loaded with it, and made for each answer that asks for one. */

import { KernelcError } from "../../artifact/errors.js";
import type { Coder } from "../../text/types.js";
import { absoluteUrl } from "../addresses.js";
import type {
  LogitProcessor, LogitProcessorFactory, LogitProcessors, ProcessorChoice, ProcessorModel, ProcessorTable,
} from "./logitProcessors.js";
import { refuse } from "./sampling.js";

class OwnProcessors implements ProcessorTable {
  constructor(
    private readonly factories: ReadonlyMap<string, LogitProcessorFactory>,
    private readonly model: ProcessorModel,
  ) {}

  makerOf(choice: ProcessorChoice): () => LogitProcessor {
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
      return refuse("logit_processor", name, `one of ${names}`);
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

/** Makes the table of an engine, of what is known when it is whole. */
export type TableMaker = (coder: Coder, vocabSize: number, endIds: readonly number[]) => ProcessorTable;

export function tableOf(factories: ReadonlyMap<string, LogitProcessorFactory>): TableMaker {
  return (coder, vocabSize, endIds) => {
    const encode = (text: string): readonly number[] => coder.encode(text);
    return new OwnProcessors(factories, { vocabSize, endIds, encode, decode: (ids) => coder.decode(ids) });
  };
}

/** Imports the modules. @throws KernelcError "usage" that names the processor. */
export async function loadProcessors(
  processors: LogitProcessors,
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
