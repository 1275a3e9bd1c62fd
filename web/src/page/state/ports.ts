/** The part of the engine that the page uses: small enough for a fake in tests. */

import type {
  ChatChunk,
  ChatRequest,
  DeviceChoice,
  GenerationInfo,
  Notice,
  Plan,
  Probe,
  Progress,
  PromptProgress,
  Usage,
  WarmList,
} from "../../engine/api.js";
import type { StorageEstimate, StoredModel } from "../../weights/models.js";

export type { ChatChunk, DeviceChoice, GenerationInfo, Notice, Plan, WarmList };
export type { Probe, Progress, PromptProgress, StorageEstimate, StoredModel, Usage };

export type Phase = Progress["phase"];

/** A streamed request. */
export type StreamRequest = ChatRequest & { readonly stream: true };

/** The part of an engine that the page uses. */
export interface ChatEngine {
  readonly chat: {
    readonly completions: { create(request: StreamRequest): Promise<AsyncIterable<ChatChunk>> };
  };
  /** What its authors recommend for sampling. */
  readonly model?: { readonly generation: GenerationInfo | null };
  /** Tokens per second of a few that are written for this; null where that cannot be told. */
  measure?(): Promise<number | null>;
  dispose(): Promise<void>;
}

/** The options with which the page opens an engine. */
export interface LoadOptions {
  readonly context: number;
  readonly device: DeviceChoice;
  readonly build?: string;
  readonly warm?: WarmList;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly onNotice: (notice: Notice) => void;
}

/** Bytes that loading would download now. */
export function bytesToFetch(plan: Plan): number {
  return Math.max(0, plan.download_bytes - plan.stored_bytes);
}
