/** Opens an artifact as an engine in this thread. */

import { KernelcError, throwIfAborted } from "../artifact/errors.js";
import { parseManifest, type Manifest } from "../artifact/manifest.js";
import { LinkedAbort } from "../artifact/signals.js";
import type { LoadedExecutor } from "../gpu/executor.js";
import type { ArtifactSource } from "../gpu/source.js";
import { openFiles } from "../weights/files.js";
import { openShards, type LoadProgress } from "../weights/load.js";
import { getRecord, putRecord } from "../weights/records.js";
import { loadTemplate } from "../text/template/template.js";
import { writtenMarkup } from "../text/markup.js";
import { makePromptEncoder } from "../text/prompt.js";
import { loadCoder } from "../text/tokenizer.js";
import type { Coder, Template } from "../text/types.js";
import type { Engine, EngineOptions, ModelCard, Progress } from "./api.js";
import { ALL_ROLES, GENERATE_ROLES, TokenEngine } from "./engine.js";
import { LocalEngine } from "./localEngine.js";
import { openDevice, type OpenedDevice, type OpenOptions } from "./openDevice.js";
import { integer } from "./sampling.js";

const CHECKS = {
  get: (key: string): Promise<unknown> => getRecord("check", key),
  put: (key: string, value: unknown): Promise<void> => putRecord("check", key, value),
};

/**
 * Open the artifact whose folder is at `url`: fetch what this browser does not have yet, and load it on the
 * device.
 *
 * @throws KernelcError, whose `code` says what kind of thing went wrong and whose `help` says what to do.
 */
export async function createEngine(url: string, options: EngineOptions = {}): Promise<Engine> {
  try {
    return await open(url, options);
  } catch (error) {
    throw KernelcError.from(error);
  }
}

async function open(url: string, options: EngineOptions): Promise<Engine> {
  const began = performance.now();
  const tell = (progress: Progress): void => options.onProgress?.(progress);
  throwIfAborted(options.signal);
  tell({ phase: "manifest" });
  const files = await openFiles(url, { signal: options.signal });
  const found = await files.manifest();
  const manifest = parseManifest(found.bytes, `${files.folder}manifest.json`);
  const most = manifest.model.max_context;
  const context = integer(
    "context",
    options.context ?? most,
    manifest.symbols.get("context")?.[0] ?? 1,
    most,
  );
  const source: ArtifactSource = {
    id: found.id,
    manifest,
    file: (name, spec) => files.file(name, spec),
    shards: await openShards(files.folder, found.id, manifest.weights.shards, { title: manifest.name }),
  };
  const stopping = new LinkedAbort(options.signal);
  const loading = { ...loadOptions(options, context, tell), signal: stopping.signal };
  const [texts, { executor, device }] = await both(
    loadTexts(source, tell),
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
  const engine = new TokenEngine(executor, manifest, context, loading.roles, reopen);
  tell({ phase: "ready" });
  const loadSeconds = (performance.now() - began) / 1000;
  const facts = card(found.id, files.folder, manifest, context);
  return new LocalEngine({ engine, manifest, ...texts, card: facts, loadSeconds });
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
    roles: options.score ? ALL_ROLES : GENERATE_ROLES,
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

async function loadTexts(
  { manifest, file }: ArtifactSource,
  tell: (progress: Progress) => void,
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
  const coder = await loadCoder(tokenizer, fetchTokenizer, manifest.model.vocab_size);
  const template = await loadTemplate(chat_template, fetchTemplate, coder);
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
