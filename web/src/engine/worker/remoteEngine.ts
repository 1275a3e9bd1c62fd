/** The page's side of an engine that runs elsewhere, with the same interface as one that runs here. */

import { KernelcError } from "../../artifact/errors.js";
import { absoluteUrl } from "../addresses.js";
import type {
  Completions,
  CountRequest,
  EmbeddingRequest,
  Embeddings,
  Engine,
  EngineOptions,
  ModelCard,
  Plan,
  Stats,
  TextCompletions,
  TokenCompletion,
  TokenRequest,
} from "../api.js";
import { chosenModel, type ChosenModel } from "../models/modelList.js";
import { memoryBudget } from "../memory/budget.js";
import { Mutex } from "../mutex.js";
import threadUrl from "../../wasm/thread.js?worker&url";
import { disposed } from "../refusals.js";
import { reloadOptions } from "../models/reloading.js";
import type { Caller, Line } from "./line.js";
import type { Call, Opened, PlainOptions } from "./protocol.js";
import { creator } from "./streams.js";

/** How long an engine may take to release its device before it is left to itself. */
export const DISPOSE_MS = 1000;

const PLAIN = [
  "context",
  "build",
  "device",
  "threads",
  "limits",
  "features",
  "immediates",
  "selfCheck",
  "score",
  "embeddings",
  "warm",
  "storePrefixes",
  "crossOriginStorage",
] as const satisfies readonly (keyof PlainOptions)[];

/** What an engine shares with others. */
export interface Sharing {
  /** Called once the engine is disposed of. */
  ended(): void;
  /** How much memory its next model may take where its options do not say it. */
  budget(): number | Promise<number>;
}

const ALONE: Sharing = { ended: () => undefined, budget: memoryBudget };

/** Opens a model as an engine at the other end of `line`. */
export async function openRemote(
  line: Line,
  url: string,
  options: EngineOptions,
  sharing: Partial<Sharing> = {},
): Promise<Engine> {
  const all = { ...ALONE, ...sharing };
  const number = line.next();
  const caller = line.caller(number);
  const chosen = chosenModel(url, options);
  line.listen(number, options);
  try {
    const call: Call = { method: "open", url: chosen.url, options: await plain(chosen.options, all) };
    const { model } = (await caller(call, options.signal)) as Opened;
    return new RemoteEngine(line, number, model, chosen, all);
  } catch (error) {
    line.listen(number, null);
    throw error;
  }
}

/** What of the options can be sent. @throws KernelcError "usage" for logit processors that are functions. */
async function plain(options: EngineOptions, { budget }: Sharing): Promise<PlainOptions> {
  const { logitProcessors, memoryBytes } = options;
  const sent: Record<string, unknown> = {
    // A worker is told less of the device than its page.
    memoryBytes: memoryBytes ?? (await budget()),
    logitProcessors: logitProcessors && addressesOf(logitProcessors),
    threadUrl: absoluteUrl(threadUrl),
  };
  for (const name of PLAIN) sent[name] = options[name];
  return Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined)) as PlainOptions;
}

/** Absolute addresses of the modules: those of a worker are relative to its own file. */
function addressesOf(processors: NonNullable<EngineOptions["logitProcessors"]>): Record<string, string> {
  const entries = Object.entries(processors).map(([name, source]) => {
    if (typeof source !== "function") return [name, absoluteUrl(String(source), "a module")] as const;
    const message = `the logit processor "${name}" is a function, which cannot be sent to a worker`;
    const help = "give the address of a module whose default export it is, or start a worker of your own";
    throw new KernelcError("usage", message, { help });
  });
  return Object.fromEntries(entries);
}

class RemoteEngine implements Engine {
  readonly chat: { readonly completions: Completions };
  readonly completions: TextCompletions;
  readonly embeddings: Embeddings;
  readonly tokens = {
    generate: (ids: readonly number[], request: TokenRequest = {}): Promise<TokenCompletion> => {
      const { signal, ...rest } = request;
      return this.caller({ method: "generate", ids, request: rest }, signal) as Promise<TokenCompletion>;
    },
    score: (ids: readonly number[]): Promise<readonly Float32Array[]> =>
      this.caller({ method: "score", ids }) as Promise<readonly Float32Array[]>,
    encode: (text: string): Promise<readonly number[]> =>
      this.caller({ method: "encode", text }) as Promise<readonly number[]>,
    decode: (ids: readonly number[]): Promise<string> =>
      this.caller({ method: "decode", ids }) as Promise<string>,
    count: (request: CountRequest): Promise<number> =>
      this.caller({ method: "count", request }) as Promise<number>,
  };
  private readonly caller: Caller;
  private readonly reloads = new Mutex();
  private disposed = false;

  constructor(
    private readonly line: Line,
    private readonly number: number,
    private card: ModelCard,
    private chosen: ChosenModel,
    private readonly sharing: Sharing,
  ) {
    const caller = line.caller(number);
    this.caller = (...args) => (this.disposed ? Promise.reject(disposed()) : caller(...args));
    const completions: Completions = creator(this.caller, (request) => ({ method: "chat", request }));
    this.chat = { completions };
    this.completions = creator(this.caller, (request) => ({ method: "complete", request }));
    const embed = ({ signal, ...request }: EmbeddingRequest): Promise<unknown> =>
      this.caller({ method: "embed", request }, signal);
    this.embeddings = { create: embed as Embeddings["create"] };
  }

  get model(): ModelCard {
    return this.card;
  }

  async reload(url?: string, options: EngineOptions = {}): Promise<void> {
    await this.reloads.alone(async () => {
      const next = reloadOptions(this.chosen, url, options);
      const sent = await plain(next.options, this.sharing);
      if (!this.disposed) this.line.listen(this.number, next.options);
      const call: Call = { method: "reload", url: next.url, options: sent };
      this.card = ((await this.caller(call, options.signal)) as Opened).model;
      this.chosen = next;
    }, options.signal);
  }

  stats(): Promise<Stats> {
    return this.caller({ method: "stats" }) as Promise<Stats>;
  }

  plan(contextLength: number): Promise<Plan> {
    return this.caller({ method: "plan", contextLength }) as Promise<Plan>;
  }

  async reset(): Promise<void> {
    await this.caller({ method: "reset" });
  }

  async dispose(): Promise<void> {
    const late = new Promise((resolve) => setTimeout(resolve, DISPOSE_MS));
    await Promise.race([this.caller({ method: "dispose" }).catch(() => undefined), late]);
    this.disposed = true;
    this.line.listen(this.number, null);
    this.sharing.ended();
  }

  async simulateLoss(): Promise<void> {
    await this.caller({ method: "simulateLoss" });
  }
}
