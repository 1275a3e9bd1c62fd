/** Loads an artifact in this thread. */

import { KernelcError, throwIfAborted } from "../../artifact/errors.js";
import { parseManifest, type Manifest } from "../../artifact/manifest.js";
import { LinkedAbort } from "../../artifact/signals.js";
import type { LoadedExecutor } from "../../gpu/executor.js";
import type { ArtifactSource } from "../../gpu/source.js";
import type { PrefixCache } from "../../prefixes/cache.js";
import { openFiles, type ArtifactFiles, type FileSpec } from "../../weights/files.js";
import { openShards, type LoadProgress } from "../../weights/load.js";
import { getRecord, putRecord } from "../../weights/records.js";
import { loadTemplate } from "../../text/template/template.js";
import { writtenMarkup } from "../../text/markup.js";
import { makePromptEncoder } from "../../text/prompt.js";
import { loadCoder } from "../../text/tokenizer.js";
import type { Coder, Template } from "../../text/types.js";
import type { EngineOptions, LoadedModel, ModelCard, Progress } from "../api.js";
import { rolesFor, TokenEngine } from "../engine.js";
import { LocalEngine } from "../localEngine.js";
import { memoryBudget } from "../memory/budget.js";
import { checkedContext } from "../memory/fitting.js";
import { keeping } from "../memory/keeping.js";
import { openDevice, type OpenedDevice, type OpenOptions } from "./openDevice.js";
import { hiddenWidth } from "../steps/hiddenWidth.js";
import type { TableMaker } from "../sampling/ownProcessors.js";
import { processorCode, sentencePieceCode, warmCode } from "../laterCode.js";
import { watchCoder, watched, watchTemplate, type Watch } from "./watched.js";

const CHECKS = {
  get: (key: string): Promise<unknown> => getRecord("check", key),
  put: (key: string, value: unknown): Promise<void> => putRecord("check", key, value),
};

/** A model that cannot be replaced; `url` is an address. @throws KernelcError as `createEngine`. */
export async function loadModel(url: string, options: EngineOptions): Promise<LoadedModel> {
  return open(url, options).catch((error: unknown) => {
    throw KernelcError.from(error);
  });
}

async function open(url: string, options: EngineOptions): Promise<LoadedModel> {
  const began = performance.now();
  const tell = (progress: Progress): void => options.onProgress?.(progress);
  throwIfAborted(options.signal);
  tell({ phase: "manifest" });
  const tableOf = await processors(options);
  const files = await openFiles(url, { signal: options.signal });
  const found = await files.manifest(options.build);
  const manifest = parseManifest(found.bytes, `${files.folder}manifest.json`);
  const budget = options.memoryBytes ?? memoryBudget();
  const context = await checkedContext(manifest, options.context, budget);
  if (options.embeddings) hiddenWidth(manifest, context); // what cannot be done is said before the download
  const source: ArtifactSource = {
    id: found.id,
    manifest,
    file: (name, spec) => files.file(name, spec),
    shards: await openShards(files.folder, found.id, manifest.weights.shards, {
      title: manifest.name,
      shared: options.crossOriginStorage,
    }),
  };
  const stopping = new LinkedAbort(options.signal);
  const loading = { ...loadOptions(options, context, tell), signal: stopping.signal };
  const [texts, { executor, device }] = await both(
    loadTexts(source, tell, options.onBusy ?? (() => undefined)),
    opened(source, loading),
    stopping,
  );
  // Replacing a lost device reports no progress, and does not depend on the signal that could stop the first
  // load.
  const immediates = executor.features.includes("immediates");
  const quiet = { signal: undefined, onKernel: undefined, onWeights: undefined, onCheck: undefined };
  const again = { ...loading, ...quiet, immediates, device };
  const reopen = async (): Promise<LoadedExecutor> => {
    const reloaded = await openDevice(source, again);
    const lost = device === "wasm" ? "The memory of the kernels" : "The graphics device";
    const message = `${lost} was lost, and has been set up again.`;
    options.onNotice?.({ code: "device-restored", message });
    return reloaded.executor;
  };
  const { roles } = loading;
  const stored = options.storePrefixes === true;
  const prefixes = await keeping({ manifest, build: found.id, context, roles, budget, executor, stored });
  const engine = new TokenEngine(executor, manifest, context, loading.roles, reopen, prefixes);
  tell({ phase: "ready" });
  if (prefixes && options.warm) void warmUp(prefixes, options.warm, files, found.id);
  const loadSeconds = (performance.now() - began) / 1000;
  const facts = card(found.id, files.folder, manifest, context);
  const table = tableOf?.(texts.coder, engine.vocabSize, facts.eos_token_ids) ?? null;
  return new LocalEngine({ engine, manifest, ...texts, card: facts, loadSeconds, processors: table });
}

async function processors({ logitProcessors = {} }: EngineOptions): Promise<TableMaker | null> {
  if (!Object.keys(logitProcessors).length) return null;
  const { loadProcessors, tableOf } = await processorCode();
  return tableOf(await loadProcessors(logitProcessors));
}

/** Takes what the site's builder computed, beside the first answers. Without it they are only later. */
async function warmUp(
  prefixes: PrefixCache,
  list: NonNullable<EngineOptions["warm"]>,
  files: ArtifactFiles,
  build: string,
): Promise<void> {
  const fetch = (name: string, spec: FileSpec): Promise<Uint8Array> => files.file(name, spec);
  try {
    const { loadWarm } = await warmCode();
    await loadWarm(prefixes, list, fetch, (more) => files.belong(build, more));
  } catch {
    // as if the site had computed nothing
  }
}

/** As `openDevice`, with a way to release what was loaded. */
async function opened(
  source: ArtifactSource,
  options: OpenOptions,
): Promise<OpenedDevice & { release(): void }> {
  const found = await openDevice(source, options);
  return { ...found, release: () => found.executor.release() };
}

function loadOptions(
  options: EngineOptions,
  context: number,
  tell: (progress: Progress) => void,
): OpenOptions {
  return {
    device: options.device ?? "auto",
    threads: options.threads,
    context,
    roles: rolesFor(options),
    limits: options.limits,
    features: options.features,
    immediates: options.immediates,
    checks: options.selfCheck === false ? null : CHECKS,
    onNotice: options.onNotice,
    onKernel: (done, total) => tell({ phase: "pipelines", done, total }),
    onCheck: (done, total) => tell({ phase: "self-check", done, total }),
    onWeights: (progress) => tell(weightProgress(progress)),
  };
}

function weightProgress(progress: LoadProgress): Progress {
  const { loadedBytes, totalBytes, bytesPerSecond, fromCache } = progress;
  return { phase: "weights", loadedBytes, totalBytes, bytesPerSecond, fromCacheBytes: fromCache };
}

interface Texts {
  readonly coder: Coder;
  readonly template: Template;
  readonly prompts: ReturnType<typeof makePromptEncoder>;
}

/** The tokenizer and the template; `watch` is told of the work on them, and not of what is fetched. */
export async function loadTexts(
  { manifest, file }: Pick<ArtifactSource, "manifest" | "file">,
  tell: (progress: Progress) => void,
  watch: Watch,
): Promise<Texts> {
  const { tokenizer, chat_template } = manifest;
  if (!tokenizer) {
    const help = "build it again from a folder with tokenizer.model or tokenizer.json";
    throw new KernelcError("bad-artifact", "the artifact has no tokenizer", { help });
  }
  const fetchTokenizer = (name: string): Promise<Uint8Array> => {
    const entry = tokenizer.files.get(name);
    if (entry) return file(name, entry);
    throw new KernelcError("bad-artifact", `the manifest names no tokenizer file ${name}`);
  };
  const fetchTemplate = (name: string): Promise<Uint8Array> =>
    file(name, { sha256: chat_template?.sha256 ?? "" });
  const making = (make: () => Coder): Coder => watched(watch, "the tokenizer's file", make);
  const { vocab_size } = manifest.model;
  const coder = await loadCoder(tokenizer, fetchTokenizer, vocab_size, making, sentencePieceCode);
  watchCoder(coder, watch);
  const template = watchTemplate(await loadTemplate(chat_template, fetchTemplate, coder), watch);
  coder.protect(writtenMarkup(coder, template));
  tell({ phase: "tokenizer" });
  return { coder, template, prompts: makePromptEncoder(coder, template) };
}

/** Both results. Where the first fails, the second is stopped and what it loaded is released. */
export async function both<A, B extends { release(): void }>(
  first: Promise<A>,
  second: Promise<B>,
  stopping: LinkedAbort,
): Promise<[A, B]> {
  first.catch(() => stopping.abort());
  const [a, b] = await Promise.allSettled([first, second]);
  stopping.unlink();
  if (
    b.status === "rejected" &&
    !(a.status === "rejected" && KernelcError.from(b.reason).code === "aborted")
  ) {
    throw b.reason;
  }
  if (a.status === "rejected") {
    if (b.status === "fulfilled") b.value.release();
    throw a.reason;
  }
  if (b.status === "rejected") throw b.reason;
  return [a.value, b.value];
}

function card(id: string, url: string, manifest: Manifest, context: number): ModelCard {
  const { architecture, layers, hidden_size, vocab_size, max_context, bos_token_id, eos_token_ids } =
    manifest.model;
  const weight_bytes = manifest.weights.shards.reduce((sum, shard) => sum + shard.bytes, 0);
  const { name, quant, generation } = manifest;
  return {
    id,
    name,
    url,
    quant,
    architecture,
    layers,
    hidden_size,
    vocab_size,
    context,
    max_context,
    weight_bytes,
    bos_token_id,
    eos_token_ids,
    generation,
  };
}
