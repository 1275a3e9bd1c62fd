/** Loads an artifact's tokenizer, whichever kind of file it is in. */

import { KernelcError } from "../artifact/errors.js";
import { bad } from "./fields.js";
import { JsonCoder } from "./tokenizerJson/coder.js";
import { readSettings } from "./specialTokens.js";
import type { Coder, FetchFile, TokenizerFiles } from "./types.js";

const MAX_BYTES = 64 * 2 ** 20;
const BESIDE = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

/** The code for tokenizer.model, which models with a tokenizer.json never need. */
export type SentencePiece = typeof import("./sentencepiece/coder.js");

/**
 * Load an artifact's tokenizer; `fetchFile` reads its files, by their names in the manifest. `making` calls
 * what makes the tokenizer of them, once all are there; `later` loads the code for sentencepiece models.
 *
 * Throws KernelcError("bad-artifact") where a file is damaged, the files disagree or the vocabulary has more
 * tokens than the model (`vocabSize`) has rows. Added tokens beyond these are left out.
 */
export async function loadCoder(
  info: TokenizerFiles,
  fetchFile: FetchFile,
  vocabSize?: number,
  making: (make: () => Coder) => Coder = (make) => make(),
  later: () => Promise<SentencePiece> = () => import("./sentencepiece/coder.js"),
): Promise<Coder> {
  const coming = info.kind === "sentencepiece" ? later() : null;
  const read = [fetchFile(info.file), settingsFiles(info, fetchFile), coming] as const;
  const [data, files, code] = await Promise.all(read);
  if (data.length > MAX_BYTES) throw bad(info.file, `got ${data.length} bytes, wanted at most ${MAX_BYTES}`);
  const coder = making(() => makeCoder(info, data, files, code, vocabSize));
  if (vocabSize !== undefined && coder.vocabSize > vocabSize) {
    const last = JSON.stringify(coder.token(coder.vocabSize - 1));
    throw bad(
      info.file,
      `got ${coder.vocabSize} tokens (the last is ${last}), wanted at most the model's ${vocabSize}`,
      "the tokenizer is of another model: build the artifact again",
    );
  }
  return coder;
}

function makeCoder(
  info: TokenizerFiles,
  data: Uint8Array,
  files: ReadonlyMap<string, Uint8Array>,
  code: SentencePiece | null,
  rows?: number,
): Coder {
  const settings = readSettings(files);
  try {
    if (code) return new code.SentencePieceCoder(data, settings, info.file, rows);
    if (info.kind === "tokenizers") return new JsonCoder(data, settings, info.file, rows);
  } catch (error) {
    if (error instanceof KernelcError) throw error;
    throw bad(info.file, `not a usable tokenizer: ${String(error)}`, undefined, error);
  }
  throw bad(
    info.file,
    `got a tokenizer of kind ${JSON.stringify(info.kind)}, wanted sentencepiece or tokenizers`,
  );
}

/** The tokenizer's other files, besides the vocabulary. */
async function settingsFiles(
  info: TokenizerFiles,
  fetchFile: FetchFile,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const named = new Set(info.files instanceof Map ? info.files.keys() : Object.keys(info.files));
  const present = BESIDE.filter((name) => named.has(name));
  const found = await Promise.all(present.map(async (name) => [name, await fetchFile(name)] as const));
  return new Map(found);
}
