/** On what an artifact runs: a graphics device, or the processor where there is none that serves. */

import { KernelcError, throwIfAborted } from "../../artifact/errors.js";
import type { Manifest } from "../../artifact/schema.js";
import type { LoadedExecutor } from "../../gpu/executor.js";
import { openAdapter, type Adapter } from "../../gpu/device.js";
import { loadArtifact, type LoadOptions } from "../../gpu/load.js";
import type { ArtifactSource } from "../../gpu/source.js";
import { hasModules, loadOnProcessor } from "../../wasm/load.js";
import { hasWasm } from "../../wasm/support.js";
import type { DeviceChoice } from "../api.js";

/** Errors of a graphics device that the processor does not have. */
const OF_DEVICE = ["no-webgpu", "no-adapter", "limits", "self-check"];

/** Whether `choice` leaves it to the processor to run this artifact where no graphics device can. */
export function mayCompute(manifest: Manifest, choice: DeviceChoice): boolean {
  return choice !== "webgpu" && hasModules(manifest) && hasWasm();
}

/**
 * Why the processor is taken before a graphics device is tried: a sentence, or null where one is to be tried.
 */
export async function whyNotGraphics(
  choice: DeviceChoice,
  adapter: () => Promise<Adapter>,
): Promise<string | null> {
  if (choice === "wasm") return "The processor was asked for.";
  try {
    const { card } = await adapter();
    return card.fallback ? `The graphics adapter (${card.name}) is only imitated by software.` : null;
  } catch (error) {
    return sentence(KernelcError.from(error));
  }
}

/** Options of both kinds of devices. */
export interface OpenOptions extends LoadOptions {
  readonly device: DeviceChoice;
  readonly threads?: number | undefined;
}

/** Where an artifact was loaded, and on which kind of device. */
export interface OpenedDevice {
  readonly executor: LoadedExecutor;
  readonly device: "webgpu" | "wasm";
}

/**
 * Load an artifact on a graphics device; on the processor where `device` says so, or where it is "auto",
 * there is no such device, or only an imitated one, or it is refused, and the artifact has kernels for the
 * processor.
 *
 * @throws KernelcError as `loadArtifact` and `loadOnProcessor`.
 */
export async function openDevice(source: ArtifactSource, options: OpenOptions): Promise<OpenedDevice> {
  const { device } = options;
  if (device === "wasm") return { executor: await loadOnProcessor(source, options), device };
  if (!mayCompute(source.manifest, device))
    return { executor: await loadArtifact(source, options), device: "webgpu" };
  let why = await whyNotGraphics(device, () => openAdapter(options));
  if (why === null) {
    try {
      return { executor: await loadArtifact(source, options), device: "webgpu" };
    } catch (error) {
      throwIfAborted(options.signal);
      if (!(error instanceof KernelcError) || !OF_DEVICE.includes(error.code)) throw error;
      why = sentence(error);
    }
  }
  const executor = await loadOnProcessor(source, options);
  const message = `${why} The model runs on ${executor.card.name} instead.`;
  options.onNotice?.({ code: "on-processor", message });
  return { executor, device: "wasm" };
}

function sentence({ message }: KernelcError): string {
  const first = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
