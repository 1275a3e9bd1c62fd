/** The public `Engine`, put together from its parts in one thread. */

import { KernelcError } from "../artifact/errors.js";
import { plannedBytes, planLoad } from "../gpu/loadPlan.js";
import type { Manifest } from "../artifact/schema.js";
import type { LoadedExecutor } from "../gpu/executor.js";
import type { PromptEncoder } from "../text/prompt.js";
import type { Coder, Template } from "../text/types.js";
import type {
  CommonRequest,
  Completions,
  CountRequest,
  Creates,
  Embeddings,
  LoadedModel,
  ModelCard,
  Plan,
  Stats,
  TextCompletions,
  TokenCompletion,
  TokenRequest,
} from "./api.js";
import { ChatCompletions } from "./answers/chat.js";
import type { TokenEngine } from "./engine.js";
import { LaterGrammars } from "./masked/laterGrammars.js";
import { embeddingCode, textCode } from "./laterCode.js";
import type { ProcessorTable } from "./sampling/logitProcessors.js";
import { Mutex } from "./mutex.js";
import { formsOf } from "./answers/reading.js";
import { planManifest } from "./models/plan.js";
import { disposed } from "./refusals.js";
import { checkedRequest } from "./request/chat.js";
import { checkedSampling, integer } from "./sampling/sampling.js";

/** What an engine is made of. */
export interface EngineParts {
  readonly engine: TokenEngine;
  readonly manifest: Manifest;
  readonly coder: Coder;
  readonly template: Template;
  readonly prompts: PromptEncoder;
  readonly card: ModelCard;
  readonly loadSeconds: number;
  readonly processors: ProcessorTable | null;
}

export class LocalEngine implements LoadedModel {
  readonly model: ModelCard;
  readonly chat: { readonly completions: Completions };
  readonly completions: TextCompletions;
  readonly embeddings: Embeddings;
  readonly tokens = {
    generate: (ids: readonly number[], request?: TokenRequest): Promise<TokenCompletion> =>
      this.generate(ids, request),
    score: (ids: readonly number[]): Promise<readonly Float32Array[]> => this.score(ids),
    encode: async (text: string): Promise<readonly number[]> => this.parts.coder.encode(text),
    decode: async (ids: readonly number[]): Promise<string> => this.parts.coder.decode(ids),
    count: (request: CountRequest): Promise<number> => this.count(request),
  };
  private readonly parts: EngineParts;
  private readonly mutex = new Mutex();
  private disposed = false;

  constructor(parts: EngineParts) {
    this.parts = parts;
    this.model = parts.card;
    const { engine, coder, prompts, card, template, manifest } = parts;
    const answering = {
      engine,
      coder,
      prompts,
      isPlain: template.isPlain,
      forms: formsOf(template, coder),
      stopIds: card.eos_token_ids,
      grammars: new LaterGrammars(coder, engine.vocabSize, card.eos_token_ids),
      processors: parts.processors,
      generation: card.generation,
      name: card.name,
      mutex: this.mutex,
    };
    const requireOpen = (): void => this.requireOpen();
    const chat = new ChatCompletions(answering);
    this.chat = { completions: creator(() => chat, requireOpen) };
    this.completions = creator(async () => new (await textCode()).TextAnswers(answering), requireOpen);
    const create = async (request: unknown): Promise<unknown> => {
      requireOpen();
      try {
        return await (await embeddingCode()).embed({ ...answering, manifest }, request);
      } catch (error) {
        throw KernelcError.from(error);
      }
    };
    this.embeddings = { create: create as Embeddings["create"] };
  }

  private async generate(ids: readonly number[], request: TokenRequest = {}): Promise<TokenCompletion> {
    const { engine, card } = this.parts;
    const sampling = checkedSampling(request);
    const most = integer("max_tokens", request.max_tokens ?? engine.context, 0, Number.MAX_SAFE_INTEGER);
    return this.alone(async () => {
      engine.startTiming();
      await engine.reuse(ids.slice(0, -1));
      await engine.feed(ids.slice(engine.ids.length), { signal: request.signal });
      const stops = request.stop_ids ?? card.eos_token_ids;
      const generation = engine.generate(most, sampling, stops, { signal: request.signal });
      const found: number[] = [];
      for await (const { id } of generation) found.push(id);
      const reason = generation.finishReason;
      const finish_reason = reason === "stop" || reason === "context" ? reason : "length";
      return { ids: found, finish_reason, stop_id: generation.stopId, seed: generation.seed };
    }, request.signal);
  }

  private async score(ids: readonly number[]): Promise<readonly Float32Array[]> {
    const { engine } = this.parts;
    return this.alone(async () => {
      engine.truncate(0);
      const rows: Float32Array[] = [];
      for await (const row of engine.score(ids)) rows.push(row);
      return rows;
    });
  }

  private async count(request: CountRequest): Promise<number> {
    const { engine, prompts } = this.parts;
    return this.alone(() => {
      const { messages, tools } = checkedRequest(request, engine.vocabSize);
      return prompts.prompt(messages, { tools: tools?.tools ?? [] }).ids.length;
    });
  }

  async stats(): Promise<Stats> {
    this.requireOpen();
    const { engine, manifest, loadSeconds } = this.parts;
    const { timings } = engine;
    const executor = loadedOf(engine);
    const seconds = (ms: number): number => ms / 1000;
    return {
      adapter: executor.card,
      features: executor.features,
      context: engine.context,
      cached_tokens: engine.ids.length,
      kept_blocks: engine.kept.size,
      kept_bytes: engine.kept.bytes,
      stored_blocks: engine.stored.size,
      stored_bytes: engine.stored.bytes,
      gpu_bytes: plannedBytes(manifest, planLoad(manifest, engine.context, engine.roles)),
      staging_bytes: executor.stagingBytes,
      pipelines: executor.pipelines,
      variants: executor.variants,
      load_seconds: loadSeconds,
      restored: engine.restored,
      prompt_tokens: timings.promptTokens,
      generated_tokens: timings.generatedTokens,
      prefill_seconds: seconds(timings.prefillMs),
      decode_seconds: seconds(timings.decodeMs),
      first_token_seconds: timings.firstTokenMs === null ? null : seconds(timings.firstTokenMs),
      host_us_per_dispatch: timings.hostUsPerDispatch,
      dispatches_per_token: engine.dispatchesPerToken,
    };
  }

  async plan(contextLength: number): Promise<Plan> {
    return { id: this.model.id, ...(await planManifest(this.parts.manifest, contextLength)) };
  }

  async reset(): Promise<void> {
    await this.alone(() => {
      this.parts.engine.truncate(0);
      this.parts.prompts.forget();
    });
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    this.parts.engine.dispose();
  }

  async simulateLoss(): Promise<void> {
    loadedOf(this.parts.engine).simulateLoss();
  }

  private alone<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    this.requireOpen();
    return this.mutex.alone(work, signal).catch((error: unknown) => {
      throw KernelcError.from(error);
    });
  }

  private requireOpen(): void {
    if (this.disposed) throw disposed();
  }
}

function loadedOf({ executor }: TokenEngine): LoadedExecutor {
  if ("card" in executor) return executor as LoadedExecutor;
  throw new KernelcError("internal", "the engine runs on no device");
}

/** What answers one kind of request. */
interface Answers<Request, Whole, Chunk> {
  complete(request: Request): Promise<Whole>;
  stream(request: Request): Promise<AsyncIterable<Chunk>>;
}

/** `create` with its three signatures: a stream where the request asks for one, else the whole answer. */
function creator<Request extends CommonRequest, Whole, Chunk>(
  answering: () => Answers<Request, Whole, Chunk> | Promise<Answers<Request, Whole, Chunk>>,
  requireOpen: () => void,
): Creates<Request, Whole, Chunk> {
  async function create(request: Request & { readonly stream: true }): Promise<AsyncIterable<Chunk>>;
  async function create(request: Request & { readonly stream?: false | null }): Promise<Whole>;
  async function create(request: Request): Promise<Whole | AsyncIterable<Chunk>>;
  async function create(request: Request): Promise<Whole | AsyncIterable<Chunk>> {
    requireOpen();
    try {
      const answers = await answering();
      return await (request.stream ? answers.stream(request) : answers.complete(request));
    } catch (error) {
      throw KernelcError.from(error);
    }
  }
  return { create };
}
