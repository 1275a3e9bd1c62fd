/** An adapter and its device: what they can do, how they are lost, and their errors as KernelcErrors. */

import { KernelcError } from "../artifact/errors.js";
import type { AdapterCard } from "./card.js";
import { callable, LANGUAGE_FEATURE, MOST_BYTES } from "./immediates.js";
import { GUARANTEED_LIMITS, LIMIT_NAMES, type Capabilities, type LimitName, type Limits } from "./limits.js";

/** The features that variants may require, and their names in WebGPU. */
const FEATURES: ReadonlyMap<string, GPUFeatureName> = new Map([
  ["f16", "shader-f16"],
  ["subgroups", "subgroups"],
]);
/** Matrix multiplication by a whole subgroup: see `tiles`. */
const MATRICES = "chromium-experimental-subgroup-matrix";
const DOT4 = "packed_4x8_integer_dot_product";
const LOSS_TELLS_WITHIN_MS = 1000;

/** Which limits and features may be used; see `EngineOptions`. */
export interface DeviceOptions {
  readonly limits?: "default" | "adapter" | undefined;
  readonly features?: "all" | "none" | undefined;
  /** Whether to pass the step block as immediates, where the device has them. */
  readonly immediates?: boolean | undefined;
}

/** An adapter, its description, and what may be asked of its device. */
export interface Adapter {
  readonly gpu: GPUAdapter;
  readonly card: AdapterCard;
  readonly capabilities: Capabilities;
}

/**
 * The fastest adapter of this browser.
 *
 * @throws KernelcError "no-webgpu" or "no-adapter", saying what to do.
 */
export async function openAdapter(options: DeviceOptions = {}): Promise<Adapter> {
  const gpu = webgpu();
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    const help =
      "update the browser and the graphics driver, switch hardware acceleration on, or try another device";
    throw new KernelcError("no-adapter", "this browser has WebGPU, but offers no graphics adapter to it", {
      help,
    });
  }
  const card = describe(adapter, gpu);
  return { gpu: adapter, card, capabilities: capabilitiesOf(adapter, card, options) };
}

function webgpu(): GPU {
  const found = (globalThis.navigator as Partial<Navigator> | undefined)?.gpu;
  if (found) return found;
  const secure = globalThis.isSecureContext !== false;
  const message = secure ? "this browser has no WebGPU" : "WebGPU needs a secure page, and this one is not";
  const help = secure
    ? "use a current Chrome, Edge, Safari or Firefox; on Linux, WebGPU may have to be switched on in the " +
      "settings"
    : "open the page over https, or from localhost";
  throw new KernelcError("no-webgpu", message, { help });
}

function describe(adapter: GPUAdapter, gpu: GPU): AdapterCard {
  const { vendor = "", architecture = "", device, description, isFallbackAdapter } = infoOf(adapter);
  const parts = [...new Set([description || device || vendor, architecture])].filter((part) => part);
  const features = [...FEATURES].filter(([, theirs]) => adapter.features.has(theirs)).map(([ours]) => ours);
  const languageFeatures = [...((gpu as Partial<GPU>).wgslLanguageFeatures ?? [])].sort();
  if (languageFeatures.includes(DOT4)) features.push("dot4");
  if (languageFeatures.includes(LANGUAGE_FEATURE) && immediateBytes(adapter) >= MOST_BYTES)
    features.push("immediates");
  features.push(...tiles(adapter));
  return {
    name: parts.join(", ") || "an unnamed adapter",
    vendor,
    architecture,
    fallback: isFallbackAdapter === true,
    features,
    languageFeatures,
    limits: limitsOf(adapter.limits),
  };
}

function immediateBytes({ limits }: GPUAdapter): number {
  return callable() ? ((limits as Partial<GPUSupportedLimits>).maxImmediateSize ?? 0) : 0;
}

/** Older browsers lack some of it, or all. */
function infoOf(adapter: GPUAdapter): Partial<GPUAdapterInfo> {
  return (adapter as Partial<GPUAdapter>).info ?? {};
}

/**
 * A matrix multiplication that an adapter offers: [M, K] times [K, N]. @webgpu/types lacks it: Chrome alone
 * has it.
 */
interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/**
 * Our names for what matrix units multiply, such as "tile_f16_16x16x16". Sums have 32 bits.
 *
 * Source: Dawn, docs/dawn/features/subgroup_matrix.md.
 */
function tiles(adapter: GPUAdapter): string[] {
  const needed = [MATRICES, "subgroups"].every((name) => adapter.features.has(name));
  const configs = (infoOf(adapter) as { subgroupMatrixConfigs?: Iterable<MatrixConfig> })
    .subgroupMatrixConfigs;
  if (!needed || !configs) return [];
  const sums = new Map([["f16", "f32"], ["i8", "i32"]]);
  const usable = [...configs].filter((each) => sums.get(each.componentType) === each.resultComponentType);
  const halves = adapter.features.has("shader-f16");
  const names = usable
    .filter(({ componentType }) => halves || componentType !== "f16")
    .map(({ componentType, M, N, K }) => `tile_${componentType}_${M}x${N}x${K}`);
  return [...new Set(names)].sort();
}

function limitsOf(limits: GPUSupportedLimits): Limits {
  return Object.fromEntries(LIMIT_NAMES.map((name) => [name, limits[name]])) as Record<LimitName, number>;
}

function capabilitiesOf(adapter: GPUAdapter, card: AdapterCard, options: DeviceOptions): Capabilities {
  const { subgroupMinSize: least, subgroupMaxSize: most } = infoOf(adapter);
  const size = least !== undefined && least === most ? least : null;
  // A language feature belongs to the browser, not to the adapter, and cannot be switched off.
  const allowed = card.features.filter((name) => options.features !== "none" || name === "dot4");
  const features = new Set(allowed.filter((name) => options.immediates === true || name !== "immediates"));
  // An adapter may allow a finer alignment, but a device does so only on request, and we do not request it.
  const limits = { ...limitsOf(adapter.limits), minStorageBufferOffsetAlignment: 256 };
  return {
    name: card.name,
    features,
    subgroupSize: features.has("subgroups") ? size : null,
    limits: options.limits === "default" ? GUARANTEED_LIMITS : limits,
  };
}

/** An open device. */
export class Device {
  readonly gpu: GPUDevice;
  readonly adapter: Adapter;
  /** Set once the device is gone, by `destroy` too. */
  lost: GPUDeviceLostInfo | null = null;
  private failure: KernelcError | null = null;

  private constructor(gpu: GPUDevice, adapter: Adapter) {
    this.gpu = gpu;
    this.adapter = adapter;
    void gpu.lost.then((info) => {
      this.lost = info;
    });
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.failure ??= inOurWords("working", event.error);
    });
  }

  /**
   * Open a device with these limits beyond the guaranteed ones, the features that variants may use, and
   * `more`, which the adapter must have.
   *
   * @throws KernelcError "no-adapter" where the browser refuses.
   */
  static async open(
    adapter: Adapter,
    requiredLimits: Partial<Record<LimitName, number>>,
    more: readonly GPUFeatureName[] = [],
  ): Promise<Device> {
    const wanted = [...FEATURES].filter(([ours]) => adapter.capabilities.features.has(ours));
    const requiredFeatures = [...wanted.map(([, theirs]) => theirs), ...more];
    const matrices = [...adapter.capabilities.features].some((name) => name.startsWith("tile_"));
    // Only Chrome has it, and @webgpu/types does not.
    if (matrices) requiredFeatures.push(MATRICES as GPUFeatureName);
    try {
      const gpu = await adapter.gpu.requestDevice({ label: "kernelc", requiredFeatures, requiredLimits });
      return new Device(gpu, adapter);
    } catch (error) {
      const message = `${adapter.card.name} gives no device: ${error instanceof Error ? error.message : ""}`;
      throw new KernelcError("no-adapter", message, {
        help: "reload the page, or restart the browser",
        cause: error,
      });
    }
  }

  /** @throws "device-lost", or the first error since the last check that no call waited for. */
  check(): void {
    if (this.lost) throw this.lossError();
    const failure = this.failure;
    this.failure = null;
    if (failure) throw failure;
  }

  /** Run `make` and wait until the device confirms that it succeeded. @throws KernelcError. */
  async scoped<T>(doing: string, make: () => T): Promise<T> {
    this.gpu.pushErrorScope("validation");
    this.gpu.pushErrorScope("out-of-memory");
    let made: T;
    let error: GPUError | null;
    try {
      made = make();
    } finally {
      const scopes = [this.gpu.popErrorScope(), this.gpu.popErrorScope()];
      const found = await Promise.all(scopes.map((scope) => scope.catch(() => null)));
      error = found.find((each) => each !== null) ?? null;
    }
    if (error) throw inOurWords(doing, error);
    if (this.lost) throw this.lossError();
    return made;
  }

  /** An error of a WebGPU call as a KernelcError: "device-lost" where the device was lost meanwhile. */
  async explain(error: unknown, doing: string): Promise<KernelcError> {
    if (error instanceof KernelcError) return error;
    if (!this.lost) {
      const later = new Promise<void>((resolve) => setTimeout(resolve, LOSS_TELLS_WITHIN_MS));
      await Promise.race([this.gpu.lost, later]);
    }
    if (this.lost) return this.lossError();
    const failure = this.failure;
    this.failure = null;
    if (failure) return failure;
    const message = error instanceof Error ? error.message : String(error);
    return new KernelcError("internal", `${doing} failed: ${message}`, { cause: error });
  }

  private lossError(): KernelcError {
    const why = this.lost?.message || this.lost?.reason || "no reason given";
    const help = "reload the page; another program may have taken the graphics memory";
    return new KernelcError("device-lost", `the graphics device was lost: ${why}`, { help });
  }

  /** Release everything on the device. */
  destroy(): void {
    this.gpu.destroy();
  }
}

function inOurWords(doing: string, error: GPUError): KernelcError {
  if (error instanceof GPUOutOfMemoryError) {
    const help =
      "close other tabs and programs that use graphics memory, take a shorter context or a smaller model";
    return new KernelcError("out-of-memory", `the device is out of memory while ${doing}`, {
      help,
      cause: error,
    });
  }
  return new KernelcError("internal", `${doing} failed: ${error.message}`, { cause: error });
}
