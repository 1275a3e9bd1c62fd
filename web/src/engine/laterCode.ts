/**
 * Code that most pages never need, loaded when it is asked for: grammars, embeddings, text completions, a
 * page's own processors of scores, one kind of tokenizer, and prompts that a device or a site keeps. A service
 * worker may import nothing later; its own code brings them along.
 */

import { KernelcError } from "../artifact/errors.js";

export type Grammars = typeof import("./masked/grammars.js");
export type Embedding = typeof import("./answers/embeddings.js");
export type Disk = typeof import("../prefixes/openDisk.js");
export type Warm = typeof import("../prefixes/warm.js");
export type SentencePiece = typeof import("../text/sentencepiece/coder.js");
export type Processors = typeof import("./sampling/ownProcessors.js");
export type Texts = typeof import("./answers/textCompletions.js");

interface Provided {
  readonly grammars: Grammars;
  readonly embeddings: Embedding;
  readonly disk: Disk;
  readonly warm: Warm;
  readonly processors: Processors;
  readonly texts: Texts;
  readonly sentencepiece: SentencePiece;
}

let provided: Provided | null = null;

/** Use this code instead of loading it. */
export function provideCode(code: Provided): void {
  provided = code;
}

export function grammarCode(): Promise<Grammars> {
  if (provided) return Promise.resolve(provided.grammars);
  return loaded("response_format", import("./masked/grammars.js"));
}

export function embeddingCode(): Promise<Embedding> {
  if (provided) return Promise.resolve(provided.embeddings);
  return loaded("embeddings", import("./answers/embeddings.js"));
}

export function diskCode(): Promise<Disk> {
  if (provided) return Promise.resolve(provided.disk);
  return loaded("storePrefixes", import("../prefixes/openDisk.js"));
}

export function warmCode(): Promise<Warm> {
  if (provided) return Promise.resolve(provided.warm);
  return loaded("warm", import("../prefixes/warm.js"));
}

export function textCode(): Promise<Texts> {
  if (provided) return Promise.resolve(provided.texts);
  return loaded("text completions", import("./answers/textCompletions.js"));
}

export function processorCode(): Promise<Processors> {
  if (provided) return Promise.resolve(provided.processors);
  return loaded("logitProcessors", import("./sampling/ownProcessors.js"));
}

export function sentencePieceCode(): Promise<SentencePiece> {
  if (provided) return Promise.resolve(provided.sentencepiece);
  return loaded("the tokenizer", import("../text/sentencepiece/coder.js"));
}

/** What was loaded. @throws KernelcError "network" that says what (`what`) it would have been for. */
async function loaded<Code>(what: string, loading: Promise<Code>): Promise<Code> {
  try {
    return await loading;
  } catch (error) {
    const help = "go online, or load the page again: it may have been updated";
    throw new KernelcError("network", `the code for ${what} did not load`, { help, cause: error });
  }
}
