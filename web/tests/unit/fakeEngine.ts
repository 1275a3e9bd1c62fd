/** An engine that says what it is told to, and the page's services around it: for tests of the page alone. */
import type {
  ChatChunk,
  ChatEngine,
  LoadOptions,
  Notice,
  Plan,
  Probe,
  PromptProgress,
  StoredModel,
  StreamRequest,
} from "../../src/page/state/ports.js";
import { ConversationStore, MemoryShelf } from "../../src/page/keeping/conversationStore.js";
import type { Preferences, Services } from "../../src/page/services.js";
import { ALONE, type Sharing } from "../../src/page/keeping/sharing.js";
import { KernelcError, type ErrorCode } from "../../src/artifact/errors.js";

export const BASE = "https://site.test/chat/";

export interface FakeOptions {
  /** What the engine answers; by default it repeats the question. */
  answer?: (request: StreamRequest) => string;
  /** Fails the answer after so many pieces. */
  failAfter?: { pieces: number; code: ErrorCode; message: string };
  /** Fails the loading. */
  failLoad?: { code: ErrorCode; message: string };
  /** Milliseconds between two pieces, and between two reports of progress. */
  pause?: number;
  models?: readonly { name: string; title: string; bytes: number; context: number; quant?: string; system?: string; warm?: object }[];
  fits?: boolean;
  /** The longest context that the device can hold. */
  longest?: number;
  reasons?: readonly string[];
  stored?: readonly StoredModel[];
  entries?: readonly [string, unknown][];
  /** In a browser: whether chats are kept in its own storage, and shared with its other windows. */
  keeps?: boolean;
  /** Whether the server has another build than the one that is stored. */
  newBuild?: boolean;
  /** Another window's, to share chats with it. */
  shelf?: MemoryShelf;
  sharing?: Sharing;
  base?: string;
  probe?: Probe;
  device?: Plan["device"];
  /** Tokens per second that the engine measures. */
  rate?: number;
  /** Told before an answer. */
  progress?: readonly PromptProgress[];
  /** Told while loading. */
  notices?: readonly Notice[];
}

const PROBE: Probe = {
  usable: true,
  reasons: [],
  code: null,
  adapter: {
    name: "Pretended Graphics 9",
    vendor: "",
    architecture: "",
    fallback: false,
    features: [],
    languageFeatures: [],
    limits: {},
  },
};

export interface FakeServices extends Services {
  requests: StreamRequest[];
  disposed: number;
  /** How often the browser was asked to keep what is stored. */
  asked: number;
  /** How often the engine was asked how fast it is. */
  measured: number;
  /** The builds that were loaded. */
  loadedBuilds: (string | undefined)[];
  /** What the site computed for them. */
  loadedWarm: LoadOptions["warm"][];
  /** The files that were handed to the person. */
  saved: { name: string; text: string }[];
}

const MODELS = [{ name: "demo", title: "Demo", bytes: 5_100_000, context: 1024 }];

export function fakeServices(options: FakeOptions = {}): FakeServices {
  const base = options.base ?? BASE;
  const models = options.models ?? MODELS;
  const stored = [...(options.stored ?? [])];
  let time = 1_760_000_000_000;
  const services: FakeServices = {
    requests: [],
    disposed: 0,
    asked: 0,
    measured: 0,
    loadedBuilds: [],
    loadedWarm: [],
    base,
    fetchCatalog: async () => ({
      version: 1,
      models: models.map((model) => ({ quant: "q4", path: `models/${model.name}/`, ...model })),
    }),
    createEngine: (url, load) => open(options, load, services, () => stored.push(storedOf(url, models))),
    probe: async () => options.probe ?? PROBE,
    planArtifact: async (url, context, { build }) => planOf(url, context, build, models, stored, options),
    storedModels: async () => [...stored],
    deleteModel: async (id) =>
      void stored.splice(
        stored.findIndex((entry) => entry.id === id),
        1,
      ),
    requestPersistence: async () => {
      services.asked += 1;
      return true;
    },
    conversations: new ConversationStore(options.shelf ?? new MemoryShelf(options.entries)),
    sharing: options.sharing ?? ALONE,
    preferences: held(),
    session: held(),
    saved: [],
    storageEstimate: async () => ({ usageBytes: 6_000_000, quotaBytes: 12_000_000_000, persisted: true }),
    saveFile: (name, text) => void services.saved.push({ name, text }),
    surroundings: { userAgent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36", secureContext: true },
    now: () => (time += 1000),
    clock: () => performance.now(),
  };
  return services;
}

function held(): Preferences {
  const values = new Map<string, unknown>();
  return {
    read: (key) => values.get(key) ?? null,
    write: (key, value) => void values.set(key, value),
  };
}

type FakeModels = NonNullable<FakeOptions["models"]>;

function storedOf(url: string, models: FakeModels): StoredModel {
  const model = models.find((entry) => url.endsWith(`/${entry.name}/`));
  const bytes = model?.bytes ?? 0;
  return { id: `id-${model?.name}`, url, title: model?.title ?? "", bytes, totalBytes: bytes, complete: true };
}

/** The server's build of a model. */
function idOf(name: string, options: FakeOptions): string {
  return options.newBuild ? `new-${name}` : `id-${name}`;
}

function planOf(
  url: string,
  context: number,
  build: string | undefined,
  models: FakeModels,
  stored: readonly StoredModel[],
  options: FakeOptions,
): Plan {
  const model = models.find((entry) => url.endsWith(`/${entry.name}/`));
  if (!model) throw new KernelcError("network", `${url}manifest.json: the server answered 404`);
  const cache_bytes = context * 5120;
  const scratch_bytes = 2_700_000;
  const longest = options.longest ?? Infinity;
  return {
    name: model.name,
    id: build ?? idOf(model.name, options),
    context,
    max_context: model.context,
    weight_bytes: model.bytes,
    cache_bytes,
    kv: null,
    scratch_bytes,
    gpu_bytes: model.bytes + cache_bytes + scratch_bytes,
    download_bytes: model.bytes,
    stored_bytes: stored.find(({ id }) => id === (build ?? idOf(model.name, options)))?.bytes ?? 0,
    device: options.device ?? "webgpu",
    device_reason: options.device === "wasm" ? "There is no graphics device." : "",
    taken_bytes: model.bytes + cache_bytes + scratch_bytes,
    memory_bytes: null,
    fits: options.fits ?? context <= longest,
    fitting_context: options.fits === false ? 0 : Math.min(context, longest),
    reasons: options.reasons ?? [],
  };
}

async function open(
  options: FakeOptions,
  load: LoadOptions,
  services: FakeServices,
  store: () => void,
): Promise<ChatEngine> {
  if (options.failLoad) throw new KernelcError(options.failLoad.code, options.failLoad.message);
  services.loadedBuilds.push(load.build);
  services.loadedWarm.push(load.warm);
  const total = 5_100_000;
  options.notices?.forEach(load.onNotice);
  load.onProgress({ phase: "manifest" });
  load.onProgress({ phase: "tokenizer" });
  for (let step = 0; step <= 10; step += 1) {
    load.onProgress({ phase: "pipelines", done: Math.min(24, step * 4), total: 24 });
    load.onProgress({
      phase: "weights",
      loadedBytes: (total * step) / 10,
      totalBytes: total,
      fromCacheBytes: 0,
      bytesPerSecond: 2_400_000,
    });
    await wait(options.pause ?? 0, load.signal);
  }
  load.onProgress({ phase: "self-check", done: 24, total: 24 });
  load.onProgress({ phase: "ready" });
  store();
  return {
    chat: { completions: { create: async (request) => answer(options, request, services) } },
    measure: async () => ((services.measured += 1), options.rate ?? null),
    dispose: async () => void (services.disposed += 1),
  };
}

async function* answer(
  options: FakeOptions,
  request: StreamRequest,
  services: FakeServices,
): AsyncGenerator<ChatChunk> {
  services.requests.push(request);
  const text = options.answer?.(request) ?? `You said: ${request.messages.at(-1)?.content ?? ""}`;
  for (const prompt_progress of options.progress ?? []) {
    await wait(options.pause ?? 0, request.signal);
    yield { ...chunk({ delta: {}, finish_reason: null }), prompt_progress };
  }
  const pieces = text.match(/\s*\S+|\s+$/g) ?? [];
  for (const [index, piece] of pieces.entries()) {
    await wait(options.pause ?? 0, request.signal);
    if (index === options.failAfter?.pieces) throw new KernelcError(options.failAfter.code, options.failAfter.message);
    yield chunk({ delta: { content: piece }, finish_reason: null });
  }
  const usage = { prompt_tokens: 20, completion_tokens: pieces.length, total_tokens: 20 + pieces.length };
  yield { ...chunk({ delta: {}, finish_reason: "stop" }), usage };
}

function chunk(choice: Pick<ChatChunk["choices"][0], "delta" | "finish_reason">): ChatChunk {
  return {
    id: "x",
    object: "chat.completion.chunk",
    created: 0,
    model: "demo",
    choices: [{ index: 0, logprobs: null, ...choice }],
  };
}

/** Waits, and throws as the engine does once `signal` is triggered. */
async function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  if (signal?.aborted) throw new KernelcError("aborted", "stopped on request");
}
