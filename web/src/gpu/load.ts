/** An artifact onto a device: kernels compiled and checked, weights streamed into buffers, dispatches bound. */

import { aborted, KernelcError } from "../artifact/errors.js";
import type { FileEntry, Manifest, Role, Variant } from "../artifact/schema.js";
import { checkedVariants, type CheckRecords } from "../engine/selfcheck.js";
import type { Notice, ShardSource } from "../weights/load.js";
import type { LoadProgress } from "../weights/progress.js";
import { allocate, placements, WeightWriter } from "./buffers.js";
import { Device, openAdapter, type Adapter, type DeviceOptions } from "./device.js";
import { checkLimits, chooseVariants, needsOf, requiredLimits, type Choices } from "./limits.js";
import { planLoad, type LoadPlan } from "./loadPlan.js";
import { Pipelines, type KernelSource } from "./pipelines.js";
import { GpuExecutor, makeLaunches } from "./program.js";

/** Where an artifact comes from; `id` is the sha256 of its manifest. */
export interface ArtifactSource {
  readonly id: string;
  readonly manifest: Manifest;
  file(name: string, spec: { readonly sha256: string; readonly bytes?: number }): Promise<Uint8Array<ArrayBuffer>>;
  readonly shards: ShardSource;
}

/** Who hears of loading. */
export interface LoadEvents {
  readonly onKernel?: ((done: number, total: number) => void) | undefined;
  readonly onWeights?: ((progress: LoadProgress) => void) | undefined;
  readonly onNotice?: ((notice: Notice) => void) | undefined;
  readonly onCheck?: ((done: number, total: number) => void) | undefined;
}

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
 * @throws KernelcError: no adapter, limits, out of memory, a damaged file, a kernel refused or wrong, "aborted".
 */
export async function loadArtifact(source: ArtifactSource, options: LoadOptions): Promise<GpuExecutor> {
  const { manifest } = source;
  const plan = planLoad(manifest, options.context, options.roles);
  const adapter = await openAdapter(options);
  const choices = chooseVariants(manifest, plan.kernels, adapter.capabilities);
  const needs = needsOf(manifest, plan, choices);
  checkLimits(plan, needs, adapter.capabilities);
  const device = await Device.open(adapter, requiredLimits(needs));
  try {
    return await new Loading(source, options, plan, device).run(choices);
  } catch (error) {
    const explained = error instanceof KernelcError ? error : await device.explain(error, "loading");
    device.destroy();
    throw options.signal?.aborted ? aborted(options.signal.reason) : explained;
  }
}

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
    this.pipelines = new Pipelines(device);
  }

  async run(choices: Choices): Promise<GpuExecutor> {
    const { device, plan, options } = this;
    const { manifest } = this.source;
    const stop = (): void => this.stopped.abort();
    options.signal?.addEventListener("abort", stop, { once: true });
    if (options.signal?.aborted) stop();
    try {
      // Whichever fails first ends the other: no weights are fetched for a device that cannot run the kernels.
      const variants = this.kernels(choices);
      const buffers = this.weights();
      variants.catch(stop);
      const [[chosen, compiled], filled] = await Promise.all([variants, buffers]).catch(async (error: unknown) => {
        stop();
        await Promise.allSettled([variants, buffers]);
        throw error;
      });
      const programs = await makeLaunches(device, manifest, plan, chosen, this.pipelines, compiled, filled);
      device.check();
      return new GpuExecutor(device, manifest, filled, programs, this.pipelines.count);
    } finally {
      options.signal?.removeEventListener("abort", stop);
    }
  }

  /** Compile the preferred variant of every kernel, or where golden tiles say that it is wrong, the next one. */
  private async kernels(choices: Choices): Promise<[Map<string, Variant>, Map<string, GPUComputePipeline>]> {
    const { device, options, source } = this;
    const chosen = await this.compileAll(preferred(choices));
    if (!options.checks || !source.manifest.checks) return chosen;
    const compile = (name: string, variant: Variant): Promise<GPUComputePipeline> => this.compile(name, variant);
    const variants = await checkedVariants({ device, source, choices, records: options.checks, events: options,
      pipelines: this.pipelines, compile });
    return this.compileAll(variants); // what is compiled already is taken from there
  }

  private async compileAll(
    variants: Map<string, Variant>,
  ): Promise<[Map<string, Variant>, Map<string, GPUComputePipeline>]> {
    let done = 0;
    const compiled = new Map<string, GPUComputePipeline>();
    const all = [...variants].map(async ([name, variant]) => {
      compiled.set(name, await this.compile(name, variant));
      done += 1;
      this.options.onKernel?.(done, variants.size);
    });
    await Promise.all(all);
    return [variants, compiled];
  }

  private async compile(name: string, variant: Variant): Promise<GPUComputePipeline> {
    const kernel = this.source.manifest.kernels.get(name);
    if (!kernel) throw new KernelcError("internal", `there is no kernel ${name}`);
    const source: KernelSource = { name, kernel, variant, text: await this.text(variant) };
    return this.pipelines.compile(source);
  }

  private text({ file, sha256 }: Variant): Promise<string> {
    let text = this.texts.get(file);
    if (!text) {
      text = this.source.file(file, { sha256 }).then((data) => new TextDecoder().decode(data));
      this.texts.set(file, text);
    }
    return text;
  }

  /** Allocate all buffers, and fill those of the weights shard by shard; two shards at most are in memory. */
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
      await queue.onSubmittedWorkDone(); // the copies that the writes made are freed
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

export type { Adapter, FileEntry };
