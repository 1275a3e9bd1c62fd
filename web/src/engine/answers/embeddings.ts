/** Embeddings of texts: the mean of a model's final hidden states, scaled to length 1. */

import { KernelcError, throwIfAborted } from "../../artifact/errors.js";
import type { Manifest } from "../../artifact/schema.js";
import type { Coder } from "../../text/types.js";
import type { TokenEngine } from "../engine.js";
import { hiddenWidth } from "../steps/hiddenWidth.js";
import type { Mutex } from "../mutex.js";
import type { EmbeddingList } from "../openai/embeddings.js";
import { checkedEmbeddings } from "../request/embeddings.js";
import type { PromptInput } from "../request/prompts.js";

/** What embeddings need of a loaded model. */
export interface EmbeddingParts {
  readonly engine: TokenEngine;
  readonly manifest: Manifest;
  readonly coder: Coder;
  readonly name: string;
  readonly mutex: Mutex;
}

/** @throws KernelcError "usage" where the model was not built, or not loaded, for embeddings; "context". */
export async function embed(parts: EmbeddingParts, request: unknown): Promise<EmbeddingList> {
  const { engine, manifest, name, mutex } = parts;
  const { model, inputs, asBase64, signal } = checkedEmbeddings(request, engine.vocabSize);
  if (!engine.roles.includes("embed")) {
    const help = "open the engine with `embeddings: true`";
    throw new KernelcError("usage", "the model was not loaded for embeddings", { help });
  }
  const width = hiddenWidth(manifest, engine.context);
  const read = inputs.map((input, at) => idsOf(parts, input, inputs.length > 1 ? `input[${at}]` : "input"));
  const vectors: Float32Array[] = [];
  await mutex.alone(async () => {
    for (const ids of read) vectors.push(await meanHidden(engine, ids, width, signal));
  }, signal);
  const tokens = read.reduce((sum, ids) => sum + ids.length, 0);
  return {
    object: "list",
    data: vectors.map((vector, index) => {
      return { object: "embedding", index, embedding: asBase64 ? base64(vector) : [...vector] };
    }),
    model: model ?? name,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** Sums are f64, as in the native runtime. */
async function meanHidden(
  engine: TokenEngine,
  ids: readonly number[],
  width: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const total = new Float64Array(width);
  engine.truncate(0);
  for await (const row of engine.hidden(ids, width)) {
    throwIfAborted(signal);
    for (let at = 0; at < width; at += 1) total[at] = (total[at] as number) + (row[at] as number);
  }
  const length = Math.sqrt(total.reduce((sum, value) => sum + value * value, 0)) || 1;
  return Float32Array.from(total, (value) => value / length);
}

function idsOf({ coder, engine }: EmbeddingParts, input: PromptInput, path: string): readonly number[] {
  const ids = typeof input === "string" ? [...coder.promptPrefix, ...coder.encode(input)] : input;
  if (ids.length <= engine.context) return ids;
  const message = `the text is ${ids.length} tokens, the context holds ${engine.context}`;
  const help = "cut it into parts, or load the model with a longer context";
  throw new KernelcError("context", message, { help, param: path });
}

function base64({ buffer }: Float32Array): string {
  let binary = "";
  for (const byte of new Uint8Array(buffer)) binary += String.fromCharCode(byte);
  return btoa(binary);
}
