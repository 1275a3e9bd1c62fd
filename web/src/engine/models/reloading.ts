/** An engine whose model can be replaced. */

import type {
  Completions,
  Embeddings,
  Engine,
  EngineOptions,
  LoadedModel,
  ModelCard,
  Plan,
  Stats,
  TextCompletions,
} from "../api.js";
import { chosenModel, OF_MODELS, type ChosenModel } from "./modelList.js";
import { Mutex } from "../mutex.js";
import { disposed, noModel } from "../refusals.js";

/**
 * What is opened next: another model, or the same one again without `model`. Options stay as they were where
 * they are not given anew; those of a model do so only for the same model, and a signal never does. Logit
 * processors are added.
 */
export function reloadOptions(
  { asked }: ChosenModel,
  model: string | undefined,
  options: EngineOptions,
): ChosenModel {
  const { signal: _, ...before } = asked.options;
  const others = Object.entries(before).filter(([name]) => !OF_MODELS.some((own) => own === name));
  const kept = model === undefined ? before : (Object.fromEntries(others) as EngineOptions);
  const logitProcessors = { ...kept.logitProcessors, ...options.logitProcessors };
  // Windows share a model for the same options: where there are no processors, none are named.
  const added = Object.keys(logitProcessors).length ? { logitProcessors } : {};
  return chosenModel(model ?? asked.model, { ...kept, ...options, ...added });
}

/** Opens a model. */
export type Open = (url: string, options: EngineOptions) => Promise<LoadedModel>;

/** One model at a time: the old one is released before the next is loaded, since both may not fit. */
export class ReloadableEngine implements Engine {
  readonly chat: { readonly completions: Completions };
  readonly completions: TextCompletions;
  readonly embeddings: Embeddings;
  readonly tokens: Engine["tokens"];
  private current: LoadedModel | null;
  private card: ModelCard;
  private ended = false;
  private readonly mutex = new Mutex();

  constructor(
    private readonly open: Open,
    private chosen: ChosenModel,
    first: LoadedModel,
  ) {
    this.current = first;
    this.card = first.model;
    const { chat, completions, embeddings } = creators(() => this.loaded);
    this.chat = { completions: chat };
    this.completions = completions;
    this.embeddings = embeddings;
    this.tokens = {
      generate: async (ids, request) => this.loaded.tokens.generate(ids, request),
      score: async (ids) => this.loaded.tokens.score(ids),
      encode: async (text) => this.loaded.tokens.encode(text),
      decode: async (ids) => this.loaded.tokens.decode(ids),
      count: async (request) => this.loaded.tokens.count(request),
    };
  }

  get model(): ModelCard {
    return this.card;
  }

  /** @throws KernelcError as `createEngine`; there is no model then, until another reload. */
  async reload(model?: string, options: EngineOptions = {}): Promise<void> {
    await this.mutex.alone(async () => {
      this.requireOpen();
      const next = reloadOptions(this.chosen, model, options);
      const old = this.current;
      this.current = null;
      await old?.dispose();
      const opened = await this.open(next.url, next.options);
      if (this.ended) await opened.dispose(); // meanwhile: nobody else would release it
      this.requireOpen();
      [this.current, this.card, this.chosen] = [opened, opened.model, next];
    }, options.signal);
  }

  async stats(): Promise<Stats> {
    return this.loaded.stats();
  }

  async plan(contextLength: number): Promise<Plan> {
    return this.loaded.plan(contextLength);
  }

  async reset(): Promise<void> {
    await this.loaded.reset();
  }

  async dispose(): Promise<void> {
    this.ended = true;
    await this.current?.dispose();
  }

  async simulateLoss(): Promise<void> {
    await this.loaded.simulateLoss();
  }

  private get loaded(): LoadedModel {
    this.requireOpen();
    if (this.current) return this.current;
    throw noModel();
  }

  private requireOpen(): void {
    if (this.ended) throw disposed();
  }
}

export interface Creators {
  readonly chat: Completions;
  readonly completions: TextCompletions;
  readonly embeddings: Embeddings;
}

/** `create` of whichever model is loaded when it is called. */
export function creators(loaded: () => LoadedModel | Promise<LoadedModel>): Creators {
  type Created = { create(request: unknown): Promise<unknown> };
  const of = (pick: (model: LoadedModel) => unknown): unknown => ({
    create: async (request: unknown) => (pick(await loaded()) as Created).create(request),
  });
  return {
    chat: of(({ chat }) => chat.completions) as Completions,
    completions: of(({ completions }) => completions) as TextCompletions,
    embeddings: of(({ embeddings }) => embeddings) as Embeddings,
  };
}
