/** Requests for embeddings and their answers, in the shapes of OpenAI's API. */

export interface EmbeddingRequest {
  /** Name of the model. It is not used, only returned. */
  readonly model?: string | null;
  /** A text, its token ids, or up to 128 of either. */
  readonly input: string | readonly number[] | readonly (string | readonly number[])[];
  /** Lists of numbers (the default), or base64 of the bytes of each vector, as little-endian f32. */
  readonly encoding_format?: "float" | "base64" | null;
  /** Who asks; it changes nothing. */
  readonly user?: string | null;
  /** Stops it: the call throws KernelcError "aborted". */
  readonly signal?: AbortSignal;
}

export interface Embedding<Vector = number[] | string> {
  readonly object: "embedding";
  readonly index: number;
  /** As many numbers as the model's hidden states have; of length 1. */
  readonly embedding: Vector;
}

export interface EmbeddingList<Vector = number[] | string> {
  readonly object: "list";
  readonly data: Embedding<Vector>[];
  readonly model: string;
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}

/** Only an engine that was opened with `embeddings: true` has any. */
export interface Embeddings {
  create(request: EmbeddingRequest & { readonly encoding_format: "base64" }): Promise<EmbeddingList<string>>;
  create(
    request: EmbeddingRequest & { readonly encoding_format?: "float" | null },
  ): Promise<EmbeddingList<number[]>>;
  create(request: EmbeddingRequest): Promise<EmbeddingList>;
}
