/**
 * The self-check: before the first answer, every kernel runs once on this device, on known inputs (its golden
 * tile). A variant with wrong results is replaced by the next one. Where none is left, the device is refused
 * by name.
 */

import { KernelcError } from "../artifact/errors.js";
import type { Variant } from "../artifact/schema.js";
import type { Device } from "./device.js";
import { GoldenBatch, type GoldenRun } from "./goldenTiles.js";
import type { Choices } from "./limits.js";
import type { ArtifactSource, LoadEvents } from "./source.js";
import type { CompiledKernel, Pipelines } from "./pipelines.js";
import { isRefusal } from "./usable.js";

/** Device memory that one batch of checks may take. */
const BATCH_BYTES = 256 * 2 ** 20;

/** Remembers which variants of an artifact passed on an adapter. */
export interface CheckRecords {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
}

export interface CheckJob {
  readonly device: Device;
  readonly source: ArtifactSource;
  readonly choices: Choices;
  readonly records: CheckRecords;
  readonly events: LoadEvents;
  readonly pipelines: Pipelines;
  compile(name: string, variant: Variant): Promise<CompiledKernel>;
}

/** The variants that passed here before; null where no check is on record. */
export async function knownVariants(job: CheckJob): Promise<Map<string, Variant> | null> {
  const failed = filesOf(await job.records.get(recordKey(job)));
  return failed && chosen(job, failed);
}

/**
 * The first variant of each kernel that passes its golden tile (or has none). `usable` holds the variants
 * that compile.
 *
 * @throws KernelcError "self-check" that names kernel and adapter, where every variant of a kernel fails.
 */
export async function checkedVariants(job: CheckJob, usable: Choices): Promise<Map<string, Variant>> {
  const failed = [...refusedFiles(job.choices, usable), ...(await runChecks({ ...job, choices: usable }))];
  const variants = chosen(job, failed);
  await job.records.put(recordKey(job), { failed });
  return variants;
}

/** The files of variants that the browser refused. */
function refusedFiles(choices: Choices, usable: Choices): string[] {
  const files = (all: Choices): string[] => [...all.values()].flat().map((variant) => variant.file);
  const left = new Set(files(usable));
  return files(choices).filter((file) => !left.has(file));
}

function chosen(job: CheckJob, failed: readonly string[]): Map<string, Variant> {
  const variants = new Map<string, Variant>();
  for (const [name, choices] of job.choices) {
    const good = choices.find((variant) => !failed.includes(variant.file));
    if (!good) throw refusal(job.device, name);
    if (good !== choices[0]) tellDropped(job, name, choices[0]);
    variants.set(name, good);
  }
  return variants;
}

/**
 * The key of a record: a new artifact, adapter, browser or driver (most names have its version) is checked
 * again.
 */
function recordKey({ device, source, choices }: CheckJob): string {
  const { card, capabilities } = device.adapter;
  const { name, languageFeatures, limits } = card;
  const files = [...choices.values()].map(([variant]) => variant?.file);
  const features = [...capabilities.features];
  return JSON.stringify([source.id, name, navigator.userAgent, languageFeatures, limits, features, files]);
}

/** The failed files of a record; null where there is no readable one. */
function filesOf(record: unknown): string[] | null {
  const failed = (record as { failed?: unknown } | null | undefined)?.failed;
  return Array.isArray(failed) && failed.every((file) => typeof file === "string") ? failed : null;
}

function tellDropped({ events, device }: CheckJob, name: string, dropped: Variant | undefined): void {
  const wrong = `does not work as it should on ${device.adapter.card.name}`;
  const message = `kernel ${name} (${dropped?.file}) ${wrong}; another variant of it is used.`;
  events.onNotice?.({ code: "variant-dropped", message });
}

function refusal(device: Device, kernel: string): KernelcError {
  const { name } = device.adapter.card;
  const message = `kernel ${kernel} computes something else than it should on ${name}, in every variant`;
  const help =
    "update the graphics driver or the browser, or use another device: answers would be nonsense here";
  return new KernelcError("self-check", message, { help });
}

/**
 * Run the golden tiles; returns the files of variants that failed. Variants after one that passes do not run.
 */
async function runChecks(job: CheckJob): Promise<string[]> {
  const { manifest } = job.source;
  const { checks } = manifest;
  if (!checks) return [];
  const data = await job.source.file(checks.file, checks);
  const failed: string[] = [];
  let waiting = [...job.choices.keys()].filter((name) => checks.kernels.has(name));
  const total = waiting.length;
  for (let rank = 0; waiting.length; rank += 1) {
    const runs: GoldenRun[] = [];
    const refused: string[] = [];
    for (const name of waiting) {
      const [kernel, variant] = [manifest.kernels.get(name), job.choices.get(name)?.[rank]];
      const check = checks.kernels.get(name);
      if (!kernel || !check) continue;
      if (!variant) throw refusal(job.device, name);
      const made = await compiled(job, name, variant);
      if (made) runs.push({ name, kernel, variant, check, compiled: made });
      else {
        refused.push(name);
        failed.push(variant.file);
      }
    }
    const wrong = await runAll(job, runs, data);
    failed.push(...wrong.map((run) => run.variant.file));
    waiting = [...refused, ...wrong.map((run) => run.name)];
    job.events.onCheck?.(total - waiting.length, total);
  }
  return failed;
}

/** The pipeline, null where the browser refuses the variant. */
async function compiled(job: CheckJob, name: string, variant: Variant): Promise<CompiledKernel | null> {
  try {
    return await job.compile(name, variant);
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** Run in batches that fit a bounded amount of memory; returns those whose outputs are wrong. */
async function runAll(
  job: CheckJob,
  runs: readonly GoldenRun[],
  data: Uint8Array<ArrayBuffer>,
): Promise<GoldenRun[]> {
  const wrong: GoldenRun[] = [];
  let [batch, bytes]: [GoldenRun[], number] = [[], 0];
  const flush = async (): Promise<void> => {
    const tiles = new GoldenBatch(job.device, job.pipelines, job.source.manifest, data);
    if (batch.length) wrong.push(...(await tiles.run(batch)));
    [batch, bytes] = [[], 0];
  };
  for (const run of runs) {
    const size = run.check.inputs.reduce((sum, input) => sum + input.bytes, 0);
    if (bytes + size > BATCH_BYTES) await flush();
    batch.push(run);
    bytes += size;
  }
  await flush();
  return wrong;
}
