/**
 * A backend for Chrome's polyfill of the Prompt API (`prompt-api-polyfill`), which gives pages a
 * `LanguageModel`: sessions, history and the checks of options are the polyfill's, the answers are ours.
 *
 * The interface is that of its `backends/base.js`. The page sets `KERNELC_CONFIG`, whose `apiKey` is not used
 * but must be there for the polyfill.
 */

import { KernelcError } from "../artifact/errors.js";
import type { ChatRequest, Engine, EngineOptions, Message, Progress } from "../engine/api.js";

/** The global variable that the polyfill looks for. */
export const CONFIG = "KERNELC_CONFIG";

export interface KernelcConfig {
  /** Any text; the polyfill skips a backend without one. */
  readonly apiKey: string;
  readonly modelName?: string;
  /** Opens the engine, once for all sessions. */
  readonly open: (options: Pick<EngineOptions, "onProgress">) => Promise<Engine>;
}

/** A turn as the polyfill has it. */
export interface Content {
  readonly role: string;
  readonly parts: readonly { readonly text?: string }[];
}

/** A piece of an answer; the last one has the usage. */
export interface ContentChunk {
  text(): string;
  readonly usageMetadata: { readonly totalTokenCount: number };
}

/** What the polyfill tells of a session. */
interface SessionParams {
  readonly systemInstruction?: string;
  readonly generationConfig?: { readonly responseSchema?: Constraint };
}

interface SessionOptions {
  readonly temperature?: number;
  readonly topK?: number;
  readonly expectedInputs?: readonly { readonly type: string }[];
}

/** A JSON schema, or a regular expression that the whole answer matches. */
type Constraint = RegExp | Readonly<Record<string, unknown>>;

/** Where progress is told; the polyfill notes in it how far that was told. */
type Monitor = EventTarget & { __lastProgressLoaded?: number };

/** Progress is told in parts of this many, as the API wants it. */
const PARTS = 65_536;
/** The engines of configurations: sessions and their clones share one. */
const engines = new WeakMap<KernelcConfig, Promise<Engine>>();

export class KernelcBackend {
  readonly modelName: string;
  private options: SessionOptions = {};
  private params: SessionParams = {};

  constructor(private readonly config: KernelcConfig) {
    this.modelName = config.modelName ?? "kernelc";
  }

  /** Models read text alone, and are there once they are opened. */
  static availability(options?: SessionOptions): "available" | "unavailable" {
    const texts = (options?.expectedInputs ?? []).every(({ type }) => type === "text");
    return texts && CONFIG in globalThis ? "available" : "unavailable";
  }

  /** Called again, without being awaited, where a prompt has a constraint of its own. */
  async createSession(options: SessionOptions, params: SessionParams, monitor?: Monitor): Promise<Engine> {
    [this.options, this.params] = [options, params];
    return this.engine(monitor);
  }

  async generateContent(contents: readonly Content[]): Promise<{ text: string; usage: number }> {
    const request = this.requestFor(contents);
    const engine = await this.engine();
    const { choices, usage } = await renamed(engine.chat.completions.create({ ...request, stream: false }));
    return { text: choices[0].message.content ?? "", usage: usage.total_tokens };
  }

  /** The pieces of an answer; leaving them stops it. */
  async generateContentStream(contents: readonly Content[]): Promise<AsyncGenerator<ContentChunk>> {
    const request = this.requestFor(contents);
    const engine = await this.engine();
    const chunks = await renamed(engine.chat.completions.create({ ...request, stream: true }));
    return (async function* pieces(): AsyncGenerator<ContentChunk> {
      for await (const { choices, usage } of chunks) {
        const text = choices[0]?.delta.content ?? "";
        const totalTokenCount = usage?.total_tokens ?? 0;
        if (text || usage) yield { text: () => text, usageMetadata: { totalTokenCount } };
      }
    })();
  }

  /** How many tokens these turns have, as the model's template writes them. */
  async countTokens(contents: readonly Content[]): Promise<number> {
    const messages = contents.map(messageOf);
    if (!messages.length) return 0;
    return (await this.engine()).tokens.count({ messages });
  }

  /** The engine takes schemas as they are. */
  convertSchema(schema: Constraint): Constraint {
    return schema;
  }

  private requestFor(contents: readonly Content[]): Omit<ChatRequest, "stream"> {
    const { systemInstruction, generationConfig } = this.params;
    const { temperature, topK } = this.options;
    const turns = contents.map(messageOf);
    const told = systemInstruction && !turns.some(({ role }) => role === "system");
    const messages: Message[] = told ? [{ role: "system", content: systemInstruction }, ...turns] : turns;
    return {
      messages,
      temperature: temperature ?? null,
      top_k: topK ?? null,
      response_format: formatOf(generationConfig?.responseSchema),
    };
  }

  private engine(monitor?: Monitor): Promise<Engine> {
    const known = engines.get(this.config);
    if (known) return known;
    const opening = renamed(this.config.open({ onProgress: (progress) => tell(monitor, progress) }));
    engines.set(this.config, opening);
    opening.catch(() => engines.delete(this.config)); // the next session tries again
    return opening;
  }
}

function messageOf({ role, parts }: Content): Message {
  const content = parts.map(({ text }) => text ?? "").join("");
  if (role === "system") return { role, content };
  return { role: role === "model" ? "assistant" : "user", content };
}

function formatOf(constraint: Constraint | undefined): NonNullable<ChatRequest["response_format"]> | null {
  if (!constraint) return null;
  if (constraint instanceof RegExp) return { type: "regex", regex: sourceOf(constraint) };
  return { type: "json_schema", json_schema: { name: "answer", schema: constraint } };
}

/** @throws DOMException "NotSupportedError" for flags that change what matches: requests have none. */
function sourceOf({ source, ignoreCase, multiline, dotAll }: RegExp): string {
  if (!ignoreCase && !multiline && !dotAll) return source;
  const help = "write what it matches without the flags i, m and s";
  throw new DOMException(`a regular expression has flags: ${help}`, "NotSupportedError");
}

/** Tells how much of the weights is there, as a share that only grows. */
function tell(monitor: Monitor | undefined, { loadedBytes, totalBytes }: Progress): void {
  if (!monitor || loadedBytes === undefined || !totalBytes) return;
  const loaded = Math.floor((loadedBytes / totalBytes) * PARTS) / PARTS;
  if (loaded <= (monitor.__lastProgressLoaded ?? -1)) return;
  monitor.__lastProgressLoaded = loaded;
  monitor.dispatchEvent(new ProgressEvent("downloadprogress", { loaded, total: 1, lengthComputable: true }));
}

/** A promise whose errors have the names that the API gives them. */
async function renamed<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof KernelcError)) throw error;
    const said = error.help ? `${error.message}: ${error.help}` : error.message;
    throw new DOMException(said, NAMES.get(error.code) ?? "OperationError");
  }
}

const NAMES = new Map<string, string>([
  ["context", "QuotaExceededError"],
  ["usage", "NotSupportedError"],
  ["aborted", "AbortError"],
  ["network", "NetworkError"],
]);
