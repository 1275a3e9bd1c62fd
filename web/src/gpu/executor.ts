/** What the engine needs of a device: replay programs in order, and fetch results late. */

import type { Env } from "../artifact/dim.js";
import type { Role } from "../artifact/schema.js";
import type { AdapterCard } from "./card.js";

/** A range of a buffer to read back after a run; offset and bytes are multiples of 4. */
export interface Fetch {
  readonly buffer: string;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * What becomes of work whose result is not wanted: it runs to its end, is broken off on the way, or never
 * begins.
 */
export type Discarded = "runs" | "broken-off" | "unbegun";

/** Work that was submitted. What it reads back can be collected once. */
export interface Ticket {
  /** Wait for the work. Returns the fetched ranges one after the other. @throws KernelcError. */
  result(): Promise<ArrayBuffer>;
  /** Do without the result, and without the work itself where that can still be stopped. */
  discard(): Discarded;
}

/** Symbols and sampling parameters of a step, by name. */
export type StepFields = Readonly<Record<string, number>>;

/** A device with an artifact loaded. Work runs in the order in which it was submitted, `write` included. */
export interface Executor {
  /** Whether the device is gone: everything must be loaded again. */
  readonly lost: boolean;
  /** Wait until the programs of `roles` can run. @throws KernelcError where one cannot. */
  prepare(roles: readonly Role[]): Promise<void>;
  /**
   * Write the step block, replay `programs` in order, and read back `fetch`. Does not wait. With `only`, a
   * number from 0 on, that dispatch alone is run of each program.
   */
  run(
    programs: readonly string[],
    env: Env,
    step: StepFields,
    fetch: readonly Fetch[],
    only?: number,
  ): Ticket;
  /** Write into a buffer, after all work submitted before. */
  write(buffer: string, offset: number, data: Uint32Array<ArrayBuffer>): void;
  /** Number of dispatches in one run of these programs. */
  dispatchCount(programs: readonly string[]): number;
  /** Release everything on the device. */
  release(): void;
}

/** The launches of a program to run: all of them, or one. */
export function onlyOf<Launch>(launches: readonly Launch[], only: number | undefined): readonly Launch[] {
  return only === undefined ? launches : launches.slice(only, only + 1);
}

/** An executor as `stats` shows it. */
export interface LoadedExecutor extends Executor {
  readonly card: AdapterCard;
  /** Those features that kernels may use. */
  readonly features: readonly string[];
  readonly stagingBytes: number;
  /** Kernels compiled so far. */
  readonly pipelines: number;
  /** For each kernel, the file of the variant that runs. */
  readonly variants: Readonly<Record<string, string>>;
  /** Lose the device as if the driver had crashed; for tests. */
  simulateLoss(): void;
}
