/** The engine as its users see it: how it is opened, what it can do and what it tells of itself. */

import type { AdapterCard } from "../gpu/card.js";
import type { GenerationInfo } from "../artifact/schema.js";
import type { WarmList } from "../prefixes/warm.js";
import type { Notice } from "../weights/load.js";
import type { LogitProcessors } from "./sampling/logitProcessors.js";
import type { ChatRequest, Completions, TextCompletions } from "./openai/completions.js";
import type { Embeddings } from "./openai/embeddings.js";

export type * from "./openai/completions.js";
export type * from "./openai/embeddings.js";
export type { AdapterCard, GenerationInfo, Notice, WarmList };
export type * from "./sampling/logitProcessors.js";
export { KernelcError, type ErrorCode } from "../artifact/errors.js";

/** Where a model runs: on a graphics device through WebGPU, or on the processor as WebAssembly. */
export type DeviceChoice = "auto" | "webgpu" | "wasm";

/** How an engine is opened; every field may be left out. */
export interface EngineOptions {
  /** Called often, with how far loading is. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called with what a person may want to know although nothing failed, such as blocked storage. */
  readonly onNotice?: (notice: Notice) => void;
  /**
   * Called with what begins that cannot be stopped from within, such as encoding with a stranger's tokenizer,
   * and with null where it has ended. Where the engine runs in a worker, that is ended after a while.
   */
  readonly onBusy?: (what: string | null) => void;
  /** Tokens that the cache holds; by default the artifact's own maximum, or fewer where memory is short. */
  readonly context?: number;
  /**
   * Models by name: what is opened is then one of these names instead of an address (see `fetchModelList`).
   */
  readonly models?: readonly ListedModel[];
  /**
   * Code of the page's own that changes the scores of tokens, for requests to name (`logit_processor`). To an
   * engine in a worker, addresses of modules.
   */
  readonly logitProcessors?: LogitProcessors;
  /**
   * How much memory the model may take while it is loaded; Infinity for no bound. The default is what pages
   * get on this kind of device, as far as one can know.
   */
  readonly memoryBytes?: number;
  /**
   * The build to load: the `id` of a plan or of a stored model. Where this device has its manifest, the
   * server is not asked whether there is a newer one.
   */
  readonly build?: string;
  /** Ends loading: `createEngine` throws "aborted". */
  readonly signal?: AbortSignal;
  /**
   * "auto" (the default) takes a graphics device, and the processor where there is none, or only one that
   * software imitates, or where the self-check refuses it, if the artifact brings kernels for the processor.
   */
  readonly device?: DeviceChoice;
  /**
   * On the processor: the most threads, by default one for each core. There is one where the page is not
   * isolated.
   */
  readonly threads?: number;
  /**
   * "default" stays within WebGPU's guaranteed limits; "adapter" (the default) asks for what the model needs.
   */
  readonly limits?: "default" | "adapter";
  /** "none" leaves f16 and subgroups unused; "all" is the default. */
  readonly features?: "all" | "none";
  /**
   * Whether the values that change from step to step are passed as immediates, where the browser has them,
   * instead of in a buffer (default false: a buffer was faster on the one graphics card where both were
   * measured).
   */
  readonly immediates?: boolean;
  /**
   * Whether every kernel's golden tile runs before the first answer (default true, where the artifact has
   * them).
   */
  readonly selfCheck?: boolean;
  /**
   * The beginning of a prompt that the site's builder computed (`kernelc web --warm`): the list of its
   * blocks, a file beside the manifest. It is fetched after all else.
   */
  readonly warm?: WarmList;
  /**
   * Whether the keys and values of conversations are kept on this device (in the origin private file system,
   * at most 512 MB), so that a conversation goes on after a reload without being read again (default false:
   * texts can be computed from them; see `deletePrefixes`). Browsers without that file system read it again.
   */
  readonly storePrefixes?: boolean;
  /**
   * Whether weights are looked for, by their sha256, among the files that sites share (Cross-Origin Storage),
   * and offered to them once they are downloaded (default false: the browser may ask its user). Where the
   * browser has no such storage, nothing changes.
   */
  readonly crossOriginStorage?: boolean;
  /** Load the programs that score many positions at once, for `tokens.score` (default false: one by one). */
  readonly score?: boolean;
  /**
   * Load the program that makes embeddings, of an artifact that was built with embeddings (default false). An
   * artifact without it is refused as "usage".
   */
  readonly embeddings?: boolean;
}

/** The options that belong to one model, and not to whichever is loaded next. */
export type OptionsOfModels = "build" | "context" | "warm";

/** A model that an engine can be opened with by its name; see `EngineOptions.models`. */
export interface ListedModel {
  readonly name: string;
  /** Address of its artifact's folder, on this site or on another one that allows it (CORS). */
  readonly url: string;
  /** What it is called in front of people. */
  readonly title?: string;
  /** What it is opened with where an engine's own options do not say it. */
  readonly options?: Pick<EngineOptions, OptionsOfModels | "device" | "embeddings">;
}

/** How far loading is. Bytes are those of weights; `done` and `total` count kernels or files. */
export interface Progress {
  readonly phase: "manifest" | "tokenizer" | "pipelines" | "weights" | "self-check" | "ready";
  readonly loadedBytes?: number;
  readonly totalBytes?: number;
  /** How many of `loadedBytes` came from this browser's own store. */
  readonly fromCacheBytes?: number;
  readonly bytesPerSecond?: number;
  readonly done?: number;
  readonly total?: number;
}

/** Facts about the model that is loaded, as its artifact gives them. */
export interface ModelCard {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly quant: string;
  readonly architecture: string;
  readonly layers: number;
  readonly hidden_size: number;
  readonly vocab_size: number;
  /** Tokens that the cache of this engine holds. */
  readonly context: number;
  readonly max_context: number;
  readonly weight_bytes: number;
  readonly bos_token_id: number | null;
  readonly eos_token_ids: readonly number[];
  /** How the model's authors want answers sampled: the defaults of requests; null where nothing says it. */
  readonly generation: GenerationInfo | null;
}

export interface Probe {
  /** Whether models can run here at all. */
  readonly usable: boolean;
  /** Why not, and what to do; empty where models can run. */
  readonly reasons: readonly string[];
  /** The reason as a code; null where models can run. */
  readonly code: "no-webgpu" | "no-adapter" | null;
  readonly adapter: AdapterCard | null;
}

/** What a context length costs, before anything is downloaded. */
export interface Plan {
  readonly name: string;
  /** The build that it is about (see `EngineOptions.build`): sha256 of its manifest. */
  readonly id: string;
  readonly context: number;
  readonly max_context: number;
  readonly gpu_bytes: number;
  readonly weight_bytes: number;
  readonly cache_bytes: number;
  /** What the KV cache holds; null where it is numbers. */
  readonly kv: "q8" | null;
  readonly scratch_bytes: number;
  /** All of it while it is loaded, with the shards of weights that are under way. */
  readonly taken_bytes: number;
  /** What a page may take on this device; null where nothing speaks for a bound. */
  readonly memory_bytes: number | null;
  /**
   * Bytes of weights, tokenizer, golden tiles and kernels for `device`, which a first visit downloads. A chat
   * template of a few kilobytes comes on top, whose size the manifest does not say. `stored_bytes` of them
   * are here already.
   */
  readonly download_bytes: number;
  readonly stored_bytes: number;
  /** What would run it, with the options that were asked about. */
  readonly device: "webgpu" | "wasm";
  /** Why that is the processor: a sentence; empty for a graphics device. */
  readonly device_reason: string;
  readonly fits: boolean;
  /** The longest context up to `context` with which it fits; 0 where there is none. */
  readonly fitting_context: number;
  /** Why it does not fit; empty where it does. */
  readonly reasons: readonly string[];
}

/** The state of an engine, and how fast it was. */
export interface Stats {
  readonly adapter: AdapterCard;
  readonly features: readonly string[];
  readonly context: number;
  readonly cached_tokens: number;
  /** Blocks of prompts that are kept beside the cache, of 64 tokens each, and their bytes. */
  readonly kept_blocks: number;
  readonly kept_bytes: number;
  /** Blocks of this model that this device keeps for the next visit, and the bytes of those of all models. */
  readonly stored_blocks: number;
  readonly stored_bytes: number;
  readonly gpu_bytes: number;
  readonly staging_bytes: number;
  readonly pipelines: number;
  /** For each kernel, the file of the variant that this device runs. */
  readonly variants: Readonly<Record<string, string>>;
  readonly load_seconds: number;
  /** How often a lost device was replaced. */
  readonly restored: number;
  readonly prompt_tokens: number;
  readonly generated_tokens: number;
  readonly prefill_seconds: number;
  readonly decode_seconds: number;
  readonly first_token_seconds: number | null;
  /** Microseconds that JavaScript takes for each dispatch of a decode step. */
  readonly host_us_per_dispatch: number;
  readonly dispatches_per_token: number;
}

/** Options for generating ids from ids, for tests and for programs that bring their own tokenizer. */
export interface TokenRequest {
  readonly max_tokens?: number;
  readonly temperature?: number;
  readonly top_k?: number;
  readonly top_p?: number;
  readonly min_p?: number;
  readonly repetition_penalty?: number;
  readonly seed?: number | null;
  /** Ids that end the generation and are not returned (default: those of the model). */
  readonly stop_ids?: readonly number[];
  readonly signal?: AbortSignal;
}

/** What is counted; the fields are those of a `ChatRequest`. */
export type CountRequest = Pick<ChatRequest, "messages" | "tools">;

export interface TokenCompletion {
  readonly ids: readonly number[];
  readonly finish_reason: "stop" | "length" | "context";
  readonly stop_id: number | null;
  readonly seed: number;
}

/** A loaded model. Requests are answered one after the other. */
export interface LoadedModel {
  readonly model: ModelCard;
  readonly chat: { readonly completions: Completions };
  /** Text completions: the model goes on from a prompt as it is, without a chat template. */
  readonly completions: TextCompletions;
  /** Embeddings of texts; see `EngineOptions.embeddings`. */
  readonly embeddings: Embeddings;
  readonly tokens: {
    /** Generate ids that continue `ids`. Those that are in the cache already are not computed again. */
    generate(ids: readonly number[], request?: TokenRequest): Promise<TokenCompletion>;
    /** The logits after each of `ids`: one row of vocab_size numbers per id. */
    score(ids: readonly number[]): Promise<readonly Float32Array[]>;
    /** The ids of a text, without BOS; markup in it is text. */
    encode(text: string): Promise<readonly number[]>;
    decode(ids: readonly number[]): Promise<string>;
    /** How many tokens the prompt of a conversation has, as the model's template writes it. */
    count(request: CountRequest): Promise<number>;
  };
  stats(): Promise<Stats>;
  /** What another context length of this model would cost. */
  plan(contextLength: number): Promise<Plan>;
  /** Empty the cache. */
  reset(): Promise<void>;
  /** Release the device and everything that was loaded. */
  dispose(): Promise<void>;
  /** Lose the device as if the driver had crashed; for tests. */
  simulateLoss(): Promise<void>;
}

/** A model that can be replaced. */
export interface Engine extends LoadedModel {
  /**
   * Load another model, by its address or its name in `options.models`, or the same one again without
   * `model`. The old one is released first, and answers that it is giving end with "aborted". Options stay
   * as they were where they are not given anew; `build`, `context` and `warm` do so only for the same model.
   *
   * @throws KernelcError as `createEngine`. Until another reload there is no model then.
   */
  reload(model?: string, options?: EngineOptions): Promise<void>;
}
