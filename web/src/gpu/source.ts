/** What loading is given: where the artifact's files come from, and who is told how far it is. */

import type { Manifest } from "../artifact/schema.js";
import type { Notice, ShardSource } from "../weights/load.js";
import type { LoadProgress } from "../weights/progress.js";

/** Where an artifact comes from; `id` is the sha256 of its manifest. */
export interface ArtifactSource {
  readonly id: string;
  readonly manifest: Manifest;
  file(
    name: string,
    spec: { readonly sha256: string; readonly bytes?: number },
  ): Promise<Uint8Array<ArrayBuffer>>;
  readonly shards: ShardSource;
}

/** Callbacks that follow loading. */
export interface LoadEvents {
  readonly onKernel?: ((done: number, total: number) => void) | undefined;
  readonly onWeights?: ((progress: LoadProgress) => void) | undefined;
  readonly onNotice?: ((notice: Notice) => void) | undefined;
  readonly onCheck?: ((done: number, total: number) => void) | undefined;
}
