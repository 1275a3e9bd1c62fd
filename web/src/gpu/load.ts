/**
 * Loads an artifact on a device: compiles and checks kernels, streams weights into buffers, binds dispatches.
 */

import { aborted, KernelcError } from "../artifact/errors.js";
import type { Manifest, Role, Variant } from "../artifact/schema.js";
import { checkedVariants, knownVariants, type CheckJob, type CheckRecords } from "./selfcheck.js";
import type { Notice } from "../weights/load.js";
import { allocate, placements, WeightWriter } from "./buffers.js";
import { Device, openAdapter, type Adapter, type DeviceOptions } from "./device.js";
import { MOST_BYTES } from "./immediates.js";
import { checkLimits, chooseVariants, needsOf, requiredLimits, type Choices } from "./limits.js";
import { planLoad, type LoadPlan } from "./loadPlan.js";
import { checkPurpose } from "./madeFor.js";
import { Pipelines, type CompiledKernel, type KernelSource } from "./pipelines.js";
import { GpuExecutor } from "./program.js";
import { kernelsOf, ProgramSet } from "./programSet.js";
import type { ArtifactSource, LoadEvents } from "./source.js";
import { usableVariants } from "./usable.js";

export interface LoadOptions extends DeviceOptions, LoadEvents {
  readonly context: number;
  readonly roles: readonly Role[];
  readonly signal?: AbortSignal | undefined;
  /** Where results of golden tiles are remembered; null leaves them out. */
  readonly checks: CheckRecords | null;
}

/**
 * Open a device and load the artifact on it.
 *
 * @throws KernelcError: no adapter, limits, out of memory, a damaged file, a kernel refused or wrong,
 *   "aborted".
 */
export async function loadArtifact(source: ArtifactSource, options: LoadOptions): Promise<GpuExecutor> {
  const adapter = await openAdapter(options);
  if (!adapter.capabilities.features.has("immediates")) return loadOn(adapter, source, options);
  const notices: Notice[] = []; // held back: those of an attempt that fails do not apply
  try {
    const executor = await loadOn(adapter, source, {
      ...options,
      onNotice: (notice) => notices.push(notice),
    });
    for (const notice of notices) options.onNotice?.(notice);
    return executor;
  } catch (error) {
    if (!blamesKernels(error)) throw error;
    // Immediates are new, and optional: kernels that fail with them may work without.
    const again = { ...options, immediates: false };
    const executor = await loadOn(await openAdapter(again), source, again);
    const message =
      `Kernels do not take immediates as they should on ${adapter.card.name}; a buffer is used instead.`;
    options.onNotice?.({ code: "immediates-dropped", message });
    return executor;
  }
}

/** Whether a kernel was refused, or computes something else than it should. */
function blamesKernels(error: unknown): boolean {
  return error instanceof KernelcError && ["internal", "self-check"].includes(error.code);
}

async function loadOn(adapter: Adapter, source: ArtifactSource, options: LoadOptions): Promise<GpuExecutor> {
  const { manifest } = source;
  const plan = planLoad(manifest, options.context, options.roles);
  const choices = chooseVariants(manifest, plan.kernels, adapter.capabilities);
  const needs = needsOf(manifest, plan, choices);
  checkLimits(plan, needs, adapter.capabilities);
  tellMissing(manifest, adapter, options);
  const device = await Device.open(adapter, requiredLimits(needs));
  try {
    return await new Loading(source, options, plan, device).run(choices);
  } catch (error) {
    const explained = error instanceof KernelcError ? error : await device.explain(error, "loading");
    device.destroy();
    throw options.signal?.aborted ? aborted(options.signal.reason) : explained;
  }
}

/** Tell where kernels in half precision cannot run: the model works without them, but may be slower. */
function tellMissing(manifest: Manifest, adapter: Adapter, { onNotice, features }: LoadOptions): void {
  if (features === "none" || adapter.capabilities.features.has("f16")) return;
  const variants = [...manifest.kernels.values()].flatMap((kernel) => kernel.variants);
  if (!variants.some(({ target, requires }) => target === "wgsl" && requires.features.includes("f16")))
    return;
  const message =
    `${adapter.card.name} offers no half precision (f16) to pages. The model works; it may be slower.`;
  onNotice?.({ code: "f16-missing", message });
}

/** Whether the step block is passed as immediates, and its size. */
function stepBlock({ params }: Manifest, { capabilities }: Adapter): { immediates: boolean; bytes: number } {
  const bytes = 4 * params.length;
  return { immediates: capabilities.features.has("immediates") && bytes <= MOST_BYTES, bytes };
}

/**
 * How long to wait before the remaining kernels are compiled, so that a question asked at once goes first.
 */
const PAUSE_MS = 500;
/** The roles that a short first question needs. */
const FIRST_ROLES: readonly Role[] = ["decode", "sample_greedy"];

class Loading {
  private readonly pipelines: Pipelines;
  private readonly texts = new Map<string, Promise<string>>();
  private readonly stopped = new AbortController();

  constructor(
    private readonly source: ArtifactSource,
    private readonly options: LoadOptions,
    private readonly plan: LoadPlan,
    private readonly device: Device,
  ) {
    const { immediates, bytes } = stepBlock(source.manifest, device.adapter);
    this.pipelines = new Pipelines(device, immediates ? bytes : 0);
  }

  async run(choices: Choices): Promise<GpuExecutor> {
    const { device, plan, options, pipelines } = this;
    const { manifest } = this.source;
    const stop = (): void => this.stopped.abort();
    options.signal?.addEventListener("abort", stop, { once: true });
    if (options.signal?.aborted) stop();
    try {
      // A failure of either ends the other: no weights are fetched for a device that cannot run the kernels.
      const [kernels, weights] = [this.kernels(choices), this.weights()];
      kernels.catch(stop);
      const [{ variants, known }, buffers] = await Promise.all([kernels, weights]).catch(
        async (error: unknown) => {
          stop();
          await Promise.allSettled([kernels, weights]);
          throw error;
        },
      );
      const compile = (name: string, variant: Variant): Promise<CompiledKernel> =>
        this.compile(name, variant);
      const programs = new ProgramSet({ device, manifest, plan, variants, pipelines, buffers, compile });
      await this.prepare(programs, known);
      device.check();
      return new GpuExecutor(device, manifest, buffers, programs);
    } finally {
      options.signal?.removeEventListener("abort", stop);
    }
  }

  /** Make the programs ready: all of them, or, where they are `known` to work, those of the first answer. */
  private async prepare(programs: ProgramSet, known: boolean): Promise<void> {
    const { roles } = this.options;
    const inOrder = async (wanted: readonly Role[]): Promise<void> => {
      for (const role of wanted) await programs.prepare(role);
    };
    await inOrder(roles.filter((role) => FIRST_ROLES.includes(role)));
    const rest = (): Promise<void> => inOrder(roles.filter((role) => !FIRST_ROLES.includes(role)));
    if (!known) return rest();
    // A caller that needs a role sooner gets it at once, and the error where that fails.
    setTimeout(() => void rest().catch(() => undefined), PAUSE_MS);
  }

  /**
   * Choose the variants to run. On a first visit all are compiled and their golden tiles run. Where that
   * succeeded before, only the kernels of the first answer are compiled now, and the others while people
   * read.
   */
  private async kernels(
    choices: Choices,
  ): Promise<{ variants: ReadonlyMap<string, Variant>; known: boolean }> {
    const { device, options, source, pipelines } = this;
    const compile = (name: string, variant: Variant): Promise<CompiledKernel> => this.compile(name, variant);
    const records = options.checks;
    if (!records)
      return { variants: preferred(await usableVariants(choices, compile, options.onKernel)), known: false };
    const job: CheckJob = { device, source, choices, records, events: options, pipelines, compile };
    const variants = await knownVariants(job);
    if (variants) {
      await this.compileAll(this.ofFirstRoles(variants));
      return { variants, known: true };
    }
    const usable = await usableVariants(choices, compile, options.onKernel);
    return { variants: await checkedVariants(job, usable), known: false };
  }

  private ofFirstRoles(variants: ReadonlyMap<string, Variant>): Map<string, Variant> {
    const { programs } = this.source.manifest;
    const names = [...this.plan.programs.keys()];
    const first = names.filter((name) => FIRST_ROLES.includes(programs.get(name)?.role ?? "score"));
    const kernels = kernelsOf(this.plan, first);
    return new Map([...variants].filter(([name]) => kernels.includes(name)));
  }

  private async compileAll(variants: Map<string, Variant>): Promise<Map<string, Variant>> {
    let done = 0;
    const all = [...variants].map(async ([name, variant]) => {
      await this.compile(name, variant);
      done += 1;
      this.options.onKernel?.(done, variants.size);
    });
    await Promise.all(all);
    return variants;
  }

  private async compile(name: string, variant: Variant): Promise<CompiledKernel> {
    const kernel = this.source.manifest.kernels.get(name);
    if (!kernel) throw new KernelcError("internal", `there is no kernel ${name}`);
    const source: KernelSource = { name, kernel, variant, text: await this.text(variant) };
    checkPurpose(this.source.manifest, name, kernel, variant, source.text);
    return this.pipelines.compile(source);
  }

  private text(variant: Variant): Promise<string> {
    const { file } = variant;
    let text = this.texts.get(file);
    if (!text) {
      text = this.source.file(file, variant).then((data) => new TextDecoder().decode(data));
      text.catch(() => this.texts.delete(file)); // the network may be back when it is asked for again
      this.texts.set(file, text);
    }
    return text;
  }

  /** Allocate all buffers and fill those of the weights, shard by shard. At most two shards are in memory. */
  private async weights(): Promise<Map<string, GPUBuffer>> {
    const { device, plan, options, source } = this;
    const { queue } = device.gpu;
    const buffers = await allocate(device, plan);
    const write = (name: string, offset: number, data: Uint8Array<ArrayBuffer>): void => {
      const buffer = buffers.get(name);
      if (buffer) queue.writeBuffer(buffer, offset, data);
    };
    const writer = new WeightWriter(write, placements(source.manifest, plan));
    const sink = async (index: number, data: Uint8Array<ArrayBuffer>): Promise<void> => {
      writer.put(index, data);
      await queue.onSubmittedWorkDone(); // frees the copies that the writes made
      device.check();
    };
    const { signal } = this.stopped;
    await source.shards.stream(sink, { signal, onProgress: options.onWeights, onNotice: options.onNotice });
    return buffers;
  }
}

function preferred(choices: Choices): Map<string, Variant> {
  const first = new Map<string, Variant>();
  for (const [name, [variant]] of choices) if (variant) first.set(name, variant);
  return first;
}
