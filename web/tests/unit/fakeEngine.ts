/** An engine that says what it is told to, and the page's services around it: for tests of the page alone. */
import type {
  ChatChunk,
  ChatEngine,
  LoadOptions,
  Notice,
  Plan,
  Probe,
  StoredModel,
  StreamRequest,
} from "../../src/page/state/ports.js";
import { ConversationStore, MemoryShelf } from "../../src/page/conversationStore.js";
import type { Services } from "../../src/page/services.js";
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
  models?: readonly { name: string; title: string; bytes: number; context: number; quant?: string }[];
  fits?: boolean;
  reasons?: readonly string[];
  stored?: readonly StoredModel[];
  entries?: readonly [string, unknown][];
  base?: string;
  probe?: Probe;
  device?: Plan["device"];
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
}

const MODELS = [{ name: "demo", title: "Demo", bytes: 5_100_000, context: 1024 }];

export function fakeServices(options: FakeOptions = {}): FakeServices {
  const base = options.base ?? BASE;
  const models = options.models ?? MODELS;
  const stored = [...(options.stored ?? [])];
  const preferences = new Map<string, unknown>();
  let time = 1_760_000_000_000;
  const services: FakeServices = {
    requests: [],
    disposed: 0,
    asked: 0,
    base,
    fetchCatalog: async () => ({
      version: 1,
      models: models.map((model) => ({ quant: "q4", path: `models/${model.name}/`, ...model })),
    }),
    createEngine: (url, load) => open(options, load, services, () => stored.push(storedOf(url, models))),
    probe: async () => options.probe ?? PROBE,
    planArtifact: async (url, context) => planOf(url, context, models, stored, options),
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
    conversations: new ConversationStore(new MemoryShelf(options.entries)),
    preferences: {
      read: (key) => preferences.get(key) ?? null,
      write: (key, value) => void preferences.set(key, value),
    },
    surroundings: { userAgent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36", secureContext: true },
    now: () => (time += 1000),
    clock: () => performance.now(),
  };
  return services;
}

type FakeModels = NonNullable<FakeOptions["models"]>;

function storedOf(url: string, models: FakeModels): StoredModel {
  const model = models.find((entry) => url.endsWith(`/${entry.name}/`));
  const bytes = model?.bytes ?? 0;
  return { id: `id-${model?.name}`, url, title: model?.title ?? "", bytes, totalBytes: bytes, complete: true };
}

function planOf(
  url: string,
  context: number,
  models: FakeModels,
  stored: readonly StoredModel[],
  options: FakeOptions,
): Plan {
  const model = models.find((entry) => url.endsWith(`/${entry.name}/`));
  if (!model) throw new KernelcError("network", `${url}manifest.json: the server answered 404`);
  const cache_bytes = context * 5120;
  const scratch_bytes = 2_700_000;
  return {
    name: model.name,
    context,
    max_context: model.context,
    weight_bytes: model.bytes,
    cache_bytes,
    scratch_bytes,
    gpu_bytes: model.bytes + cache_bytes + scratch_bytes,
    download_bytes: model.bytes,
    stored_bytes: stored.find((entry) => entry.url === url)?.bytes ?? 0,
    device: options.device ?? "webgpu",
    device_reason: options.device === "wasm" ? "There is no graphics device." : "",
    fits: options.fits ?? true,
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
