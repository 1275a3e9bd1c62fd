/** Loads an artifact on the processor: compiles and checks its module, streams weights into the memory. */

import { aborted, KernelcError } from "../artifact/errors.js";
import type { Manifest, Role, Variant } from "../artifact/schema.js";
import { placements, WeightWriter } from "../gpu/buffers.js";
import type { AdapterCard } from "../gpu/card.js";
import { planLoad, type LoadPlan } from "../gpu/loadPlan.js";
import type { CheckRecords } from "../gpu/selfcheck.js";
import type { ArtifactSource, LoadEvents } from "../gpu/source.js";
import { WasmExecutor } from "./executor.js";
import { Tiles } from "./golden.js";
import { Layout } from "./launches.js";
import { compileModule, instantiate, type KernelModule } from "./module.js";
import { features, hasWasm, MOST_BYTES, requireWasm, usableThreads } from "./support.js";
import { Threads } from "./threads.js";

export interface WasmLoadOptions extends LoadEvents {
  readonly context: number;
  readonly roles: readonly Role[];
  readonly signal?: AbortSignal | undefined;
  /** Where results of golden tiles are remembered; null leaves them out. */
  readonly checks: CheckRecords | null;
  /** The most threads to use; by default one for each core, where the page is isolated. */
  readonly threads?: number | undefined;
}

const TARGET = "wasm";

/** Whether an artifact brings WebAssembly for every kernel. */
export function hasModules(manifest: Manifest): boolean {
  const kernels = [...manifest.kernels.values()];
  return kernels.every((kernel) => kernel.variants.some((variant) => variant.target === TARGET));
}

/** The processor as it is shown to people and programs. */
export function processorCard(threads: number): AdapterCard {
  const words = `the processor (WebAssembly, ${threads} thread${threads > 1 ? "s" : ""})`;
  return { name: words, vendor: "", architecture: "wasm32", fallback: false, features: [...features()],
    languageFeatures: [], limits: {} };
}

/** For stacks, the module's own data and what launches point to. */
const BESIDES_BYTES = 64 * 2 ** 20;

/** Why the processor cannot hold a model, in words; empty where it can. */
export function tooLarge(manifest: Manifest, plan: LoadPlan): string[] {
  if (!hasModules(manifest)) return [noModules(manifest).message];
  if (!hasWasm()) return ["this browser has no WebAssembly with vectors of 128 bits"];
  const bytes = [...plan.buffers.values()].reduce((sum, size) => sum + size, 0) + BESIDES_BYTES;
  if (bytes <= MOST_BYTES) return [];
  const sizes =
    `about ${bytes.toLocaleString("en")} bytes; WebAssembly has ${MOST_BYTES.toLocaleString("en")}`;
  return [`on the processor it takes ${sizes}`];
}

/**
 * Load the artifact.
 *
 * @throws KernelcError: "bad-artifact", "limits", "out-of-memory", a damaged file, "self-check", "aborted".
 */
export async function loadOnProcessor(
  source: ArtifactSource,
  options: WasmLoadOptions,
): Promise<WasmExecutor> {
  requireWasm();
  const most = Math.min(usableThreads(), options.threads ?? Infinity);
  const plan = planLoad(source.manifest, options.context, options.roles);
  const { module, variants } = await chosenModule(source, options, plan, most > 1);
  const layout = new Layout(source.manifest, plan, variants, module, most);
  const own = await instantiate(module, layout.memory, layout.stackEnds[0] ?? 0, layout.entries);
  const pool = new Threads(own, module.shared);
  try {
    const { memory, entries } = layout;
    const starting = pool.start({ module, memory, entries }, layout.stackEnds.slice(1));
    const [alone] = await Promise.all([starting, write(source, options, plan, layout)]);
    const message = `The model runs on one thread alone, which is slower: ${alone}.`;
    if (alone !== null) options.onNotice?.({ code: "one-thread", message });
  } catch (error) {
    pool.end();
    throw options.signal?.aborted ? aborted(options.signal.reason) : error;
  }
  return new WasmExecutor(
    processorCard(pool.count),
    [...features()],
    layout,
    pool,
    variants,
    source.manifest,
  );
}

/** A more demanding module is taken where it takes at most this part of the time. */
const PAYS = 0.8;

type Variants = ReadonlyMap<string, Variant>;

interface Chosen {
  readonly module: KernelModule;
  readonly variants: Variants;
}

/**
 * Of the modules that this browser runs and that compute what they should, the one that is faster here. Which
 * it is depends on the processor: relaxed vectors pay on one that has their instructions, and cost on others.
 * What was found is remembered. Without golden tiles the first is taken.
 */
async function chosenModule(
  source: ArtifactSource,
  options: WasmLoadOptions,
  plan: LoadPlan,
  shared: boolean,
): Promise<Chosen> {
  const { manifest } = source;
  const choices = modulesOf(manifest, plan);
  const [first] = choices;
  if (!first) throw noModules(manifest);
  const compile = async (variants: Variants): Promise<Chosen> => {
    const [variant] = variants.values();
    if (!variant) throw noModules(manifest);
    return {
      variants,
      module: await compileModule(await source.file(variant.file, variant), variant.file, shared),
    };
  };
  options.onKernel?.(0, 1);
  const { checks } = options;
  const record = recordKey(source, choices);
  const found = checks ? await checks.get(record) : null;
  const known = choices.find((each) => fileOf(each) === found);
  const data =
    checks && manifest.checks && !known ? await source.file(manifest.checks.file, manifest.checks) : null;
  const chosen = data
    ? await fastest(source, options, choices, compile, data)
    : await compile(known ?? first);
  if (data) await checks?.put(record, fileOf(chosen.variants));
  options.onKernel?.(1, 1);
  return chosen;
}

/** @throws KernelcError "self-check" where no module computes what it should. */
async function fastest(
  { manifest }: ArtifactSource,
  { onCheck, onNotice }: WasmLoadOptions,
  choices: readonly Variants[],
  compile: (variants: Variants) => Promise<Chosen>,
  data: Uint8Array<ArrayBuffer>,
): Promise<Chosen> {
  const right: { readonly chosen: Chosen; readonly milliseconds: number }[] = [];
  const failed: string[] = [];
  for (const variants of choices) {
    const chosen = await compile(variants);
    const tiles = await Tiles.open(manifest, chosen.module, variants, data);
    const [wrong] = await tiles.wrong(onCheck);
    if (wrong === undefined)
      right.push({ chosen, milliseconds: choices.length > 1 ? await tiles.milliseconds() : 0 });
    else failed.push(`kernel ${wrong} (${fileOf(variants)})`);
  }
  // The least demanding comes last. Others do not pay for a hair's breadth: only some of the kernels are
  // timed.
  const best = right.reduceRight<(typeof right)[number] | undefined>(
    (known, each) => (known && each.milliseconds > PAYS * known.milliseconds ? known : each),
    undefined,
  );
  if (!best) {
    const help = "update the browser, or use another device: answers would be nonsense here";
    const message = `${failed[0]} computes something else than it should on this processor`;
    throw new KernelcError("self-check", message, { help });
  }
  for (const kernel of failed) {
    const message = `${kernel} does not work as it should on this processor; other kernels are used.`;
    onNotice?.({ code: "variant-dropped", message });
  }
  return best.chosen;
}

function fileOf(variants: Variants): string {
  return [...variants.values()][0]?.file ?? "";
}

/** The key of a record: a new artifact or browser is checked again. */
function recordKey({ id }: ArtifactSource, choices: readonly Variants[]): string {
  const kernels = [...(choices[0]?.keys() ?? [])];
  return JSON.stringify(["wasm", id, globalThis.navigator?.userAgent ?? "", choices.map(fileOf), kernels]);
}

/** For each module that has all kernels of the plan and that this browser can run, its variants by kernel. */
function modulesOf(manifest: Manifest, plan: LoadPlan): Variants[] {
  const has = features();
  const usable = ({ target, requires }: Variant): boolean =>
    target === TARGET && requires.features.every((name) => has.has(name));
  const variants = plan.kernels.map((name) => manifest.kernels.get(name)?.variants.filter(usable) ?? []);
  const files = [...new Set(variants.flat().map((variant) => variant.file))];
  return files
    .map((file) => new Map(plan.kernels.flatMap((name, index): [string, Variant][] => {
      const found = variants[index]?.find((variant) => variant.file === file);
      return found ? [[name, found]] : [];
    })))
    .filter((found) => found.size === plan.kernels.length);
}

/**
 * A variant of each module that a first load fetches: with golden tiles all are tried, else the first is
 * taken.
 */
export function fetchedModules(manifest: Manifest, plan: LoadPlan): Variant[] {
  const choices = modulesOf(manifest, plan);
  return (manifest.checks ? choices : choices.slice(0, 1)).flatMap((variants) =>
    [...variants.values()].slice(0, 1),
  );
}

function noModules(manifest: Manifest): KernelcError {
  const message =
    `${manifest.name} was built for ${manifest.target}, and brings no WebAssembly for the processor`;
  return new KernelcError("bad-artifact", message, { help: "build it with --target wgsl+wasm" });
}

/** Fill the buffers of the weights, shard by shard. */
async function write(
  { manifest, shards }: ArtifactSource,
  { signal, onWeights, onNotice }: WasmLoadOptions,
  plan: LoadPlan,
  layout: Layout,
): Promise<void> {
  const put = (name: string, offset: number, data: Uint8Array<ArrayBuffer>): void =>
    layout.bytes(name, offset, data.length).set(data);
  const writer = new WeightWriter(put, placements(manifest, plan));
  const sink = async (index: number, data: Uint8Array<ArrayBuffer>): Promise<void> => writer.put(index, data);
  await shards.stream(sink, { signal, onProgress: onWeights, onNotice });
}
