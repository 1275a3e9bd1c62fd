/**
 * Engines as models of the AI SDK (the packages `ai` and `@ai-sdk/provider`), by its specification v4.
 *
 *     const model = languageModel(await createWorkerEngine("models/demo/"));
 *     const { text } = await generateText({ model, prompt: "What is 12 + 30?" });
 */

import type {
  EmbeddingModelV4,
  EmbeddingModelV4CallOptions,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  ProviderV4,
} from "@ai-sdk/provider";
import { KernelcError } from "../artifact/errors.js";
import type { Engine } from "../engine/api.js";
import { contentOf, streamed } from "./aiSdkAnswers.js";
import { finishOf, requestOf, usageOf } from "./aiSdkRequests.js";

const PROVIDER = "kernelc";
/** As many as a request for embeddings may have. */
const MOST_TEXTS = 128;

/** The part of an engine that answers. */
export type AnsweringEngine = Pick<Engine, "chat" | "model">;
/** The part of an engine that makes embeddings. */
export type EmbeddingEngine = Pick<Engine, "embeddings" | "model">;

/** An engine as a language model. It answers one request after the other. */
export function languageModel(engine: AnsweringEngine): LanguageModelV4 {
  return languageModelOf(engine.model.name, async () => engine);
}

/** An engine that was opened with `embeddings: true`, as an embedding model. */
export function embeddingModel(engine: EmbeddingEngine): EmbeddingModelV4 {
  return embeddingModelOf(engine.model.name, async () => engine);
}

/**
 * A provider whose models are opened when they are first used, and stay open: `open` gets the id that the
 * program names, such as a name in a list of models. One that failed to open is opened again.
 */
export function createKernelc(open: (id: string) => Promise<Engine>): ProviderV4 {
  const opened = new Map<string, Promise<Engine>>();
  const engineOf = (id: string) => (): Promise<Engine> => {
    const known = opened.get(id) ?? open(id);
    opened.set(id, known);
    known.catch(() => opened.delete(id));
    return known;
  };
  return {
    specificationVersion: "v4",
    languageModel: (id) => languageModelOf(id, engineOf(id)),
    embeddingModel: (id) => embeddingModelOf(id, engineOf(id)),
    imageModel: (id) => {
      const help = "take another provider for pictures";
      throw new KernelcError("usage", `kernelc has no model for pictures, so no "${id}"`, { help });
    },
  };
}

function languageModelOf(modelId: string, engineOf: () => Promise<AnsweringEngine>): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: PROVIDER,
    modelId,
    supportedUrls: {},
    doGenerate: (options: LanguageModelV4CallOptions) =>
      stoppable(options.abortSignal, async () => {
        const { request, warnings } = requestOf(options);
        const answer = await (await engineOf()).chat.completions.create({ ...request, stream: false });
        const [choice] = answer.choices;
        return {
          content: contentOf(choice.message),
          finishReason: finishOf(choice.finish_reason, answer.kernelc.finish),
          usage: usageOf(answer.usage),
          response: { id: answer.id, timestamp: new Date(1000 * answer.created), modelId: answer.model },
          warnings,
        };
      }),
    doStream: (options: LanguageModelV4CallOptions) =>
      stoppable(options.abortSignal, async () => {
        const { request, warnings } = requestOf(options);
        const chunks = await (await engineOf()).chat.completions.create({ ...request, stream: true });
        return { stream: streamed(chunks, warnings, (error) => named(error, options.abortSignal)) };
      }),
  };
}

function embeddingModelOf(modelId: string, engineOf: () => Promise<EmbeddingEngine>): EmbeddingModelV4 {
  return {
    specificationVersion: "v4",
    provider: PROVIDER,
    modelId,
    maxEmbeddingsPerCall: MOST_TEXTS,
    supportsParallelCalls: false,
    doEmbed: ({ values, dimensions, abortSignal }: EmbeddingModelV4CallOptions) =>
      stoppable(abortSignal, async () => {
        const engine = await engineOf();
        const signal = abortSignal && { signal: abortSignal };
        const found = await engine.embeddings.create({ input: values, ...signal });
        return {
          embeddings: found.data.map(({ embedding }) => [...embedding]),
          usage: { tokens: found.usage.total_tokens },
          warnings: dimensions === undefined ? [] : [{ type: "unsupported", feature: "dimensions" }],
        };
      }),
  };
}

async function stoppable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw named(error, signal);
  }
}

/** The SDK knows an abort by its name, which is that of the signal's own reason. */
function named(error: unknown, signal: AbortSignal | undefined): unknown {
  const stopped = error instanceof KernelcError && error.code === "aborted";
  return stopped ? (signal?.reason ?? new DOMException(error.message, "AbortError")) : error;
}
