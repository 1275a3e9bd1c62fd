/**
 * Code that most pages never need, loaded when a request asks for it: grammars and embeddings. A service
 * worker may import nothing later; its own code brings them along.
 */

import { KernelcError } from "../artifact/errors.js";

export type Grammars = typeof import("../grammar/index.js");
export type Embedding = typeof import("./embeddings.js");

let provided: { readonly grammars: Grammars; readonly embeddings: Embedding } | null = null;

/** Use this code instead of loading it. */
export function provideCode(code: NonNullable<typeof provided>): void {
  provided = code;
}

export function grammarCode(): Promise<Grammars> {
  if (provided) return Promise.resolve(provided.grammars);
  return loaded("response_format", import("../grammar/index.js"));
}

export function embeddingCode(): Promise<Embedding> {
  if (provided) return Promise.resolve(provided.embeddings);
  return loaded("embeddings", import("./embeddings.js"));
}

/** What was loaded. @throws KernelcError "network" that says what (`what`) it would have been for. */
export async function loaded<Code>(what: string, loading: Promise<Code>): Promise<Code> {
  try {
    return await loading;
  } catch (error) {
    const help = "go online, or load the page again: it may have been updated";
    throw new KernelcError("network", `the code for ${what} did not load`, { help, cause: error });
  }
}
